"""What processes share: one versioned token record, and a lock that lapses by itself.

Small protocols, because a strategy without a lock needs only the first, and not every store can
lock its record. Every store passes one behaviour suite (``tests/stores/test_store_contract.py``).
Nothing here knows what a token is for.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from tokenrace.clock import Ticks
from tokenrace.token import Token


@dataclass(frozen=True, slots=True)
class Record:
    """The shared token and the number of writes that led to it (the first write makes 1).

    The writes that cleared it count as well.
    """

    token: Token
    version: int


def version_of(record: Record | None) -> int:
    """Return the version that a writer expects where it has read ``record``."""
    return 0 if record is None else record.version


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


class UnplannedOutage(StoreUnavailable):
    """A real store did not do what it was asked, and no fault of the scenario explains it."""


class TokenStore(Protocol):
    """One shared record."""

    async def read(self) -> Record | None:
        """Return the record; None before the first write, and while it is cleared.

        Raises:
            StoreUnavailable: no answer.
        """
        ...

    async def write(self, token: Token | None, *, expected_version: int | None = None) -> bool:
        """Replace the record; with ``expected_version``, only if that is still its version.

        A ``token`` of None clears the record: the next read finds none. Version 0 is "there is no
        record". Each reader gets a copy of its own. Returns whether it was written.

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


@runtime_checkable
class RowLocks(Protocol):
    """A lock on the record that lasts as long as its holder does. Not every store has it.

    It has no lifetime: a holder that is slow, or stands still, keeps it. It ends with the block, or
    with the holder's process.
    """

    def hold(self, wait: Ticks) -> AbstractAsyncContextManager[TokenStore | None]:
        """Hold the lock for the block; waits at most ``wait`` ticks for it, 0 not at all.

        Yields the record as its holder reads and writes it; None when the wait was in vain. Others
        see what was written by the end of the block, some stores sooner. Where the block raises, or
        the holder dies in it, a store with transactions undoes the write. While it is held, others
        read; their writes wait, or go past a store that locks by agreement only.

        Raises:
            StoreUnavailable: no answer; after a write, it may or may not have been written.
        """
        ...
