"""How long the operations of one process wait for a token, and what becomes of those that hang.

A caller that has waited for ``limit`` gives up, as behind a request timeout: it is cancelled, and
its operation ends as unknown, with the place where it waited. At the end of the run a caller that
still waits hangs if it has waited for ``limit``, or for half of the run; one that has not waited so
long is in flight, and is not counted.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tokenrace.clock import Clock, Ticks, seconds
from tokenrace.trace.outcomes import Failure, Outcome
from tokenrace.trace.tally import ClientTally
from tokenrace.user_code.waiting_place import Place, place_of

_HTTP = ("aiohttp", "httpx", "httpx2", "httpcore", "httpcore2", "h11", "h2")
"""Libraries in which a caller waits for an answer, and for nothing else."""
_ENDPOINTS = ("tokenrace.fleet.http_ports", "tokenrace.simulation.virtual.ports")
"""Our own ways to the token endpoint, one for each engine."""


class WaitedInVain(Exception):  # noqa: N818
    """The caller gave up. ``failure`` says where it waited."""

    def __init__(self, failure: Failure) -> None:
        self.failure = failure
        super().__init__(failure)


def _nothing() -> None:
    """Do nothing."""


@dataclass(slots=True, eq=False)
class _Wait:
    """One caller's wait. ``place`` is where it waited when its time was over, None until then."""

    task: "asyncio.Task[Any]"
    wanted_at: Ticks
    began_at: Ticks
    place: Place | None = None
    cancels: int = 0
    timer: asyncio.TimerHandle | None = None


@dataclass(slots=True, kw_only=True)
class Waits:
    """The waits of one process. ``clock`` is the run's, ``half`` half of the run's duration.

    ``is_ending`` says that the run is over, or this life, and its operations end with it.
    ``grace`` is how much longer than ``limit`` a caller really waits, so that what ends at the
    limit, as a token request does that times out, ends the wait by itself. ``endpoint`` is whose
    answer is waited for in an HTTP library; empty where it may be either's. ``before_giving_up`` is
    called when a caller's time is over, while it still waits.
    """

    limit: Ticks
    half: Ticks
    grace: Ticks
    endpoint: str
    clock: Clock
    tally: ClientTally
    before_giving_up: Callable[[], None] = _nothing
    is_ending: bool = field(default=False, init=False)
    _waiting: dict[_Wait, None] = field(default_factory=dict, init=False)
    _taken: "set[asyncio.Task[Any]]" = field(default_factory=set, init=False)

    @contextmanager
    def wait(self, wanted_at: Ticks) -> Iterator[None]:
        """Let the current task wait in the block, for an operation wanted at ``wanted_at``.

        Raises:
            WaitedInVain: its time was over.
        """
        task = asyncio.current_task()
        assert task is not None
        wait, cancelling = _Wait(task, wanted_at, self.clock.now()), task.cancelling()
        self._time(wait)
        self._waiting[wait] = None
        try:
            yield
        except asyncio.CancelledError as cancelled:
            if wait.place is None or self._end(wait) > cancelling:
                raise  # somebody else has cancelled it
            raise WaitedInVain(self._failure(wait)) from cancelled
        finally:
            self._end(wait)
        if wait.place is not None:  # the caller paid no heed to it, and is too late
            raise WaitedInVain(self._failure(wait))

    def count_hung(self, now: Ticks) -> None:
        """Count those that hang, now that the run ends. Their waits must not go on."""
        self.is_ending = True
        for wait in self._waiting:
            if now - wait.began_at >= min(self.limit, self.half):
                failure = self._failure(wait)
                self.tally.finished("unknown", started_at=wait.wanted_at, at=now, failure=failure)

    def cancel(self, task: "asyncio.Task[Any]") -> None:
        """Cancel the operation of ``task``, as a time-out of its own request does."""
        self._taken.add(task)
        task.cancel()

    def end_of_cancelled(self) -> tuple[Outcome, Failure] | None:
        """Return how the operation of the current task ends, which was cancelled; None where its
        process ends. Where nobody cancelled it, the strategy itself did, or let it have the end of
        somebody else: the operation fails of that."""
        task = asyncio.current_task()
        if self.is_ending or task is None:
            return None
        while task.uncancel():
            pass
        if task in self._taken:
            self._taken.discard(task)
            return "unknown", Failure("cancelled")
        return "refused", Failure("user_code", "CancelledError")

    def _failure(self, wait: _Wait) -> Failure:
        """Return why somebody fails who waits there: in an HTTP library it is for an answer."""
        place = wait.place or place_of(wait.task)
        if place.module in _ENDPOINTS:
            return Failure("timed_out", "token")
        is_http = place.module.partition(".")[0] in _HTTP
        return Failure("timed_out", self.endpoint) if is_http else Failure("hung", place.text)

    def timers(self) -> list[asyncio.TimerHandle]:
        """Return what ends the waits that there are."""
        return [wait.timer for wait in self._waiting if wait.timer is not None]

    def _time(self, wait: _Wait) -> None:
        span = seconds(self.limit + self.grace)
        wait.timer = asyncio.get_running_loop().call_later(span, self._give_up, wait)

    def _end(self, wait: _Wait) -> int:
        """Forget ``wait`` and take back its cancellations; return how many others there are."""
        self._waiting.pop(wait, None)
        if wait.timer is not None:
            wait.timer.cancel()
        while wait.cancels:
            wait.cancels -= 1
            wait.task.uncancel()
        return wait.task.cancelling()

    def _give_up(self, wait: _Wait) -> None:
        """End a wait; again, should the caller pay no heed."""
        self.before_giving_up()
        wait.place = wait.place or place_of(wait.task)
        wait.cancels += 1
        wait.task.cancel()
        self._time(wait)
