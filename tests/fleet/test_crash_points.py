"""The ports that tell how far a process has come with its next token."""

from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from tests.simulation.virtual_runs import a_plan
from tokenrace.clock import HOUR, MINUTE
from tokenrace.engine.clocks import LoopClock
from tokenrace.engine.loop import VirtualLoop
from tokenrace.faults.planned import PlannedChange
from tokenrace.faults.schedule import ProviderFaults
from tokenrace.fleet.crash_points import WatchedEndpoint, WatchedStore, watched_locks
from tokenrace.fleet.names import stream_name, worker_name
from tokenrace.provider.lifecycle import RotateSecret
from tokenrace.stores.memory import MemoryStore
from tokenrace.strategies.contract import Denied
from tokenrace.token import Token

TOKEN = Token("1", 0, HOUR)


@dataclass
class Diary:
    """Writes down what it is told, and what the ports do."""

    lines: list[str] = field(default_factory=list)

    def reached(self, point):
        """Learn that the process is at ``point``."""
        self.lines.append(point)

    def has_left(self):
        """Learn that a request is on its way."""
        self.lines.append("has left")


@dataclass
class Answering:
    """A token endpoint that answers after a minute."""

    answer: object
    clock: object
    diary: Diary

    async def issue(self):
        """Ask."""
        self.diary.lines.append("asked")
        await self.clock.sleep(MINUTE)
        self.diary.lines.append("answered")
        return self.answer


def told_of(use) -> list[str]:
    """What is written down while ``use`` runs with a clock and a diary."""
    loop, diary = VirtualLoop(), Diary()
    try:
        loop.run_until_complete(use(LoopClock(loop), diary))
    finally:
        loop.discard()
    return diary.lines


@pytest.mark.parametrize(
    ("answer", "after"),
    [(TOKEN, ["issued_not_stored"]), (Denied(status=429, error=""), [])],
)
def test_a_token_request_is_told_of_before_it_leaves_on_its_way_and_with_its_token(answer, after):
    """A refusal brings nothing that could be stored."""

    async def use(clock, diary):
        await WatchedEndpoint(Answering(answer, clock, diary), diary).issue()

    assert told_of(use) == ["before_issue", "asked", "has left", "answered", *after]


def test_only_a_write_that_took_place_is_stored():
    """The second write expects a version that the first has replaced."""

    async def use(clock, diary):
        store = WatchedStore(MemoryStore(clock), diary)
        assert await store.write(TOKEN, expected_version=0)
        assert not await store.write(TOKEN, expected_version=0)

    assert told_of(use) == ["stored_not_released"]


def test_what_the_holder_of_a_row_lock_writes_is_stored_before_the_lock_is_free():
    """The point is told of within the block."""

    async def use(clock, diary):
        locks = watched_locks(MemoryStore(clock), diary)
        async with locks.hold(0) as record:
            await record.write(TOKEN)
            diary.lines.append("still held")

    assert told_of(use) == ["stored_not_released", "still held"]


def test_a_lock_that_does_not_come_is_passed_on_as_none():
    """And a store without row locks has none to watch."""

    class Taken:
        @asynccontextmanager
        async def hold(self, _):
            yield None

    async def use(_, diary):
        assert watched_locks(None, diary) is None
        async with watched_locks(Taken(), diary).hold(0) as record:
            assert record is None

    assert told_of(use) == []


def test_a_life_has_streams_of_its_own():
    """The first keeps the names it always had, so no number of an old run moves."""
    assert stream_name(worker_name(0, 1), life=1) == "p0.w1"
    assert stream_name(worker_name(0, 1), life=2) == "p0.w1#2"


def test_the_newest_secret_is_that_of_the_last_rotation_so_far():
    """Rotated at one minute and at two."""
    rotations = ProviderFaults(
        changes=tuple(
            PlannedChange(at=at, fault=0, change=RotateSecret(new_secret=secret))
            for at, secret in ((2 * MINUTE, "second"), (MINUTE, "first"))
        )
    )
    plan = replace(a_plan(), provider_faults=rotations)
    secrets = [
        plan.newest_credentials(at).client_secret
        for at in (MINUTE - 1, MINUTE, 2 * MINUTE - 1, 2 * MINUTE)
    ]

    assert secrets == [plan.app.credentials.client_secret, "first", "first", "second"]
