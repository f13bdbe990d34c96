"""One simulated process: its strategy, its workers, and whether it is calm.

Calm is when nothing can happen to a process but what it has already drawn: its strategy would hand
out one live token to everyone, nothing of the strategy's is under way, and the instant at which
that ends is known. A calm process has no entry on the heap but that end, and no worker of it is
stepped: all are brought up to date at once when the calm ends (``calm.py``).
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextvars import Context, copy_context
from functools import partial
from typing import Any, Protocol

from tokenrace.clock import Ticks
from tokenrace.engine.clocks import SkewedClock
from tokenrace.fleet.adoption import Adoption
from tokenrace.fleet.names import process_name
from tokenrace.fleet.waits import Waits
from tokenrace.simulation.virtual.draws import draws_of
from tokenrace.simulation.virtual.peeking import Peeking
from tokenrace.simulation.virtual.ports import (
    READ_ALREADY,
    Answer,
    VirtualTokenEndpoint,
    token_number,
)
from tokenrace.simulation.virtual.world import World
from tokenrace.stores.contract import Record
from tokenrace.strategies.contract import Held, Refresh, Strategy
from tokenrace.strategies.own_client import OwnClient
from tokenrace.strategies.user_class import close
from tokenrace.user_code.ownership import OWNER, owner_in

WORTH_SKIPPING = 32
"""Operations in sight before a process bothers to be calm."""

JUST_AFTER: Ticks = 1
"""Whatever ends in the very tick in which a caller's time is over is heard by it."""

CatchUp = Callable[[Held, Ticks, int], None]
"""Do all that a calm process's workers did before an instant, and at it up to a worker's key."""


class Resting(Protocol):
    """What a process sees of each of its workers."""

    is_closed: bool
    is_resting: bool
    ticket: int

    def rest(self) -> None:
        """Wait until the next operation is due; in a calm process without an entry on the heap."""
        ...


class VirtualProcess:
    """Process ``number`` of the fleet in one of its lives, which are counted from 1.

    ``busy`` counts its tasks that have not ended, ``waiting`` its operations that wait for the
    store or the token endpoint with no task. ``clock`` is its own, where that may be off;
    ``is_over`` whether the life is. ``endpoint`` is None where something may befall it while it
    waits for a token.
    """

    __slots__ = (
        "_calm_number",
        "_catch_up",
        "_catch_up_if_trusted",
        "_context",
        "_cuts",
        "_dead_value",
        "_endpoint",
        "_is_oracle",
        "_loses_store_messages",
        "_may_miss_store",
        "_peek",
        "_sure",
        "adopt",
        "busy",
        "clock",
        "draws",
        "held",
        "is_calm",
        "is_over",
        "life",
        "mean_cycle",
        "number",
        "owner",
        "peeking",
        "strategy",
        "waiting",
        "waits",
        "workers",
        "world",
    )

    def __init__(
        self,
        world: World,
        number: int,
        strategy: Strategy,
        peeking: Peeking,
        *,
        life: int,
        is_oracle: bool,
        clock: SkewedClock | None,
        endpoint: VirtualTokenEndpoint | None,
    ) -> None:
        plan = world.plan
        self.draws = draws_of(world, number, life)
        self._cuts = plan.links.cuts("api", process_name(number))
        self._loses_store_messages = plan.store != "memory" and bool(
            plan.links.store.loss_per_million or plan.links.cuts("store", process_name(number))
        )
        self._may_miss_store = self._loses_store_messages
        self._is_oracle = is_oracle
        self.world = world
        self.number = number
        self.life = life
        self.owner = owner_in(number, life)
        self.is_over = False
        self.strategy = strategy
        self.clock = clock
        self._endpoint = endpoint
        self._peek = strategy.peek if clock is None else partial(_peek_truly, strategy, clock)
        self.peeking = peeking
        self.workers: Sequence[Resting] = ()
        self._catch_up: CatchUp | None = None
        self._catch_up_if_trusted: CatchUp | None = None
        self.adopt = Adoption(number, world.clock, world.sink, token_number)
        self.busy = 0
        self.waiting = 0
        self.waits = _waits(world, strategy)
        self.is_calm = False
        self.held: Held | None = None
        self._sure: Held | None = None
        self._calm_number = 0
        self._dead_value = ""
        self.mean_cycle = 1.0
        self._context = copy_context()
        self._context.run(OWNER.set, self.owner)

    def begin(
        self, workers: Sequence[Resting], mean_cycle: float, catch_up: CatchUp | None
    ) -> None:
        """Take ``workers``, each of which wants an operation every ``mean_cycle`` ticks or so.

        ``catch_up`` brings them up to date when a calm ends; None: it is never calm.
        """
        self.workers = workers
        self.mean_cycle = max(mean_cycle, 1.0)
        self._catch_up = self._catch_up_if_trusted = catch_up

    def start(self, work: Coroutine[Any, Any, None], name: str, read: list[Record | None]) -> None:
        """Run ``work`` as a task of this process; its first store read gives what is in ``read``.

        What it does may end the calm, so the calm ends first.
        """
        self.wake()
        self._sure = None
        self.busy += 1
        context: Context = self._context.copy()
        context.run(READ_ALREADY.set, read)
        task = self.world.loop.create_task(
            work, name=f"{process_name(self.number)} {name}", context=context
        )
        task.add_done_callback(self._ended, context=context)

    def close(self) -> "asyncio.Task[None]":
        """Return a task of this process that closes what its strategy keeps open."""
        name = f"{process_name(self.number)} close"
        work = close(self.strategy)
        return self.world.loop.create_task(work, name=name, context=self._context.copy())

    @property
    def may_send_for_tokens(self) -> bool:
        """Whether a refresh may do without a task: nothing befalls the process while it waits."""
        return self._endpoint is not None

    def send_for_token(self, hear: Callable[[Answer], None]) -> None:
        """Ask the token endpoint for an operation that waits for nothing else."""
        assert self._endpoint is not None
        self.wake()
        self._sure = None
        self.waiting += 1
        self._endpoint.send(hear)

    def read_token(self, answer: Answer, refresh: Refresh) -> bool:
        """Let ``refresh`` have the endpoint's ``answer``; return what it says."""
        assert self._endpoint is not None
        self.waiting -= 1
        self._sure = None
        return self._context.run(refresh.answered, self._endpoint.read(answer))

    def _ended(self, task: Any) -> None:
        self.busy -= 1
        self._sure = None
        if not task.cancelled() and task.exception() is not None and not self.is_over:
            self.world.fail(task.exception())

    def peek(self, now: Ticks) -> Held | None:
        """Return what the strategy would hand out now; None where only a task of it can tell.

        What it holds in memory is remembered until it, or any task of the strategy's, ends; not
        the oracle's, which knows more. A read
        of the store that may get lost is left to the strategy: it knows what follows.
        """
        sure = self._sure
        if sure is not None and now < sure.until:
            return sure
        held = self._peek()
        if held is not None and held.store_reads and self._may_miss_store:
            return None
        is_remembered = held is not None and not held.store_reads and not self.busy
        self._sure = held if is_remembered and not self._is_oracle else None
        return held

    def consider_calm(self, now: Ticks) -> None:
        """Become calm if that is possible and worth it."""
        if self.is_calm or self.busy or self.waiting or self._catch_up is None:
            return
        held = self.peek(now)
        if held is None or held.token.value == self._dead_value or not self.adopt.has(held.token):
            return
        token = token_number(held.token.value)
        ends_at = self.world.provider.surely_valid_until(token, now)
        if ends_at <= now:
            self._dead_value = held.token.value
            return
        plain_until = self.world.provider.plain_until(now)
        if plain_until == now or any(cut.holds(now) for cut in self._cuts):
            return
        cut_off_at = [cut.begins for cut in self._cuts if now < cut.begins]
        until = min(held.until, ends_at, self.world.plan.duration, *cut_off_at)
        if plain_until is not None:
            until = min(until, plain_until)
        if (until - now) * len(self.workers) < WORTH_SKIPPING * self.mean_cycle:
            return
        self._become_calm(held, token, until)

    def _become_calm(self, held: Held, token: int, until: Ticks) -> None:
        self.is_calm = True
        self.held = held
        self._calm_number += 1
        for worker in self.workers:
            worker.ticket += 1
        touches = self.world.touches
        touches.rests_on_token(self.number, token, self.wake)
        if held.store_reads:
            touches.rests_on_store(self.number, self.wake)
        self.world.loop.post_first(until, self._calm_ends, self._calm_number)

    def _calm_ends(self, calm_number: int) -> None:
        if self.is_calm and calm_number == self._calm_number:
            self.wake()

    def app_changes(self) -> None:
        """End the calm before something happens to the app, which may bring a dead token back."""
        self.wake()
        self._dead_value = ""

    def before_news(self) -> None:
        """End the calm before the strategy learns something that it did not ask for."""
        self.wake()
        self._sure = None

    def store_changes(self, *, is_troubled: bool) -> None:
        """End the calm before the store gets into trouble or out of it; while it is in trouble only
        the strategy knows what a read brings."""
        self.wake()
        self._may_miss_store = self.world.plan.store != "memory" and (
            is_troubled or self._loses_store_messages
        )

    def trust(self, *, is_trusted: bool) -> None:
        """Say whether the strategy knows when it will do what it does next; until it does, the
        process is not calm."""
        self._catch_up = self._catch_up_if_trusted if is_trusted else None

    def is_deadlocked(self) -> bool:
        """Return whether its workers wait for the strategy, and the strategy for nothing that will
        happen."""
        timers = self.waits.timers()
        return bool(timers) and not self.world.loop.is_due_for(self.owner, timers)

    def wake(self) -> None:
        """End the calm, if there is one: bring every worker up to now, and step from here."""
        if not self.is_calm:
            return
        held = self.held
        assert held is not None
        assert self._catch_up is not None
        loop = self.world.loop
        self._catch_up(held, loop.now, loop.posted_key)
        self.is_calm = False
        self.held = None
        self.world.touches.is_awake(self.number, token_number(held.token.value))
        for worker in self.workers:
            if worker.is_resting:
                worker.rest()


def _waits(world: World, strategy: Strategy) -> Waits:
    """Return the waits for ``strategy``; with a client of the user's, for whole operations."""
    fleet, brings_client = world.plan.fleet, isinstance(strategy, OwnClient)
    return Waits(
        limit=fleet.timeout if brings_client else fleet.patience(),
        half=world.plan.duration // 2,
        endpoint="" if brings_client else "token",
        grace=0 if brings_client else JUST_AFTER,
        clock=world.clock,
        tally=world.tally,
    )


def _peek_truly(strategy: Strategy, clock: SkewedClock) -> Held | None:
    """Return what ``strategy`` holds, until an instant of the true time and not of its clock."""
    held = strategy.peek()
    return None if held is None else held._replace(until=clock.shows_at(held.until))
