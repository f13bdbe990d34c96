"""Whether two engines give the same figures for the same scenario.

Two means over seeds agree when they differ by no more than both their intervals together can
explain, and a little more: what real HTTP and Python add to a latency is no disagreement about
strategies, and neither is a fraction of a per cent of a rate.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from simulator.analysis.figures import operations_failed, responses_401
from simulator.analysis.intervals import t_975
from simulator.clock import MILLISECOND
from simulator.trace.files import RecordedRun

RATE_SLACK = 0.01
LATENCY_SLACK_MS = 20.0
COUNT_SLACK = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A mean over seeds and how far its 95 % interval reaches to either side."""

    mean: float
    reach: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Return the spread of ``values``, one for each of two seeds or more."""
        count = len(values)
        assert count > 1, "one seed has no spread"
        mean = math.fsum(values) / count
        variance = math.fsum((value - mean) ** 2 for value in values) / (count - 1)
        return cls(mean=mean, reach=t_975(count - 1) * math.sqrt(variance / count))


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One figure on both engines."""

    figure: str
    wire: Spread
    virtual: Spread
    slack: float

    @property
    def agrees(self) -> bool:
        """Whether the difference can be chance, or is too small to matter."""
        apart = abs(self.wire.mean - self.virtual.mean)
        return apart <= math.hypot(self.wire.reach, self.virtual.reach) + self.slack


def compare(wire: Sequence[RecordedRun], virtual: Sequence[RecordedRun]) -> list[Compared]:
    """Return every figure of one strategy on both engines, each with two seeds or more."""
    rows = []
    for figure in _of_run(wire[0]):
        on_wire = Spread.of([_of_run(run)[figure] for run in wire])
        on_virtual = Spread.of([_of_run(run)[figure] for run in virtual])
        slack = _slack(figure, max(on_wire.mean, on_virtual.mean))
        rows.append(Compared(figure=figure, wire=on_wire, virtual=on_virtual, slack=slack))
    return rows


def _of_run(run: RecordedRun) -> dict[str, float]:
    latency = run.clients.latency
    return {
        "rate_401": responses_401(run).share() or 0.0,
        "failure_rate": operations_failed(run).share() or 0.0,
        "tokens_issued": float(run.provider.tokens_issued),
        "live_peak": float(run.provider.live_peak),
        "operations": float(sum(sum(bins) for bins in run.clients.operations.values())),
        "latency_p50_ms": (latency.quantile(0.5) or 0) / MILLISECOND,
        "latency_p95_ms": (latency.quantile(0.95) or 0) / MILLISECOND,
    }


def _slack(figure: str, size: float) -> float:
    if figure.endswith("_ms"):
        return LATENCY_SLACK_MS
    return RATE_SLACK if "rate" in figure else COUNT_SLACK * size
