"""The processes of a run on the wire that are no part of the fleet: the provider's, the broker's
and the one that makes the faults of the store happen.

They live as long as the run does. One that dies before, or does not end when it is told to, is a
death that nobody had asked for; what it had told by then stands.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tokenrace.clock import Clock, Ticks
from tokenrace.simulation.wire.children import (
    LOOK_EVERY_S,
    Child,
    describe_exit,
    next_message,
    readable,
    tell,
)
from tokenrace.simulation.wire.messages import ClientRecord, Finish, Finished, ServerRecord
from tokenrace.simulation.wire.stuck import why_it_was_killed
from tokenrace.trace.events import EventSink, ProcessEnded
from tokenrace.trace.tally import ClientTally, ProviderTally, bin_width


@dataclass(frozen=True, slots=True)
class RunSpan:
    """How long a run lasts, and how long a process may take to end when it is over."""

    duration: Ticks
    end_within: Ticks


class Attendants:
    """The ``provider``'s process and ``others`` of one run."""

    def __init__(
        self,
        provider: Child,
        others: Sequence[Child],
        sink: EventSink,
        clock: Clock,
        span: RunSpan,
    ) -> None:
        self._provider = provider
        self._living = [provider, *others]
        self._sink = sink
        self._clock = clock
        self._span = span
        self.provider_tally = ProviderTally(width=bin_width(span.duration))
        self.client_tallies: list[ClientTally] = []
        self.deaths: list[ProcessEnded] = []

    @property
    def children(self) -> list[Child]:
        """Those who may have something to say, be it that they are dead."""
        return [*self._living]

    @property
    def provider_is_gone(self) -> bool:
        """Return whether there is nobody left to call."""
        return self._provider not in self._living

    def hear(self, child: Child) -> None:
        """Take the next message of ``child``, or that it has died.

        Raises:
            RunError: it failed through an error of its own.
        """
        match next_message(child):
            case ServerRecord(tally):
                self.provider_tally = tally
            case ClientRecord(tally):
                self.client_tallies.append(tally)
            case Finished():
                self._living.remove(child)
            case None:
                self._died(child, describe_exit(child))
            case other:
                raise AssertionError(other)

    def finish(self, still_wanted: Callable[[], None]) -> None:
        """Tell all to finish and hear them out; kill who has not ended in time.

        ``still_wanted`` is called a few times a second.

        Raises:
            RunError: one of them failed through an error of its own.
        """
        for child in self._living:
            tell(child, Finish())
        ends_at = self._clock.now() + self._span.end_within
        while self._living and self._clock.now() < ends_at:
            for child in readable(self._living, LOOK_EVERY_S):
                self.hear(child)
            still_wanted()
        for child in self.children:
            reason = why_it_was_killed(child, self._span.end_within)
            child.kill()
            self._died(child, reason)

    def _died(self, child: Child, reason: str) -> None:
        self._living.remove(child)
        at = min(max(0, self._clock.now()), self._span.duration)
        death = ProcessEnded(at=at, process=child.name, in_flight=child.unanswered(), reason=reason)
        self._sink.write(death)
        self.deaths.append(death)
