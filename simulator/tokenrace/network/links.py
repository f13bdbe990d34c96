"""How long a request and its answer take.

One round trip is drawn per request and cut in two: the way there, after which the request arrives
and takes effect, and the way back. Then the rules of ``fates.py`` may lose either.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tokenrace.clock import Ticks
from tokenrace.distributions import CHANCES, Distribution, Spanned
from tokenrace.network.fates import LinkName, Loss, Partition, Rule, Ways
from tokenrace.rng import Spans, SpanStream, Streams

PER_MILLE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """The law of the round trips to one endpoint.

    ``arrival_per_mille`` is the share of a round trip that has passed when the request arrives;
    ``loss_per_million`` the chance of each message to be lost.
    """

    round_trip: Distribution
    arrival_per_mille: int = 500
    loss_per_million: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.arrival_per_mille <= PER_MILLE:
            raise ValueError(f"arrival must be within 0 to 1, got {self.arrival_per_mille / 1000}")

    def theres(self, round_trips: Spans) -> Spans:
        """Return the way there of each of ``round_trips``, as ``LinkStream`` does of one."""
        if 2 * self.arrival_per_mille == PER_MILLE:
            return round_trips >> 1  # the same, without a division
        return round_trips * self.arrival_per_mille // PER_MILLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """The links of a scenario. ``store`` is used on virtual time only: a real store takes its own
    time."""

    token: Link
    api: Link
    store: Link
    partitions: tuple[Partition, ...] = ()

    def named(self, name: LinkName) -> Link:
        """Return the link called ``name``."""
        match name:
            case "token":
                return self.token
            case "api":
                return self.api
            case "store":
                return self.store

    def rules(
        self, name: LinkName, caller: str, chances: Callable[[], Spanned]
    ) -> tuple[Rule, ...]:
        """Return what may befall ``caller``'s messages; ``chances`` makes a stream of its own."""
        loss = self.named(name).loss_per_million
        losses = (Loss(chances(), loss),) if loss else ()
        return losses + self.cuts(name, caller)

    def cuts(self, name: LinkName, caller: str) -> tuple[Partition, ...]:
        """Return the partitions that concern ``caller`` on the link ``name``."""
        return tuple(cut for cut in self.partitions if cut.concerns(name, caller))


class LinkStream:
    """One caller's own sequence of round trips over one link, in the order it sends."""

    __slots__ = ("_link", "_next_span", "_per_mille", "_spans", "rules")

    def __init__(self, link: Link, spans: Spanned, rules: Sequence[Rule] = ()) -> None:
        self._link = link
        self._per_mille = link.arrival_per_mille
        self._spans = spans
        self._next_span = spans.next
        self.rules = rules

    def under(self, rules: Sequence[Rule]) -> "LinkStream":
        """Return the same round trips under more ``rules``."""
        return LinkStream(self._link, self._spans, (*self.rules, *rules))

    def next(self, sent_at: Ticks) -> Ways:
        """Return the ways of the caller's next request, sent at ``sent_at``."""
        span = self._next_span()
        there = span * self._per_mille // PER_MILLE  # as Link.theres does
        ways = Ways(there, span - there)
        for rule in self.rules:
            ways = rule.fate(ways, sent_at)
        return ways


def stream_of(
    links: Links, name: LinkName, streams: Streams, caller: str, drawn_as: str
) -> LinkStream:
    """Return the round trips of ``caller`` over the link ``name``, from the first, drawn from
    streams with ``drawn_as`` in their names."""
    link = links.named(name)
    spans = streams.spans(f"latency/{name}/{drawn_as}", link.round_trip)

    def chances() -> SpanStream:
        return streams.spans(f"loss/{name}/{drawn_as}", CHANCES)

    return LinkStream(link, spans, links.rules(name, caller, chances))
