"""What all simulated processes of a run share: time, the provider, and what is counted."""

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tokenrace.clock import Clock, Ticks
from tokenrace.engine.loop import VirtualLoop
from tokenrace.network.links import Link
from tokenrace.provider.endpoints import Provider
from tokenrace.provider.recorder import Recorder
from tokenrace.rng import Streams
from tokenrace.simulation.plan import RunPlan
from tokenrace.simulation.virtual.touches import Touches
from tokenrace.stores.simulated import SharedState
from tokenrace.trace.events import EventSink
from tokenrace.trace.tally import ClientTally

if TYPE_CHECKING:
    from tokenrace.simulation.virtual.own_processes import OwnProcesses
    from tokenrace.simulation.virtual.served import ServedProvider


@dataclass(slots=True, kw_only=True)
class World:
    """One run on virtual time. ``ended`` is done at its end, or gets the error that ended it.
    ``served`` is the provider's HTTP, where a class of the user's brings its own client; ``own``
    what its processes have to themselves, where any class of the user's runs."""

    plan: RunPlan
    loop: VirtualLoop
    clock: Clock
    provider: Provider
    recorder: Recorder
    sink: EventSink
    tally: ClientTally
    store: SharedState
    store_link: Link
    streams: Streams
    ended: asyncio.Future[None]
    skips_calm: bool
    skipped: int = 0
    served: "ServedProvider | None" = None
    own: "OwnProcesses | None" = None
    touches: Touches = field(default_factory=Touches)
    _shards: dict[int, SharedState] = field(default_factory=dict, init=False)

    def shard(self, number: int) -> SharedState:
        """Return the record and the lock that the store keeps for one part of the fleet's work. The
        first part's are the ones that a fleet which is not divided has."""
        if number == 0:
            return self.store
        if number not in self._shards:
            self._shards[number] = SharedState(
                self.clock, lag_max=self.store.lag_max, lag=self.store.lag
            )
        return self._shards[number]

    def set_lag(self, lag: Ticks) -> None:
        """Let reads of the store be ``lag`` behind from now on."""
        for state in (self.store, *self._shards.values()):
            state.lag = lag

    def fail(self, error: BaseException) -> None:
        """End the run with ``error``; only the first counts."""
        if not self.ended.done():
            self.ended.set_exception(error)

    def finish(self) -> None:
        """End the run: its time is over."""
        if not self.ended.done():
            self.ended.set_result(None)
