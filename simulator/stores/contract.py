"""What processes share: one versioned token record, and a lock that lapses by itself.

Two small protocols, because a strategy without a lock needs only the first. Every store passes one
behaviour suite (``tests/test_stores.py``). Nothing here knows what a token is for.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from simulator.clock import Ticks
from simulator.token import Token


@dataclass(frozen=True, slots=True)
class Record:
    """The shared token and the number of writes that led to it (the first write makes 1)."""

    token: Token
    version: int


Snapshot = Callable[[], Record | None]
"""Returns at once, with no I/O, what ``TokenStore.read`` would; few stores can."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The exclusive right that ``holder`` has until ``lapses_at``, on the store's clock.

    ``fencing_token`` rises with every lease granted, so that a later holder can be told from an
    earlier one.
    """

    holder: str
    fencing_token: int
    lapses_at: Ticks


class StoreUnavailable(Exception):  # noqa: N818
    """The store did not answer. Whether a write took effect is unknown."""


class TokenStore(Protocol):
    """One shared record."""

    async def read(self) -> Record | None:
        """Return the record, or None before the first write.

        Raises:
            StoreUnavailable: no answer.
        """
        ...

    async def write(self, token: Token, *, expected_version: int | None = None) -> bool:
        """Replace the record; with ``expected_version``, only if that is still its version.

        Version 0 is "no record yet". Returns whether it was written.

        Raises:
            StoreUnavailable: no answer; it may or may not have been written.
        """
        ...


class LeaseStore(Protocol):
    """One shared lock. A lease that has lapsed is nobody's, whether or not it was given back."""

    async def acquire(self, holder: str, ttl: Ticks) -> Lease | None:
        """Take the lease for ``ttl`` ticks if nobody has it; None when somebody does.

        Not re-entrant: to a holder, ``holder`` itself is somebody. ``ttl`` is positive.

        Raises:
            StoreUnavailable: no answer; it may or may not have been granted.
        """
        ...

    async def release(self, lease: Lease) -> bool:
        """Give ``lease`` back if it is still the current one; returns whether it was.

        Raises:
            StoreUnavailable: no answer; it may or may not have been released.
        """
        ...

    async def delete_lease(self) -> None:
        """End the lease, whoever has it. Not safe: a holder that is late ends its successor's.

        Raises:
            StoreUnavailable: no answer; it may or may not have been ended.
        """
        ...


class SharedStore(TokenStore, LeaseStore, Protocol):
    """One shared record and one shared lock, in one place."""
