"""One of several processes that fight for one SQLite store. Prints its fencing tokens as JSON.

Says "ready" first and starts when it reads a line, so that all start together.

Arguments: the store's file, the counter's file, writes, leases, name.
"""

import asyncio
import json
import sys
from pathlib import Path

from simulator.clock import MILLISECOND, MINUTE
from simulator.machine_clock import MachineClock
from simulator.stores.contract import Lease
from simulator.stores.sqlite import SqliteStore, open_sqlite
from simulator.token import Token


async def write_once(store: SqliteStore, name: str) -> None:
    """Try until a compare-and-set succeeds."""
    while True:
        record = await store.read()
        version = 0 if record is None else record.version
        if await store.write(Token(name, 0, 1), expected_version=version):
            return


async def granted(store: SqliteStore, name: str) -> Lease:
    """Ask every millisecond until the lease is granted: nothing tells when it is given back."""
    while True:
        lease = await store.acquire(name, MINUTE)
        if lease is not None:
            return lease
        await store.clock.sleep(MILLISECOND)


async def count_once(store: SqliteStore, counter: Path, name: str) -> int:
    """Add one to the counter under the lease, and return its fencing token."""
    lease = await granted(store, name)
    count = int(counter.read_text())  # noqa: ASYNC240 - nothing else runs here
    await store.read()  # time for another process to get in between, if it could
    counter.write_text(str(count + 1))  # noqa: ASYNC240
    assert await store.release(lease)
    return lease.fencing_token


async def contend(path: Path, counter: Path, writes: int, leases: int, name: str) -> list[int]:
    """Do all of it, and return the fencing tokens."""
    async with open_sqlite(path, MachineClock(0)) as store:
        for _ in range(writes):
            await write_once(store, name)
        return [await count_once(store, counter, name) for _ in range(leases)]


if __name__ == "__main__":
    store_file, counter_file, writes, leases, name = sys.argv[1:]
    print("ready", flush=True)  # noqa: T201
    sys.stdin.readline()
    grants = asyncio.run(
        contend(Path(store_file), Path(counter_file), int(writes), int(leases), name)
    )
    print(json.dumps(grants))  # noqa: T201 - read by the test
