"""One operation on virtual time, from the instant it was wanted to its end.

The same steps as ``fleet.worker.Worker`` takes on the wire, as plain callbacks, each given to the
loop for its instant. Only what the strategy must wait for becomes a task. Every step takes ``now``
and can be taken for an instant that has passed, when a calm process is brought up to date.
"""

from asyncio import CancelledError

from tokenrace.clock import Ticks
from tokenrace.fleet.ports import Errand
from tokenrace.fleet.waits import WaitedInVain
from tokenrace.fleet.worker import UNAUTHORIZED, failed, refusal
from tokenrace.network.fates import NEVER, Ways
from tokenrace.provider.messages import Accepted, Refused
from tokenrace.simulation.virtual.ports import Answer
from tokenrace.simulation.virtual.process import VirtualProcess
from tokenrace.simulation.virtual.struck import meet
from tokenrace.simulation.virtual.worker import VirtualWorker
from tokenrace.stores.contract import Record, StoreUnavailable
from tokenrace.strategies.contract import Refresh, TokenUnavailable
from tokenrace.token import Token
from tokenrace.trace.outcomes import Failure, Outcome, Silence


class Operation:
    """An operation of ``worker``, wanted at ``wanted_at``, that has not ended."""

    __slots__ = (
        "_attempt",
        "_back",
        "_deadline",
        "_errand",
        "_record",
        "_refresh_begun",
        "_reply",
        "_token",
        "_wanted_at",
        "_worker",
        "is_unheard",
    )

    def __init__(self, worker: VirtualWorker, wanted_at: Ticks, errand: Errand) -> None:
        self._worker = worker
        self._wanted_at = wanted_at
        self._errand = errand
        self._attempt = 0
        self._back: Ticks = 0
        self._deadline: Ticks = 0
        self._record: Record | None = None
        self._refresh_begun: Refresh | None = None
        self._token: Token | None = None
        self._reply: Accepted | Refused | Silence = "timed_out"
        self.is_unheard = False
        """Whether the answer to the request that has been sent will not come in time."""

    @property
    def process(self) -> VirtualProcess:
        """Whose operation it is."""
        return self._worker.process

    @property
    def key(self) -> int:
        """Its worker's place among equals."""
        return self._worker.key

    def ask(self, now: Ticks) -> None:
        """Ask the strategy for a token."""
        process = self._worker.process
        held = process.peek(now)
        if held is None:
            token = self._worker.token_now()
            if token is None:
                process.start(self._fetch(), "token", [])
            else:
                self.send(token, now)
        elif held.store_reads:
            self.reaches_store_later(self.leave_for_store(now))
        else:
            self.send(held.token, now)

    def leave_for_store(self, now: Ticks) -> Ticks:
        """Ask the store for its record at ``now``; return when that arrives."""
        worker = self._worker
        worker.process.world.tally.store_reads += 1
        ways = worker.reads.next(now)
        self._back = ways.back
        return now + ways.there

    def has_left_for_store(self, back: Ticks) -> None:
        """Be on the way to the store, from where it is ``back``."""
        self._back = back

    def reach_store(self, record: Record | None, now: Ticks) -> Ticks:
        """Read ``record`` at ``now``; return when the answer is back."""
        self._record = record
        return now + self._back

    def visible_record(self) -> Record | None:
        """Return the record as a read that arrives now sees it."""
        return self._worker.process.peeking.visible()

    def store_reached(self) -> None:
        """Let the read take effect, now that it has reached the store."""
        self._worker.process.waiting -= 1
        now = self._worker.loop.now
        self.is_back_from_store_later(self.reach_store(self.visible_record(), now))

    def store_read(self) -> None:
        """Take the store's answer."""
        process = self._worker.process
        process.waiting -= 1
        process.peeking.show(self._record)
        held = process.strategy.peek()
        process.peeking.show_now()
        if held is None:
            process.start(self._fetch(), "token", [self._record])
        else:
            self.send(held.token, self._worker.loop.now)

    async def _fetch(self) -> None:
        try:
            with self._worker.process.waits.wait(self._wanted_at):
                token = await self._worker.strategy.token()
        except WaitedInVain as gave_up:
            self._fail("unknown", gave_up.failure, self._worker.loop.now)
        except (TokenUnavailable, StoreUnavailable) as error:
            self._fail(*failed(error), self._worker.loop.now)
        except CancelledError:
            self._cancelled()
        else:
            self.send(token, self._worker.loop.now)

    def send(self, token: Token, now: Ticks) -> None:
        """Call the API with ``token``."""
        at = self.leave_for_api(token, now)
        if self.is_unheard:
            self.go_on_unheard(at, cut=now)
        else:
            self.reaches_api_later(at)

    def leave_for_api(self, token: Token, now: Ticks) -> Ticks:
        """Send the request at ``now``; return when it arrives, if ever."""
        worker = self._worker
        worker.process.adopt(token)
        return self.has_left_for_api(token, worker.trips.next(now), now)

    def has_left_for_api(self, token: Token, ways: Ways, sent_at: Ticks) -> Ticks:
        """Be on the way to the API since ``sent_at``; return when the request arrives, if ever."""
        self._token = token
        self._back = ways.back
        timeout = self._worker.timeout
        self._deadline = sent_at + timeout
        self.is_unheard = ways.there + ways.back > timeout
        return sent_at + ways.there

    def go_on_unheard(self, arrives_at: Ticks, cut: Ticks) -> None:
        """Have the request take effect when it arrives, and the operation end as unknown when its
        time is out: now for each of the two that is before ``cut``, later for the others."""
        worker = self._worker
        if arrives_at < cut:
            self.reach_api(arrives_at)
        elif arrives_at < NEVER:
            worker.loop.post(arrives_at, worker.key, Operation.api_reached_unheard, self)
        if self._deadline < cut:
            self._give_up("timed_out", self._deadline)
        else:
            worker.loop.post(self._deadline, worker.key, Operation.gave_up, self)

    def api_reached_unheard(self) -> None:
        """Let the request take effect, now that it has reached the API; nobody awaits an answer."""
        self.reach_api(self._worker.loop.now)

    def gave_up(self) -> None:
        """Give up: the answer has not come in time."""
        self._give_up("timed_out", self._worker.loop.now)

    def _give_up(self, silence: Silence, now: Ticks) -> None:
        self._worker.process.world.tally.unknown += 1
        self._fail("unknown", Failure(silence, "api"), now)

    def reach_api(self, now: Ticks) -> Ticks:
        """Let the request take effect at ``now``; return when the answer is back."""
        provider = self._worker.process.world.provider
        struck = provider.bursts.strike("api", now)
        if struck is None:
            self._reply = self._call(now)
            return now + self._back
        recorder = self._worker.process.world.recorder
        met = meet(struck, lambda: self._call(now), recorder, now)
        self._reply = met.reply
        return now + self._back + met.late

    def _call(self, now: Ticks) -> Accepted | Refused:
        assert self._token is not None
        world = self._worker.process.world
        call = self._worker.call_of(self._errand, self._token)
        reply, events = world.provider.call(call, now)
        world.recorder.call_answered(now, reply, events)
        return reply

    def api_reached(self) -> None:
        """Let the request take effect, now that it has reached the API."""
        self.is_answered_later(self.reach_api(self._worker.loop.now))

    def answered(self) -> None:
        """Take the API's answer."""
        self.answer(self._worker.loop.now)

    def answer(self, now: Ticks) -> None:
        """Take the API's answer at ``now``."""
        reply = self._reply
        if isinstance(reply, str):
            self._give_up(reply, now)
        elif isinstance(reply, Accepted):
            if reply.status == 201 and reply.meeting is not None:
                self._worker.agenda.created(reply.meeting)
            self._finish("ok", now)
        elif reply.status == UNAUTHORIZED:
            self._rejected(now)
        else:
            self._fail("refused", refusal(reply.status), now)

    def _rejected(self, now: Ticks) -> None:
        assert self._token is not None
        self._attempt += 1
        call_again = self._worker.rejected_now(self._token, self._attempt)
        if call_again is None:
            self._refresh(self._token)
        else:
            self._told(call_again, now)

    def _told(self, call_again: bool, now: Ticks) -> None:  # noqa: FBT001 - the strategy's answer
        if call_again:
            self.ask(now)
        else:
            self._fail("refused", refusal(UNAUTHORIZED), now)

    def _refresh(self, token: Token) -> None:
        """Let the strategy do what it does about a token refused; in a task, unless all it does is
        to ask the token endpoint."""
        worker = self._worker
        refresh = worker.refresh_now(token, self._attempt)
        if refresh is None:
            worker.process.start(self._tell(token), "rejected", [])
        else:
            self._refresh_begun = refresh
            worker.process.send_for_token(self._refreshed)

    def _refreshed(self, answer: Answer) -> None:
        """Take the token endpoint's answer."""
        worker, refresh = self._worker, self._refresh_begun
        assert refresh is not None
        self._refresh_begun = None
        process = worker.process
        self._told(process.read_token(answer, refresh), worker.loop.now)

    async def _tell(self, token: Token) -> None:
        try:
            with self._worker.process.waits.wait(self._wanted_at):
                call_again = await self._worker.strategy.rejected(token, self._attempt)
        except WaitedInVain as gave_up:
            self._fail("unknown", gave_up.failure, self._worker.loop.now)
        except (TokenUnavailable, StoreUnavailable) as error:
            self._fail(*failed(error), self._worker.loop.now)
        except CancelledError:
            self._cancelled()
        else:
            self._told(call_again, self._worker.loop.now)

    def _cancelled(self) -> None:
        """End as a caller who was cancelled, unless there is nobody left to end."""
        ending = self._worker.process.waits.end_of_cancelled()
        if ending is not None:
            self._fail(*ending, self._worker.loop.now)

    def _fail(self, outcome: Outcome, failure: Failure, now: Ticks) -> None:
        self._finish(outcome, now, failure)

    def _finish(self, outcome: Outcome, now: Ticks, failure: Failure | None = None) -> None:
        worker = self._worker
        worker.agenda.ended(self._errand, outcome)
        worker.process.world.tally.finished(
            outcome, started_at=self._wanted_at, at=now, failure=failure
        )
        worker.ended(now)

    def reaches_store_later(self, at: Ticks) -> None:
        """Go on at ``at``, when the read reaches the store."""
        worker = self._worker
        worker.process.waiting += 1
        worker.loop.post(at, worker.key, Operation.store_reached, self)

    def is_back_from_store_later(self, at: Ticks) -> None:
        """Go on at ``at``, when the store's answer is back."""
        worker = self._worker
        worker.process.waiting += 1
        worker.loop.post(at, worker.key, Operation.store_read, self)

    def reaches_api_later(self, at: Ticks) -> None:
        """Go on at ``at``, when the request reaches the API."""
        worker = self._worker
        worker.loop.post(at, worker.key, Operation.api_reached, self)

    def is_answered_later(self, at: Ticks) -> None:
        """Go on at ``at``, when the API's answer is back, or at the deadline if that is before."""
        worker = self._worker
        if at > self._deadline:
            worker.loop.post(self._deadline, worker.key, Operation.gave_up, self)
        else:
            worker.loop.post(at, worker.key, Operation.answered, self)


def begin_operation(worker: VirtualWorker, wanted_at: Ticks, now: Ticks) -> None:
    """Let ``worker`` begin its next operation ``now``, which it has wanted since ``wanted_at``."""
    Operation(worker, wanted_at, worker.agenda.next()).ask(now)
