"""An access token as its holder knows it."""

import hashlib
from dataclasses import dataclass

from simulator.clock import Ticks


@dataclass(frozen=True, slots=True)
class Token:
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


def fingerprint(value: str) -> str:
    """Return a short name for a token's value that may be written down; it does not reveal it."""
    return hashlib.blake2s(value.encode(), digest_size=6).hexdigest()
