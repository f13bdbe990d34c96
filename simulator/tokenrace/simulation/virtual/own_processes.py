"""What makes a simulated process a process for a class of the user's own.

It has its own copies of the user's modules, its own clocks and its own chance.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from random import Random  # noqa: TID251 - the type of a stream

from tokenrace.clock import Clock, Ticks
from tokenrace.engine.loop import VirtualLoop
from tokenrace.fleet.names import process_name, stream_name
from tokenrace.rng import Streams
from tokenrace.simulation.plan import EPOCH
from tokenrace.strategies.contract import Held, Strategy
from tokenrace.strategies.user_class import close, peeks
from tokenrace.token import Token
from tokenrace.user_code.own_chance import OwnChance
from tokenrace.user_code.own_modules import OwnModules
from tokenrace.user_code.ownership import OWNER, life_of, process_of
from tokenrace.user_code.python_class import PythonClass
from tokenrace.user_code.wall_clock import ProcessTime, wall_clock_of

_TRIAL = -1
"""The owner of what is imported only to look at it."""


@dataclass(slots=True)
class OwnProcesses:
    """All processes of a run in which code of the user's may run."""

    loop: VirtualLoop
    streams: Streams
    modules: OwnModules
    _times: dict[int, ProcessTime] = field(default_factory=dict, init=False)

    @classmethod
    def of(
        cls, loop: VirtualLoop, streams: Streams, classes: Iterable[PythonClass]
    ) -> "OwnProcesses":
        """Return those of a run with ``classes``."""
        own = cls(loop, streams, own_modules(classes))
        loop.on_entering(own.modules.enter)
        return own

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Within the block, let the code of every process find what is its own."""
        with ExitStack() as stack:
            stack.enter_context(self.modules.in_use())
            stack.enter_context(OwnChance(self._stream).in_use())
            stack.enter_context(wall_clock_of(self.loop, EPOCH, self._time_of))
            yield

    @contextmanager
    def inside(self, owner: int) -> Iterator[None]:
        """Run the block as code of ``owner``."""
        self.modules.enter(owner)
        token = OWNER.set(owner)
        try:
            yield
        finally:
            OWNER.reset(token)

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Let the block import modules of the user's only to look at them."""
        with looking(self.modules):
            yield

    def born(self, number: int, clock: Clock) -> None:
        """Give process ``number`` the clocks that go with ``clock``, unless it has them."""
        self._times.setdefault(number, ProcessTime(self.loop, clock))

    def clock_set(self, number: int, drift_ppm: int) -> None:
        """Let the clocks of process ``number`` gain ``drift_ppm`` on each second from now on."""
        if number in self._times:
            self._times[number].drift(drift_ppm)

    def has_slept(self, number: int, span: Ticks) -> None:
        """Leave ``span`` out of the clock of process ``number`` that only runs forwards."""
        if number in self._times:
            self._times[number].slept(span)

    def strategy_of(self, strategy: Strategy, owner: int) -> Strategy:
        """Return ``strategy``, which is code of ``owner`` whoever asks it."""
        return InItsProcess(strategy, self, owner) if peeks(strategy) else strategy

    def has_died(self, owner: int) -> None:
        """Drop what ``owner`` has to itself, once its clean-up is over."""
        self.loop.post_first(self.loop.now + 1, self.modules.forget, owner)

    def _time_of(self, owner: int) -> ProcessTime | None:
        return self._times.get(process_of(owner))

    def _stream(self, owner: int, purpose: str) -> Random:
        name = stream_name(process_name(process_of(owner)), life_of(owner))
        return self.streams.stream(f"own/{name}/{purpose}")


def own_modules(classes: Iterable[PythonClass]) -> OwnModules:
    """Return what keeps the modules of each process apart, for ``classes`` of the user's."""
    return OwnModules({own.target.partition(":")[0].partition(".")[0] for own in classes})


@contextmanager
def looking(modules: OwnModules) -> Iterator[None]:
    """Let the block import modules of the user's only to look at them."""
    modules.enter(_TRIAL)
    try:
        yield
    finally:
        modules.leave()
        modules.forget(_TRIAL)


@dataclass(frozen=True, slots=True)
class InItsProcess:
    """The user's ``strategy``, asked as code of the process ``owner`` where no task of it asks."""

    strategy: Strategy
    own: OwnProcesses
    owner: int

    async def token(self) -> Token:
        """Return what it hands out."""
        return await self.strategy.token()

    async def rejected(self, token: Token, attempt: int) -> bool:
        """Tell it."""
        return await self.strategy.rejected(token, attempt)

    async def aclose(self) -> None:
        """Close what it keeps open."""
        await close(self.strategy)

    def peek(self) -> Held | None:
        """Return what it would hand out."""
        with self.own.inside(self.owner):
            return self.strategy.peek()
