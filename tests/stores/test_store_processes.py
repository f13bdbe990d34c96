"""What separate processes rely on, over every store they can share: none of this shows in one."""

import asyncio
import json
import pickle
import subprocess
import sys
from contextlib import contextmanager

import pytest

from tests.stores.store_kinds import KINDS, Ends, Kind
from tests.stores.store_world import TTL, A
from tokenrace.stores.contract import RowLocks

SHARED = [kind for kind in KINDS if kind.where is not None]
NAMES = ("p0", "p1", "p2")


@pytest.fixture(params=SHARED, ids=lambda kind: kind.name)
def kind(request) -> Kind:
    """Each kind of store that separate processes can share."""
    return request.param


@contextmanager
def processes(module, kind, folder, count, *arguments):
    """Start ``count`` processes that open the store in ``folder``; none outlives the block."""
    place = pickle.dumps(kind.where(folder)).hex()
    command = [sys.executable, "-m", f"tests.stores.{module}", place, *arguments]
    started = [
        subprocess.Popen(
            [*command, *NAMES[number : number + 1]] if count > 1 else command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(count)
    ]
    try:
        yield started
    finally:
        for process in started:
            process.kill()
            process.communicate()


def test_separate_processes_lose_no_write_and_hold_no_lease_together(kind, tmp_path):
    """Three processes open one new store at once. Each writes 15 times under the lock on the record
    (where there is one), makes 25 compare-and-set writes and holds 20 leases.

    So there are 45 + 75 versions, the last write under the lock counts to 45, and there are 60
    fencing tokens. While holding a lease each adds one to a number in a plain file, in two steps:
    two holders at once lose some.
    """
    counter = tmp_path / "counter"
    counter.write_text("0")

    async def locks_its_record() -> bool:
        async with kind.open(tmp_path / "other") as ends:
            return isinstance(ends.one, RowLocks)

    (tmp_path / "other").mkdir()
    found = []
    kind.run(_append(found, locks_its_record()))
    holds = 15 if found[0] else 0
    with processes(
        "store_contender", kind, tmp_path, 3, str(counter), "25", "20", str(holds)
    ) as all_three:
        for process in all_three:
            assert process.stdout.readline() == "ready\n"
        for process in all_three:
            process.stdin.write("go\n")
            process.stdin.flush()
        grants = [json.loads(process.communicate(timeout=60)[0]) for process in all_three]
    assert sorted(grant for each in grants for grant in each) == list(range(1, 61))
    assert counter.read_text() == "60"

    async def story():
        async with kind.open(tmp_path) as ends:
            record = await ends.one.read()
            assert record is not None
            assert record.version == 3 * (holds + 25)

    kind.run(story())


async def _append(found, coroutine):
    found.append(await coroutine)


def test_the_lock_on_the_record_dies_with_its_holder_and_the_lease_does_not(kind, tmp_path):
    """A process is killed by SIGKILL while it holds both, and while another waits for the lock.

    The lock is free at once, and where the store has transactions the write under it never was;
    the lease lapses when its time is over.
    """

    async def story():
        async with kind.open(tmp_path) as ends:
            await ends.one.write(A)
            with processes("store_holder", kind, tmp_path, 1, str(TTL)) as (doomed,):
                assert await asyncio.to_thread(doomed.stdout.readline) == "held\n"
                assert await ends.one.acquire("p1", TTL) is None
                if isinstance(ends.one, RowLocks):
                    await _lock_comes_with_death(ends, doomed)
                else:
                    doomed.kill()
            assert await ends.one.acquire("p1", TTL) is None
            await ends.pass_time(2 * TTL)  # it began while this process waited
            lease = await ends.one.acquire("p1", TTL)
            assert lease is not None
            assert lease.fencing_token == 2
            record = await ends.one.read()
            locks_and_keeps = isinstance(ends.one, RowLocks) and not kind.undoes
            assert record.version == (2 if locks_and_keeps else 1)

    asyncio.run(story())


async def _lock_comes_with_death(ends: Ends, doomed: subprocess.Popen):
    async with ends.one.hold(0) as held:
        assert held is None
    doomed.kill()
    await asyncio.to_thread(doomed.wait)
    async with ends.other.hold(TTL) as held:
        assert held is not None
