"""A store in one JSON file, shared by every process of one machine; what a CLI's token cache is.

* A reader takes no lock: the file is replaced whole, so it finds the old content or the new.
* Whoever changes it takes ``flock`` on a second file first, because a lock on the file itself would
  stay with the content that was replaced. The kernel gives the lock up when its holder dies.
* A lease lapses by the clock the store was opened with. Every process must bring the same time.

The file is small and is read and written on the event loop. Survives the death of a process, not a
power cut: nothing is flushed to the disk. Does not work on a network file system without locks.
"""

import fcntl
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from msgspec import Struct, json
from msgspec.structs import replace

from tokenrace.clock import MILLISECOND, SECOND, Clock, Ticks
from tokenrace.stores.contract import Lease, Record, StoreUnavailable, TokenStore, version_of
from tokenrace.token import Token

BUSY_TIMEOUT: Ticks = 5 * SECOND
"""How long a change waits for the lock, unless told otherwise."""
_LOCK_POLL: Ticks = 5 * MILLISECOND


class _Content(Struct, frozen=True, forbid_unknown_fields=True):
    """``writes`` is how many there were: the version of the record, if there is one."""

    record: Record | None
    writes: int
    lease: Lease | None
    leases_granted: int


_EMPTY = _Content(None, 0, None, 0)


@dataclass(frozen=True, slots=True)
class HostFileStore:
    """One process's way to the file at ``path``; ``open_host_file`` makes it."""

    path: Path
    clock: Clock
    busy_timeout: Ticks

    async def read(self) -> Record | None:
        """Return the record, or None before the first write."""
        return _read(self.path).record

    async def write(self, token: Token | None, *, expected_version: int | None = None) -> bool:
        """Replace the record; with ``expected_version``, only if that is still its version."""
        async with self.to_change() as file:
            return file.write(token, expected_version)

    async def acquire(self, holder: str, ttl: Ticks) -> Lease | None:
        """Take the lease if nobody has it. Looks first: those who wait do not block a writer."""
        assert ttl > 0, ttl
        if _is_held(_read(self.path).lease, self.clock.now()):
            return None
        async with self.to_change() as file:
            return file.acquire(holder, ttl, self.clock.now())

    async def release(self, lease: Lease) -> bool:
        """Give ``lease`` back if it is still the current one."""
        async with self.to_change() as file:
            return file.release(lease, self.clock.now())

    async def delete_lease(self) -> None:
        """End the lease, whoever has it."""
        async with self.to_change() as file:
            file.end_lease()

    @asynccontextmanager
    async def hold(self, wait: Ticks) -> AsyncIterator[TokenStore | None]:
        """Hold the lock that every change needs, for the block."""
        async with self.locked(wait) as file:
            yield None if file is None else _HeldRecord(file)

    def is_leased(self) -> bool:
        """Return whether somebody has the lease now."""
        return _is_held(_read(self.path).lease, self.clock.now())

    @asynccontextmanager
    async def to_change(self) -> AsyncIterator["LockedFile"]:
        """Take the lock for the block.

        Raises:
            StoreUnavailable: somebody else keeps it.
        """
        async with self.locked(self.busy_timeout) as file:
            if file is None:
                raise StoreUnavailable("host file: locked")
            yield file

    @asynccontextmanager
    async def locked(self, wait: Ticks) -> AsyncIterator["LockedFile | None"]:
        """Ask for the lock until ``wait`` is over: ``flock`` itself would wait for ever."""
        give_up_at = self.clock.now() + wait
        with _descriptor(self.path) as descriptor:
            while not _takes_lock(descriptor):
                left = give_up_at - self.clock.now()
                if left <= 0:
                    yield None
                    return
                await self.clock.sleep(min(_LOCK_POLL, left))
            yield LockedFile(self.path)


@asynccontextmanager
async def open_host_file(
    path: Path, clock: Clock, *, busy_timeout: Ticks = BUSY_TIMEOUT
) -> AsyncIterator[HostFileStore]:
    """Open the store in the file at ``path``, which the first write makes.

    Raises:
        StoreUnavailable: the file cannot be read or its folder written, or it is something else.
    """
    _read(path)
    with _descriptor(path):
        pass
    yield HostFileStore(path, clock, busy_timeout)


@dataclass(frozen=True, slots=True)
class LockedFile:
    """The file, while this process has the lock."""

    path: Path

    def write(self, token: Token | None, expected_version: int | None) -> bool:
        """Replace the record, if it has the expected version; None clears it."""
        now = _read(self.path)
        if expected_version not in (None, version_of(now.record)):
            return False
        writes = now.writes + 1
        record = None if token is None else Record(token, writes)
        _replace(self.path, replace(now, record=record, writes=writes))
        return True

    def put_back(self, before: Record | None, after: Record) -> bool:
        """Replace the record ``after``, if it is there, by the one before it."""
        now = _read(self.path)
        if now.record != after:
            return False
        writes = now.writes - 1 if before is None else before.version
        _replace(self.path, replace(now, record=before, writes=writes))
        return True

    def acquire(self, holder: str, ttl: Ticks, at: Ticks) -> Lease | None:
        """Grant the lease, if nobody has it ``at`` that time."""
        now = _read(self.path)
        if _is_held(now.lease, at):
            return None
        lease = Lease(holder, now.leases_granted + 1, at + ttl)
        _replace(self.path, replace(now, lease=lease, leases_granted=lease.fencing_token))
        return lease

    def release(self, lease: Lease, at: Ticks) -> bool:
        """End ``lease``, if it is the current one."""
        if _read(self.path).lease != lease or not _is_held(lease, at):
            return False
        self.end_lease()
        return True

    def end_lease(self) -> None:
        """End the lease, whoever has it."""
        now = _read(self.path)
        _replace(self.path, replace(now, lease=None))


@dataclass(frozen=True, slots=True)
class _HeldRecord:
    """The record as the holder of the lock reads and writes it."""

    file: LockedFile

    async def read(self) -> Record | None:
        return _read(self.file.path).record

    async def write(self, token: Token | None, *, expected_version: int | None = None) -> bool:
        return self.file.write(token, expected_version)


def _is_held(lease: Lease | None, at: Ticks) -> bool:
    return lease is not None and at < lease.lapses_at


def _read(path: Path) -> _Content:
    try:
        return json.decode(path.read_bytes(), type=_Content)
    except FileNotFoundError:
        return _EMPTY
    except OSError as error:
        raise StoreUnavailable(f"host file: {error.strerror}") from error
    except ValueError as error:
        raise StoreUnavailable("host file: it is no token store") from error


def _replace(path: Path, content: _Content) -> None:
    """Write the content beside the file, for its owner's eyes only, and put it in its place."""
    with _unavailable():
        beside = path.with_suffix(".new")
        with open(beside, "wb", opener=_private) as file:
            file.write(json.encode(content))
        beside.replace(path)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


@contextmanager
def _descriptor(path: Path) -> Iterator[int]:
    """Open the file of the lock. One description per block: else workers would share the lock."""
    with _unavailable():
        descriptor = _private(str(path.with_suffix(".lock")), os.O_RDWR | os.O_CREAT)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _takes_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _unavailable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreUnavailable(f"host file: {error.strerror}") from error
