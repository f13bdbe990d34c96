"""Follows the processes of a run on the wire until each client has sent its record or died."""

from collections.abc import Callable

from simulator.clock import Clock, Ticks, seconds
from simulator.errors import RunError
from simulator.simulation.wire.children import Child, describe_exit, next_message, readable
from simulator.simulation.wire.fleet_conductor import FleetConductor
from simulator.simulation.wire.lives import Life, Lives
from simulator.simulation.wire.messages import ClientRecord, Progress, Ready, Struck
from simulator.trace.events import EventSink, ProcessEnded

LOOK_EVERY_S = 0.2


def provider_died(server: Child) -> RunError:
    """Return the error for a run that has lost its provider."""
    return RunError(f"the provider's process died ({describe_exit(server)})")


class Watch:
    """Hears what every process of a run says, and lets the conductor act in time."""

    def __init__(
        self,
        server: Child,
        lives: Lives,
        conductor: FleetConductor,
        sink: EventSink,
        clock: Clock,
        duration: Ticks,
    ) -> None:
        self._server = server
        self._lives = lives
        self._conductor = conductor
        self._sink = sink
        self._clock = clock
        self._duration = duration
        self._deaths: list[ProcessEnded] = []

    def until_all_ended(self, report: Callable[[Ticks], None]) -> tuple[ProcessEnded, ...]:
        """Take every message until no client is left; return the deaths nobody had asked for."""
        self._conductor.begin()
        is_over = False
        while self._lives.all or self._conductor.next_at() is not None:
            self._hear(self._pause())
            self._conductor.act()
            now = self._clock.now()
            if now >= self._duration and not is_over:
                is_over = True
                self._conductor.end_pauses()
            report(min(max(now, 0), self._duration))
        return tuple(self._deaths)

    def _pause(self) -> float:
        """Return how long to wait for messages, in seconds."""
        at = self._conductor.next_at()
        if at is None:
            return LOOK_EVERY_S
        return min(LOOK_EVERY_S, seconds(max(0, at - self._clock.now())))

    def _hear(self, timeout_s: float) -> None:
        for child in readable([self._server, *self._lives.children], timeout_s):
            if child is self._server:
                next_message(child)  # raises with its traceback, if it could send one
                raise provider_died(child)
            life = self._lives.of_child(child)
            if life is None:
                self._hear_spare(child)
            else:
                self._take(life, next_message(child))

    def _hear_spare(self, spare: Child) -> None:
        if next_message(spare) is None:
            self._lives.lost(spare)

    def _take(self, life: Life, message: object) -> None:
        match message:
            case Ready():
                pass  # it was started in the middle of the run
            case Progress(tally):
                life.tally = tally
            case Struck(fault):
                self._conductor.struck_within(life, fault)
            case ClientRecord(tally):
                life.tally = tally
                self._lives.ended(life)
            case None:
                self._died(life)
            case other:
                raise AssertionError(other)

    def _died(self, life: Life) -> None:
        now = max(0, self._clock.now())  # one may die before the run begins
        if life.stands_until and now >= self._duration:
            self._lives.ended(life)  # killed because the run is over
            return
        death = self._lives.died(life, now)
        self._sink.write(death)
        if life.is_killed:
            self._conductor.after_death(life)
        else:
            self._deaths.append(death)
