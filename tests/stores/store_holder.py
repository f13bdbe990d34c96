"""A process that takes the lease and the lock on the record, writes, and waits to be killed.

Says "held" when it holds both, or the lease alone where the store has no such lock.

Arguments: the store's place, pickled, as hex; how long the lease lasts, in ticks.
"""

import asyncio
import pickle
import sys

from tokenrace.machine_clock import MachineClock
from tokenrace.stores.contract import RowLocks
from tokenrace.stores.places import Place, open_store
from tokenrace.token import Token


async def hold_all(place: Place, ttl: int) -> None:
    """Hold on until the end of standard input, which a test never gives."""
    async with open_store(place, MachineClock(0)) as store:
        assert await store.acquire("doomed", ttl) is not None
        if not isinstance(store, RowLocks):
            wait_to_be_killed()
            return
        async with store.hold(0) as record:
            assert record is not None
            await record.write(Token("never committed", 0, 1))
            wait_to_be_killed()


def wait_to_be_killed() -> None:
    """Block, as a process does that is stuck."""
    print("held", flush=True)  # noqa: T201
    sys.stdin.readline()


if __name__ == "__main__":
    place, ttl = sys.argv[1:]
    asyncio.run(hold_all(pickle.loads(bytes.fromhex(place)), int(ttl)))
