"""What all simulated processes of a run share: time, the provider, and what is counted."""

import asyncio
from dataclasses import dataclass, field

from simulator.clock import Clock
from simulator.engine.loop import VirtualLoop
from simulator.network.links import Link
from simulator.provider.endpoints import Provider
from simulator.provider.recorder import Recorder
from simulator.rng import Streams
from simulator.simulation.plan import RunPlan
from simulator.simulation.virtual.touches import Touches
from simulator.stores.simulated import SharedState
from simulator.trace.events import EventSink
from simulator.trace.tally import ClientTally


@dataclass(slots=True, kw_only=True)
class World:
    """One run on virtual time. ``ended`` is done at its end, or gets the error that ended it."""

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
    touches: Touches = field(default_factory=Touches)

    def fail(self, error: BaseException) -> None:
        """End the run with ``error``; only the first counts."""
        if not self.ended.done():
            self.ended.set_exception(error)

    def finish(self) -> None:
        """End the run: its time is over."""
        if not self.ended.done():
            self.ended.set_result(None)
