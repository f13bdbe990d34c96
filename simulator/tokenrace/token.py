"""An access token as its holder knows it."""

from msgspec import Struct

from tokenrace.clock import Ticks


class Token(Struct, frozen=True, gc=False):
    """A token and what its holder believes of it.

    ``obtained_at`` and ``expires_at`` are on the clock of the process that asked for it; the
    provider may have ended it long before.
    """

    value: str
    obtained_at: Ticks
    expires_at: Ticks

    def __repr__(self) -> str:
        """Show the instants only: the value is a secret."""
        return f"Token(obtained_at={self.obtained_at}, expires_at={self.expires_at})"
