"""One of several processes that fight for one store. Prints its fencing tokens as JSON.

Says "ready" first and starts when it reads a line, so that all start together.

Arguments: the store's place, pickled, as hex; the counter's file, writes, leases, holds, name.
"""

import asyncio
import json
import pickle
import sys
from pathlib import Path

from tokenrace.clock import MILLISECOND, MINUTE
from tokenrace.machine_clock import MachineClock
from tokenrace.stores.contract import Lease, RowLocks, SharedStore
from tokenrace.stores.places import Place, open_store, prepare_store
from tokenrace.token import Token

CLOCK = MachineClock(0)


async def write_once(store: SharedStore, name: str) -> None:
    """Try until a compare-and-set succeeds."""
    while True:
        record = await store.read()
        version = 0 if record is None else record.version
        if await store.write(Token(name, 0, 1), expected_version=version):
            return


async def granted(store: SharedStore, name: str) -> Lease:
    """Ask every millisecond until the lease is granted: nothing tells when it is given back."""
    while True:
        lease = await store.acquire(name, MINUTE)
        if lease is not None:
            return lease
        await CLOCK.sleep(MILLISECOND)


async def count_once(store: SharedStore, counter: Path, name: str) -> int:
    """Add one to the counter under the lease, and return its fencing token."""
    lease = await granted(store, name)
    count = int(counter.read_text())  # noqa: ASYNC240 - nothing else runs here
    await store.read()  # time for another process to get in between, if it could
    counter.write_text(str(count + 1))  # noqa: ASYNC240
    assert await store.release(lease)
    return lease.fencing_token


async def write_held(locks: RowLocks, name: str) -> None:
    """Write a record over the one read, with no comparison: the lock on it makes that safe."""
    async with locks.hold(MINUTE) as record:
        assert record is not None
        before = await record.read()
        count = 0 if before is None else before.token.expires_at
        assert await record.write(Token(name, 0, count + 1))


async def contend(
    place: Place, counter: Path, writes: int, leases: int, holds: int, name: str
) -> list[int]:
    """Do all of it, and return the fencing tokens."""
    await prepare_store(place)
    async with open_store(place, CLOCK) as store:
        for _ in range(holds):
            assert isinstance(store, RowLocks)
            await write_held(store, name)
        for _ in range(writes):
            await write_once(store, name)
        return [await count_once(store, counter, name) for _ in range(leases)]


if __name__ == "__main__":
    place, counter_file, writes, leases, holds, name = sys.argv[1:]
    print("ready", flush=True)  # noqa: T201
    sys.stdin.readline()
    grants = asyncio.run(
        contend(
            pickle.loads(bytes.fromhex(place)),
            Path(counter_file),
            int(writes),
            int(leases),
            int(holds),
            name,
        )
    )
    print(json.dumps(grants))  # noqa: T201 - read by the test
