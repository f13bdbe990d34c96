"""Every store against a model that predicts it: any order of reads, writes, leases and locks."""

import asyncio
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from tests.stores.store_kinds import KINDS, Kind, on_virtual_time
from tests.stores.store_world import TTL
from tokenrace.clock import SECOND
from tokenrace.engine.loop import VirtualLoop
from tokenrace.stores.contract import Record, RowLocks
from tokenrace.token import Token

ENDS = st.sampled_from([0, 1])


class StoreAgainstModel(RuleBasedStateMachine):
    """The model is one record, the grants so far, and who holds the lock on the record.

    Spans of 3 s and 12 s never add up to a lease of 10 s, and stay a second away from it: a
    server's own clock goes on by itself. Stores whose clock stands still also see one tick and all
    but one.
    """

    def __init__(self, kind: Kind):
        super().__init__()
        self.kind = kind
        loops = VirtualLoop if kind.run is on_virtual_time else None
        self.runner = asyncio.Runner(loop_factory=loops)
        self.open = AsyncExitStack()
        self.folder = tempfile.TemporaryDirectory()
        store = self._do(self.open.enter_async_context(kind.open(Path(self.folder.name))))
        self.store, self.ends = store, [store.one, store.other]
        self.record: Record | None = None
        self.grants: list = []
        self.lapses_in = 0
        self.writes = 0
        self.tokens = 0

    def _do(self, call):
        return self.runner.run(call)

    def teardown(self):
        """Close the store and its loop."""
        self._do(self.open.aclose())
        self.runner.close()
        self.folder.cleanup()

    def _next(self):
        """Return another token, and what the record is once it is written."""
        self.tokens += 1
        token = Token(f"t{self.tokens}", self.tokens, 2 * self.tokens)
        return token, Record(token, self.writes + 1)

    def _becomes(self, record):
        self.record = record
        self.writes += 1

    def _version(self):
        return 0 if self.record is None else self.record.version

    @rule(end=ENDS)
    def read(self, end):
        """Both ends see the record."""
        assert self._do(self.ends[end].read()) == self.record

    @rule(end=ENDS)
    def write(self, end):
        """With no comparison the last writer wins."""
        token, after = self._next()
        assert self._do(self.ends[end].write(token))
        self._becomes(after)

    @rule(end=ENDS, off_by=st.sampled_from([-1, 0, 1]))
    def compare_and_set(self, end, off_by):
        """Only who names the version that is there writes."""
        version = self._version()
        token, after = self._next()
        is_written = self._do(self.ends[end].write(token, expected_version=version + off_by))
        assert is_written == (off_by == 0)
        if is_written:
            self._becomes(after)

    @rule(end=ENDS)
    def clear(self, end):
        """Whatever is there, there is none then; and that was a write."""
        assert self._do(self.ends[end].write(None))
        self._becomes(None)

    @rule(end=ENDS, off_by=st.sampled_from([-1, 0, 1]))
    def compare_and_clear(self, end, off_by):
        """Only who names the version that is there clears it; 0 where there is none."""
        is_cleared = self._do(self.ends[end].write(None, expected_version=self._version() + off_by))
        assert is_cleared == (off_by == 0)
        if is_cleared:
            self._becomes(None)

    @rule(end=ENDS)
    def acquire(self, end):
        """Granted when the last lease has lapsed or was given back."""
        lease = self._do(self.ends[end].acquire(f"p{end}", TTL))
        assert (lease is None) == (self.lapses_in > 0)
        if lease is not None:
            self.grants.append(lease)
            self.lapses_in = TTL
            assert lease.fencing_token == len(self.grants)

    @rule(end=ENDS, data=st.data())
    def release(self, end, data):
        """Any holder ever may try; only the current one gives something back."""
        if not self.grants:
            return
        lease = data.draw(st.sampled_from(self.grants))
        is_current = lease is self.grants[-1] and self.lapses_in > 0
        assert self._do(self.ends[end].release(lease)) == is_current
        if is_current:
            self.lapses_in = 0

    @rule(end=ENDS)
    def delete_lease(self, end):
        """Ends it, whoever has it."""
        self._do(self.ends[end].delete_lease())
        self.lapses_in = 0

    @rule(data=st.data())
    def pass_time(self, data):
        """Time passes at the store."""
        exact = [1, TTL - 1, TTL] if self.kind.grain == 1 else []
        span = data.draw(st.sampled_from([3 * SECOND, 12 * SECOND, *exact]))
        self._do(self.store.pass_time(span))
        self.lapses_in = max(0, self.lapses_in - span)

    @rule(end=ENDS, raises=st.booleans())
    def write_under_lock(self, end, raises):
        """The lock is free between rules. In the block the other end reads but cannot hold it; one
        that raises undoes the write where the store has transactions."""
        if not isinstance(self.ends[end], RowLocks):
            return
        token, after = self._next()
        is_undone = self._do(self._hold(end, token, raises=raises))
        if not is_undone:
            self._becomes(after)

    async def _hold(self, end, token, *, raises):
        """Return whether the write was undone, which only the store knows."""
        try:
            async with self.ends[end].hold(0) as held:
                async with self.ends[1 - end].hold(0) as other:
                    assert other is None
                assert await held.read() == self.record
                assert await held.write(token)
                assert 1 // (1 - raises)
        except ZeroDivisionError:
            return self.kind.undoes
        return False


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_store_does_what_its_model_predicts(kind):
    """Fewer examples where each opens files or connections."""
    examples = 60 if kind.where is None else 25
    run_state_machine_as_test(
        lambda: StoreAgainstModel(kind),
        settings=settings(max_examples=examples, stateful_step_count=25, deadline=None),
    )
