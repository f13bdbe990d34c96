"""When operations start, as laws and not as a clock: each worker's gaps, drawn from its own stream.

Closed: a worker starts an operation one think time after its last one ended, so a slow provider
slows the load. Open: operations start at instants of their own, however long earlier ones take.
An open law's rate is the whole fleet's. Its workers share it equally, each with its own gaps, so
that no worker needs to know of another.
"""

from dataclasses import dataclass

from tokenrace import distributions
from tokenrace.clock import SECOND, Ticks
from tokenrace.distributions import Distribution, Exponential


@dataclass(frozen=True, slots=True)
class Closed:
    """Each worker pauses for ``think`` between two operations."""

    think: Distribution


@dataclass(frozen=True, slots=True)
class Poisson:
    """Operations start independently of each other, ``rate_hz`` of them a second on average."""

    rate_hz: float

    def __post_init__(self) -> None:
        _check_rate(self.rate_hz)


@dataclass(frozen=True, slots=True)
class Constant:
    """Operations start evenly spaced over the fleet, ``rate_hz`` of them a second."""

    rate_hz: float

    def __post_init__(self) -> None:
        _check_rate(self.rate_hz)


Arrivals = Closed | Poisson | Constant


def gaps(arrivals: Arrivals, workers: int) -> Distribution:
    """Return the law of one worker's gaps, in a fleet of ``workers``.

    Closed gaps run from an operation's end to the next start; open gaps from start to start. The
    superposition of n Poisson processes of rate r/n is one of rate r.
    """
    match arrivals:
        case Closed(think):
            return think
        case Poisson(rate_hz):
            return Exponential(_gap(rate_hz, workers))
        case Constant(rate_hz):
            return distributions.Constant(_gap(rate_hz, workers))


def phase(arrivals: Arrivals, worker: int, workers: int) -> Ticks:
    """Return the shift of ``worker``'s first gap, in ticks, never positive.

    ``worker`` counts through the whole fleet from 0. Only the constant law needs a shift: the
    first gap of worker i then ends at (i + 1) / rate, so that the fleet takes turns.
    """
    if not isinstance(arrivals, Constant):
        return 0
    gap = _gap(arrivals.rate_hz, workers)
    return min(0, round((worker + 1) * SECOND / arrivals.rate_hz) - gap)


def _gap(rate_hz: float, workers: int) -> Ticks:
    """Return the mean gap of one worker: at least a tick, or its loop would never end."""
    return max(1, round(workers * SECOND / rate_hz))


def _check_rate(rate_hz: float) -> None:
    if not rate_hz > 0:
        raise ValueError(f"rate_hz must be positive, got {rate_hz}")
