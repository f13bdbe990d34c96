"""Follows the processes of a run on the wire until each has sent its record or died.

None is waited for longer than ``end_within`` after the run's end: who has not ended by then, be
it that it stands still or that it is busy, is killed, and that is a death nobody had asked for.
"""

from collections.abc import Callable

from tokenrace.clock import Clock, Ticks, seconds
from tokenrace.simulation.wire.attendants import Attendants, RunSpan
from tokenrace.simulation.wire.children import (
    LOOK_EVERY_S,
    Child,
    next_message,
    readable,
)
from tokenrace.simulation.wire.fleet_conductor import FleetConductor
from tokenrace.simulation.wire.lives import Life, Lives
from tokenrace.simulation.wire.messages import ClientRecord, Hindered, Progress, Ready, Struck
from tokenrace.trace.events import EventSink, ProcessEnded


class Watch:
    """Hears what every process of a run says, and lets the conductor act in time."""

    def __init__(
        self,
        attendants: Attendants,
        lives: Lives,
        conductor: FleetConductor,
        sink: EventSink,
        clock: Clock,
        span: RunSpan,
    ) -> None:
        self._attendants = attendants
        self._lives = lives
        self._conductor = conductor
        self._sink = sink
        self._clock = clock
        self._span = span
        self._deaths: list[ProcessEnded] = []
        self._is_over = False

    def until_all_ended(self, report: Callable[[Ticks], None]) -> tuple[ProcessEnded, ...]:
        """Take every message until no process is left; return the deaths nobody had asked for.

        A run that has lost its provider ends there and then.
        """
        self._conductor.begin()
        while self._goes_on():
            self._hear(self._pause())
            self._conductor.act()
            self._end_those_left()
            report(self._now())
        for life in self._lives.all:
            self._lives.abandon(life)
        self._attendants.finish(lambda: report(self._span.duration))
        return (*self._deaths, *self._attendants.deaths)

    def _goes_on(self) -> bool:
        if self._attendants.provider_is_gone:
            return False
        return bool(self._lives.all) or self._conductor.next_at() is not None

    def _now(self) -> Ticks:
        """Return how far the run is: one may die before it begins, or end after it."""
        return min(max(0, self._clock.now()), self._span.duration)

    def _end_those_left(self) -> None:
        """When the run is over, kill who stands still because that was planned, and in the end
        everybody."""
        over = self._clock.now() - self._span.duration
        if over >= 0 and not self._is_over:
            self._is_over = True
            self._conductor.end_pauses()
        if over >= self._span.end_within:
            for life in self._lives.all:
                self._lives.end_stuck(life, self._span.end_within)

    def _pause(self) -> float:
        """Return how long to wait for messages, in seconds."""
        at = self._conductor.next_at()
        if at is None:
            return LOOK_EVERY_S
        return min(LOOK_EVERY_S, seconds(max(0, at - self._clock.now())))

    def _hear(self, timeout_s: float) -> None:
        attendants = self._attendants.children
        for child in readable([*attendants, *self._lives.children], timeout_s):
            life = self._lives.of_child(child)
            if child in attendants:
                self._attendants.hear(child)
            elif life is None:
                self._hear_spare(child)
            else:
                self._take(life, next_message(child))

    def _hear_spare(self, spare: Child) -> None:
        if next_message(spare) is None:  # else it is ready, or will be
            self._lives.lost(spare)

    def _take(self, life: Life, message: object) -> None:
        match message:
            case Ready() | Hindered():
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
        now = self._now()
        if life.stands_until and now >= self._span.duration:
            self._lives.ended(life)  # killed because the run is over
            return
        death = self._lives.died(life, now)
        self._sink.write(death)
        if life.is_killed:
            self._conductor.after_death(life)
        else:
            self._deaths.append(death)
