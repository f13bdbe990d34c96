"""The numbers and names a provider is set up with. None of them changes while it runs."""

from dataclasses import dataclass, field

from simulator.clock import SECOND, Ticks
from simulator.provider.scopes import GRANULAR_ADMIN_SCOPES

USER_ID_LENGTH_MAX = 64
CAP_BY_PROFILE: dict[str, int | None] = {"zoom-2022": 1, "zoom-2023": None}
"""How many tokens stay live, by profile; None is no cap. Sources: ``TokenPolicy``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPolicy:
    """How long tokens last and how many may be live at once; at the cap the oldest is evicted.

    ``lifetime`` is one hour at Zoom [documented, s2s-oauth page]; ``live_tokens`` None is no cap.
    Zoom kept one live token until 2023-06-20 [reported, forum thread 72070, confirmed by staff] and
    has stated no cap since [documented, changelog]. A finite cap today, and evicting the oldest
    with a cap above 1, are hypotheses about Zoom; Zoho, Twitch and GitHub document that rule.
    """

    lifetime: Ticks
    live_tokens: int | None
    reported_lifetime: Ticks | None = None
    """What ``expires_in`` says, where that is not the truth; None where it is."""

    def __post_init__(self) -> None:
        if self.lifetime <= 0:
            raise ValueError(f"lifetime must be positive, got {self.lifetime}")
        if self.live_tokens is not None and self.live_tokens < 1:
            raise ValueError(f"live_tokens must be at least 1 or None, got {self.live_tokens}")

    @property
    def expires_in(self) -> int:
        """Whole seconds, rounded down: no client may believe in a token longer than it lives.

        One hour reads 3600 [reported, forum thread 79648]; Zoom's own example says 3599.
        """
        reported = self.reported_lifetime
        return (self.lifetime if reported is None else reported) // SECOND


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
