"""What can happen to a store in a file of the host."""

from dataclasses import dataclass

from tokenrace.clock import Ticks
from tokenrace.stores.contract import Record
from tokenrace.stores.host_file import HostFileStore


@dataclass(frozen=True, slots=True)
class HostFileMishaps:
    """``store`` is a way of our own to it."""

    store: HostFileStore

    async def answer_nobody(self, span: Ticks) -> None:
        """Hold the lock, and have the file away: readers take no lock, and find a folder there."""
        clock, path = self.store.clock, self.store.path
        over_at = clock.now() + span
        away = path.with_suffix(".away")
        async with self.store.locked(span) as file:
            if file is None:
                return
            if path.exists():
                path.rename(away)
            path.mkdir()
            try:
                await clock.sleep(over_at - clock.now())
            finally:
                path.rmdir()
                if away.exists():
                    away.rename(path)

    async def lose_lock(self) -> bool:
        """End the lease, unless it has lapsed or was given back. The lock on the record is the
        kernel's, which takes it from nobody; and we have to wait for it, so we look first."""
        if not self.store.is_leased():
            return False
        async with self.store.to_change() as file:
            was_leased = self.store.is_leased()
            file.end_lease()
            return was_leased

    async def read(self) -> Record | None:
        """Return the record."""
        return await self.store.read()

    async def put_back(self, before: Record | None, after: Record) -> bool:
        """Write the old record, if the new one is still there."""
        async with self.store.to_change() as file:
            return file.put_back(before, after)
