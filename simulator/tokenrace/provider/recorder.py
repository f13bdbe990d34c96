"""What a run writes down of the provider's side, whichever engine carries the requests."""

from collections.abc import Sequence

from tokenrace.clock import Ticks
from tokenrace.provider.messages import Accepted, Granted, Refused
from tokenrace.provider.needless import NeedlessIssues
from tokenrace.trace.events import EventSink, ProviderEvent
from tokenrace.trace.tally import Peak, ProviderTally


class Recorder:
    """Counts every answer of the provider and passes its events on."""

    __slots__ = ("_needless", "_requests", "_sink", "tally")

    def __init__(self, tally: ProviderTally, sink: EventSink) -> None:
        self.tally = tally
        self._sink = sink
        self._needless = NeedlessIssues()
        self._requests = Peak()

    def token_requested(self, now: Ticks) -> None:
        """Take one request that reached the token endpoint, whatever becomes of it."""
        self.tally.token_requested(now, self._requests.add(now))

    def issue_answered(
        self, now: Ticks, reply: Granted | Refused, events: Sequence[ProviderEvent], live: int
    ) -> None:
        """Take one answer of the token endpoint; ``live`` tokens are live after it."""
        if isinstance(reply, Granted):
            self.tally.tokens_issued += reply.is_new
            self.tally.live_peak = max(self.tally.live_peak, live)
        else:
            self.tally.issue_refused(now, reply.status, reply.error)
        self.happened(events)

    def call_answered(
        self, now: Ticks, reply: Accepted | Refused, events: Sequence[ProviderEvent]
    ) -> None:
        """Take one answer of the API."""
        cause = reply.cause if isinstance(reply, Refused) else None
        self.tally.responded(now, reply.status, cause)
        for event in events:
            self._sink.write(event)

    def happened(self, events: Sequence[ProviderEvent]) -> None:
        """Take what happened beside any answer."""
        self._needless.take(events)
        self.tally.needless_issues = self._needless.of_fleet
        self.tally.needless_issues_own = self._needless.of_processes
        for event in events:
            self._sink.write(event)
