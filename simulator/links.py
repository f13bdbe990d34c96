"""How long messages take between a process and the provider.

One round trip is drawn per request and cut in two: the way there, after which the request arrives
and takes effect, and the way back.
"""

from dataclasses import dataclass
from typing import NamedTuple

from simulator.clock import Ticks
from simulator.distributions import Distribution, Spans
from simulator.rng import Spanned, Streams

PER_MILLE = 1_000


class Ways(NamedTuple):
    """One round trip, in ticks."""

    there: Ticks
    back: Ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """The law of the round trips to one endpoint.

    ``arrival_per_mille`` is the share of a round trip that has passed when the request arrives.
    """

    round_trip: Distribution
    arrival_per_mille: int = 500

    def __post_init__(self) -> None:
        if not 0 <= self.arrival_per_mille <= PER_MILLE:
            raise ValueError(f"arrival must be within 0 to 1, got {self.arrival_per_mille / 1000}")

    def cut(self, round_trip: Ticks) -> Ways:
        """Return both ways of ``round_trip``."""
        there = round_trip * self.arrival_per_mille // PER_MILLE
        return Ways(there, round_trip - there)

    def theres(self, round_trips: Spans) -> Spans:
        """Return the way there of each of ``round_trips``, as ``cut`` does."""
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


class LinkStream:
    """One caller's own sequence of round trips over one link, in the order it sends."""

    __slots__ = ("_link", "_spans")

    def __init__(self, link: Link, spans: Spanned) -> None:
        self._link = link
        self._spans = spans

    def next(self) -> Ways:
        """Return the ways of the caller's next request."""
        return self._link.cut(self._spans.next())


def api_stream(links: Links, streams: Streams, worker: str) -> LinkStream:
    """Return the API round trips of ``worker``, from the first."""
    return LinkStream(links.api, streams.spans(f"latency/api/{worker}", links.api.round_trip))


def token_stream(links: Links, streams: Streams, process: str) -> LinkStream:
    """Return the token endpoint's round trips of ``process``, from the first."""
    return LinkStream(
        links.token, streams.spans(f"latency/token/{process}", links.token.round_trip)
    )
