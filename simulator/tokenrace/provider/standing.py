"""What has become of an app: its secrets, whether it is active or blocked, its owner's role.

Knows no token. What it says of the app holds for every token of it.
"""

from typing import Literal

from tokenrace.clock import Ticks
from tokenrace.provider.app import App
from tokenrace.trace.events import Cause

_ADMIN = ":admin"


class Standing:
    """The app as it stands. Every change is made by ``Provider.undergo``, but for a block."""

    __slots__ = ("_app", "_old_secrets", "_secret", "is_active", "is_blocked", "owner_lacks")

    def __init__(self, app: App) -> None:
        self._app = app
        self._secret = app.credentials.client_secret
        self._old_secrets: dict[str, Ticks] = {}
        self.is_active = True
        self.is_blocked = False
        self.owner_lacks: Literal["nothing", "scopes", "tokens"] = "nothing"

    @property
    def secret(self) -> str:
        """The newest secret."""
        return self._secret

    def accepts(self, client_id: str | None, secret: str | None, now: Ticks) -> bool:
        """Return whether a client shows itself rightly at ``now``."""
        if client_id != self._app.credentials.client_id or secret is None:
            return False
        return secret == self._secret or now < self._old_secrets.get(secret, 0)

    def rotate(self, new_secret: str, old_until: Ticks, now: Ticks) -> None:
        """Take ``new_secret``; those before work until ``old_until`` at the latest."""
        self._old_secrets = {
            secret: min(until, old_until)
            for secret, until in (*self._old_secrets.items(), (self._secret, old_until))
            if now < min(until, old_until)
        }
        self._secret = new_secret
        self._old_secrets.pop(new_secret, None)
        self.is_blocked = False

    def refusal(self) -> Cause | None:
        """Return why every token is refused; None where the app is in order."""
        if not self.is_active:
            return "app_deactivated"
        if self.is_blocked:
            return "app_blocked"
        return "owner_role" if self.owner_lacks == "tokens" else None

    @property
    def scopes(self) -> tuple[str, ...]:
        """What tokens may do: less when the owner's role has lost its admin scopes."""
        if self.owner_lacks != "scopes":
            return self._app.scopes
        return tuple(scope for scope in self._app.scopes if not scope.endswith(_ADMIN))
