"""Many pieces of work, usually runs, done at once by runners behind an executor.

The work comes as an iterable, of which no more is taken than is soon needed: a hundred thousand
items do not pile up here, and neither do their results. Work that is short is handed out in batches
of about ``BATCH``, so that many items share what a batch costs. A runner that has worked for that
long hands the rest of its batch back: no batch lasts much longer than its last item.

What an item becomes does not depend on who did it when. An item whose runner dies is tried once
more, alone; the second death is its own fault, and its outcome is ``Lost``. Any other exception of
the work is raised here: a run that fails is to be a value, so it is a bug of ours.
"""

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from tokenrace.clock import MILLISECOND, SECOND, Ticks, seconds
from tokenrace.errors import RunError
from tokenrace.machine_clock import MachineClock
from tokenrace.simulation.runners import Runners

BATCH: Ticks = 200 * MILLISECOND
BATCH_PER_RUNNER: Ticks = 10 * MILLISECOND
"""Many runners get longer batches, so that no more than about 100 a second are handed out."""
BATCH_MAX = 512
"""Items in a batch, however short they are."""
IN_FLIGHT = 2
"""Batches for each runner: the one it works on and the next."""
AHEAD_MAX = 1_000
"""About how many outcomes ``in_order`` holds back while an earlier item is not done."""
DEATHS_MAX = 8
"""Where so many runners die one after the other, it is not over what they were given."""
LOOK_AGAIN: Ticks = 2 * SECOND
"""Where nothing has ended for so long, the runners are asked whether anything can."""

Item = TypeVar("Item")
Result = TypeVar("Result")


class ManyRunsWatcher(Protocol):
    """Is told by whoever makes many runs how far they have come, not which they are."""

    def planned(self, runs: int) -> None:
        """So many runs more are to be made."""
        ...

    def ended(self) -> None:
        """A run ended, well or not."""
        ...


@dataclass(frozen=True, slots=True)
class Lost:
    """The outcome of an item over which two runners died."""

    reason: str


def as_they_end(
    items: Iterable[Item],
    work: Callable[[Item], Result],
    runners: Runners,
    within: Ticks | None = None,
) -> Iterator[tuple[int, Result | Lost]]:
    """Yield the number of each of ``items``, from 0, with what ``work`` makes of it, as it ends.

    ``work``, the items and the results must be picklable. Closing the iterator cancels what has
    not begun. Once ``within`` ticks of real time are over, it ends: what was not done by then is
    not waited for, however long it goes on.

    Raises:
        RunError: the runners die, whatever they are given.
    """
    return _Desk(items, work, runners, sys.maxsize, within).outcomes()


def in_order(
    items: Iterable[Item], work: Callable[[Item], Result], runners: Runners
) -> Iterator[Result | Lost]:
    """Yield what ``work`` makes of each of ``items``, in their order; else as ``as_they_end``."""
    held: dict[int, Result | Lost] = {}
    turn = 0
    for number, outcome in _Desk(items, work, runners, AHEAD_MAX).outcomes():
        held[number] = outcome
        while turn in held:
            yield held.pop(turn)
            turn += 1


@dataclass(frozen=True, slots=True)
class _Done(Generic[Result]):
    """What a runner made of the first items of a batch, in ``span`` ticks."""

    results: list[Result]
    span: Ticks


def _work_off(
    work: Callable[[Item], Result], items: Sequence[Item], span: Ticks
) -> "_Done[Result]":
    """Do at least the first of ``items``, and more until ``span`` is over. Runs at the runner's."""
    clock = MachineClock.starting_in(0)
    results: list[Result] = []
    for item in items:
        results.append(work(item))
        if clock.now() >= span:
            break
    return _Done(results, clock.now())


_Numbered = tuple[int, Item]


class _Desk(Generic[Item, Result]):
    """Hands batches out and takes outcomes in. ``ahead_max`` bounds how far past the oldest open
    item new ones are begun."""

    def __init__(
        self,
        items: Iterable[Item],
        work: Callable[[Item], Result],
        runners: Runners,
        ahead_max: int,
        within: Ticks | None = None,
    ) -> None:
        self._clock = MachineClock.starting_in(0)
        self._within = within
        self._new = enumerate(items)
        self._begun = 0
        self._work = work
        self._runners = runners
        self._executor = runners.executor
        self._ahead_max = ahead_max
        self._span = max(BATCH, BATCH_PER_RUNNER * runners.count)
        self._size = 1
        self._given_back: deque[_Numbered[Item]] = deque()
        self._suspects: deque[_Numbered[Item]] = deque()
        self._deaths = 0
        self._is_broken = False
        self._open: dict[Future[_Done[Result]], list[_Numbered[Item]]] = {}

    def outcomes(self) -> Iterator[tuple[int, Result | Lost]]:
        """Yield every outcome."""
        try:
            self._hand_out()
            while self._open and not self._is_over():
                done = wait(self._open, self._wait_s(), FIRST_COMPLETED).done
                if not done:
                    self._runners.make_sure()
                for future in done:
                    yield from self._take_in(future)
                self._hand_out()
        finally:
            for future in self._open:
                future.cancel()

    def _is_over(self) -> bool:
        return self._within is not None and self._clock.now() >= self._within

    def _wait_s(self) -> float:
        left = LOOK_AGAIN if self._within is None else self._within - self._clock.now()
        return seconds(min(left, LOOK_AGAIN))

    def _hand_out(self) -> None:
        if self._suspects:  # one at a time: if a runner dies now, it is known over what
            if not self._open:
                self._submit([self._suspects[0]])
            return
        while len(self._open) < IN_FLIGHT * self._runners.count:
            batch = self._next_batch()
            if not batch:
                return
            self._submit(batch)

    def _submit(self, batch: list[_Numbered[Item]]) -> None:
        items = [item for _, item in batch]
        while True:
            if self._is_broken:
                self._executor, self._is_broken = self._runners.renewed(), False
            try:
                future = self._executor.submit(_work_off, self._work, items, self._span)
            except self._runners.lost as error:  # a runner died that nobody was waiting for
                self._bear(error)
            else:
                self._open[future] = batch
                return

    def _next_batch(self) -> list[_Numbered[Item]]:
        batch = [self._given_back.popleft() for _ in range(min(len(self._given_back), self._size))]
        while len(batch) < self._size and self._may_begin(batch):
            found = next(self._new, None)
            if found is None:
                break
            self._begun += 1
            batch.append(found)
        return batch

    def _may_begin(self, batch: list[_Numbered[Item]]) -> bool:
        if self._begun < self._ahead_max:
            return True
        numbers = [number for each in (batch, *self._open.values()) for number, _ in each]
        return self._begun - min(numbers, default=self._begun) < self._ahead_max

    def _take_in(self, future: "Future[_Done[Result]]") -> Iterator[tuple[int, Result | Lost]]:
        batch = self._open.pop(future)
        is_alone = bool(self._suspects) and batch[0][0] == self._suspects[0][0]
        if is_alone:
            self._suspects.popleft()
        try:
            done = future.result()
        except self._runners.lost as error:
            self._bear(error)
            if is_alone:
                yield batch[0][0], Lost(f"the process that made it died, twice: {error}")
            else:
                self._suspects.extend(batch)
            return
        self._deaths = 0
        made = len(done.results)
        self._given_back.extendleft(reversed(batch[made:]))
        self._size = self._next_size(len(batch), made, done.span)
        for (number, _), result in zip(batch, done.results, strict=False):
            yield number, result

    def _bear(self, error: Exception) -> None:
        self._is_broken = True
        self._deaths += 1
        if self._deaths > DEATHS_MAX + IN_FLIGHT * self._runners.count:
            raise RunError(
                f"the processes that make the runs die, whatever they are given: {error}"
            )

    def _next_size(self, given: int, made: int, span: Ticks) -> int:
        if made < given:
            return made
        if given == self._size and span < self._span // 2:
            return min(2 * self._size, BATCH_MAX)
        return self._size
