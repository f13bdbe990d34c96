"""One worker on virtual time: when it wants operations.

While it rests it has one entry on the loop's heap, for the instant it wants its next operation. An
entry is void once the worker's ``ticket`` has changed: its process became calm meanwhile, and is
brought up to date in bulk (``calm.py``).
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from tokenrace.clock import Ticks
from tokenrace.fleet.agenda import Agenda
from tokenrace.fleet.ports import Errand
from tokenrace.network.links import LinkStream
from tokenrace.provider.messages import ApiCall
from tokenrace.simulation.virtual.ports import token_number
from tokenrace.simulation.virtual.process import VirtualProcess
from tokenrace.strategies.contract import Prompt, Refresh
from tokenrace.strategies.split import part_of
from tokenrace.token import Token

Begin = Callable[["VirtualWorker", Ticks, Ticks], None]
"""Lets a worker begin an operation that it wants since an instant, at an instant."""


class Timetable(Protocol):
    """Where a worker's next steps are put: the loop, unless its process stands still."""

    @property
    def now(self) -> Ticks:
        """The instant."""
        ...

    def post(self, at: Ticks, key: int, callback: Callable[[Any], None], argument: Any) -> None:
        """Call ``callback(argument)`` at ``at``, in the place of ``key`` among equals."""
        ...


class VirtualWorker:
    """One worker of ``process``, in the ``row`` of its tables; ``key`` counts through the fleet.

    ``strategy`` is all of its process's, or the part that is the worker's. ``due`` is when it wants
    its next operation. A closed worker rests from the end of one operation to the next; an open one
    always rests, since its operations start when they are due.
    """

    __slots__ = (
        "_prompt",
        "agenda",
        "begin",
        "due",
        "gaps",
        "is_closed",
        "is_resting",
        "key",
        "loop",
        "name",
        "process",
        "reads",
        "row",
        "strategy",
        "ticket",
        "timeout",
        "trips",
    )

    def __init__(
        self,
        process: VirtualProcess,
        key: int,
        name: str,
        agenda: Agenda,
        *,
        row: int,
        is_closed: bool,
        begin: Begin,
    ) -> None:
        self.process = process
        self.strategy = part_of(process.strategy, key)
        self._prompt = self.strategy if isinstance(self.strategy, Prompt) else None
        self.loop: Timetable = process.world.loop
        self.key = key
        self.name = name
        self.agenda = agenda
        self.row = row
        self.gaps = process.draws.gaps.row(row)
        links = process.world.plan.links
        self.timeout = process.world.plan.fleet.timeout
        rules = links.rules("api", name, partial(process.draws.chances.row, row))
        self.trips = LinkStream(links.api, process.draws.trips.row(row), rules)
        self.reads = LinkStream(process.world.store_link, process.draws.reads.row(row))
        self.is_closed = is_closed
        self.begin = begin
        self.is_resting = False
        self.due: Ticks = 0
        self.ticket = 0

    def start(self, first_at: Ticks) -> None:
        """Want the first operation one gap after ``first_at``."""
        self.due = max(first_at + self.gaps.next(), self.loop.now)
        self.rest()

    def make_up(self, now: Ticks) -> None:
        """Go on after standing still: a closed worker wants ``now`` what it would have wanted, an
        open one begins at once all that it has wanted meanwhile."""
        if self.is_closed:
            self.due = max(self.due, now)
            return
        while self.due < now:
            wanted_at = self.due
            self.due += self.gaps.next()
            self.begin(self, wanted_at, now)

    def rest(self) -> None:
        """Wait until ``due``; in a calm process without an entry on the heap."""
        self.is_resting = True
        if not self.process.is_calm:
            self.loop.post(self.due, self.key, want, (self, self.ticket))

    def post(self, at: Ticks, step: Callable[[Any], None], argument: object) -> None:
        """Have ``step(argument)`` called at ``at``, in this worker's place among equals."""
        self.loop.post(at, self.key, step, argument)

    def token_now(self) -> Token | None:
        """Return the token the strategy hands out at this instant, where it says so at once."""
        return self._prompt.token_now() if self._prompt else None

    def rejected_now(self, token: Token, attempt: int) -> bool | None:
        """Return whether the strategy would call again, where it says so at once."""
        return self._prompt.rejected_now(token, attempt) if self._prompt else None

    def refresh_now(self, token: Token, attempt: int) -> Refresh | None:
        """Have the strategy begin what it does about ``token``, where that takes no task."""
        if self._prompt is None or not self.process.may_send_for_tokens:
            return None
        return self._prompt.refresh_now(token, attempt)

    def call_of(self, errand: Errand, token: Token) -> ApiCall:
        """Return the call that does ``errand``."""
        return ApiCall(
            operation=errand.operation,
            token=token_number(token.value),
            target=errand.target,
            asked_by=self.name,
        )

    def ended(self, now: Ticks) -> None:
        """Learn that an operation ended at ``now``."""
        if self.is_closed:
            self.due = now + self.gaps.next()
            self.rest()
        self.process.consider_calm(now)


def want(entry: tuple[VirtualWorker, int]) -> None:
    """Have a worker begin its next operation, unless its entry is void."""
    worker, ticket = entry
    if ticket != worker.ticket:
        return
    now = worker.due
    if worker.is_closed:
        worker.is_resting = False
    else:
        worker.due = now + worker.gaps.next()
        worker.rest()
    worker.begin(worker, now, now)
