"""One server-to-server app: who it is, what its tokens may do, whose account it acts on."""

from dataclasses import dataclass, field

from tokenrace.provider.scopes import GRANULAR_ADMIN_SCOPES

USER_ID_LENGTH_MAX = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What an app shows at the token endpoint. The secret stays out of ``repr``."""

    client_id: str
    client_secret: str = field(repr=False)
    account_id: str

    def __post_init__(self) -> None:
        for name in ("client_id", "client_secret", "account_id"):
            if not getattr(self, name):
                raise ValueError(f"{name} must not be empty")
        if ":" in self.client_id:
            raise ValueError("client_id must not contain a colon: Basic auth splits there")


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """Which users the account has: every id that starts with ``prefix``, and ``me``.

    ``me`` is the app's ``owner``: a server-to-server token is the owner's [documented, s2s-oauth
    page]. A rule and not a list, so that a fleet of any size finds its users there.
    """

    owner: str = "user-owner"
    prefix: str = "user-"

    def __post_init__(self) -> None:
        if not self.prefix:
            raise ValueError("prefix must not be empty")
        if self.find(self.owner) is None:
            raise ValueError(f"owner must be a user of the account, got {self.owner!r}")

    def find(self, user_id: str) -> str | None:
        """Return the user that ``user_id`` names, or None when the account has no such user."""
        if user_id == "me":
            return self.owner
        if user_id.startswith(self.prefix) and len(user_id) <= USER_ID_LENGTH_MAX:
            return user_id
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """One server-to-server app: who it is, what its tokens may do, whose account it acts on."""

    credentials: Credentials
    scopes: tuple[str, ...] = GRANULAR_ADMIN_SCOPES
    directory: Directory = Directory()

    def __post_init__(self) -> None:
        if any(not scope or scope.split() != [scope] for scope in self.scopes):
            raise ValueError(f"a scope is one word, got {self.scopes}")
