"""Whether two engines give the same figures for the same scenario.

Under one seed both engines meet the same arrivals and latencies, so they are compared seed by seed.
They agree when the mean difference is no more than its interval can explain, and a little more:
what real HTTP and Python add to a latency is no disagreement about strategies, and neither is a
fraction of a per cent of a rate. Where the interval is so wide that nearly any two figures would
agree, nobody can tell: more seeds are needed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import sub
from typing import Literal, get_args

from tokenrace.analysis.intervals import mean_and_reach
from tokenrace.clock import MILLISECOND
from tokenrace.figures import FIGURES, Figure, RunPart
from tokenrace.trace.files import RecordedRun

Verdict = Literal["agree", "can't tell", "disagree"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """What two engines may differ by beyond chance, and how wide chance may be to say anything.

    Each is the larger of an absolute value and a share of the figure's size.
    """

    slack: float
    slack_share: float
    reach: float
    reach_share: float


RATES = Tolerance(slack=0.01, slack_share=0, reach=0.15, reach_share=0)
COUNTS = Tolerance(slack=1, slack_share=0.05, reach=4, reach_share=0.5)
LATENCIES = Tolerance(slack=20, slack_share=0.1, reach=50, reach_share=0.5)


TOLERANCES: Mapping[str, Tolerance] = {
    "rate_401": RATES,
    "failure_rate": RATES,
    "unknown_rate": RATES,
    "issues_refused": COUNTS,
    "tokens_issued": COUNTS,
    "live_peak": COUNTS,
    "operations": COUNTS,
    "latency_p50": LATENCIES,
    "latency_p95": LATENCIES,
}
"""The figures that are compared, in this order; spans are compared in milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A mean over seeds and how far its 95 % interval reaches to either side."""

    mean: float
    reach: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One figure on both engines, and wire less virtual seed by seed.

    A spread is None where a run of that engine has no such figure; then nothing can be compared.
    """

    figure: Figure
    wire: Spread | None
    virtual: Spread | None
    difference: Spread | None

    @property
    def verdict(self) -> Verdict:
        """Whether the difference can be chance, or is too small to matter."""
        if self.wire is None or self.virtual is None or self.difference is None:
            return "can't tell" if self.wire is self.virtual else "disagree"
        tolerance = TOLERANCES[self.figure.name]
        size = max(self.wire.mean, self.virtual.mean)
        slack = max(tolerance.slack, tolerance.slack_share * size)
        if abs(self.difference.mean) > self.difference.reach + slack:
            return "disagree"
        widest = max(tolerance.reach, tolerance.reach_share * size)
        return "agree" if self.difference.reach <= widest else "can't tell"


def compare(wire: Sequence[RecordedRun], virtual: Sequence[RecordedRun]) -> list[Compared]:
    """Return every figure of one strategy on both engines, with the same seeds, two or more."""
    assert [run.header.seed for run in wire] == [run.header.seed for run in virtual]
    return [_compare(FIGURES[name], wire, virtual) for name in TOLERANCES]


def _compare(
    figure: Figure, wire: Sequence[RecordedRun], virtual: Sequence[RecordedRun]
) -> Compared:
    on_wire = [value for run in wire if (value := _value(figure, run)) is not None]
    on_virtual = [value for run in virtual if (value := _value(figure, run)) is not None]
    is_paired = len(on_wire) == len(on_virtual) == len(wire)
    return Compared(
        figure=figure,
        wire=_spread(on_wire) if len(on_wire) == len(wire) else None,
        virtual=_spread(on_virtual) if len(on_virtual) == len(virtual) else None,
        difference=_spread(list(map(sub, on_wire, on_virtual))) if is_paired else None,
    )


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst of ``verdicts``: one disagreement outweighs everything."""
    return max(verdicts, key=get_args(Verdict).index)


def _spread(values: Sequence[float]) -> Spread:
    mean, reach = mean_and_reach(values)
    return Spread(mean=mean, reach=reach)


def _value(figure: Figure, run: RecordedRun) -> float | None:
    value = figure.of(RunPart(run=run))
    return value / MILLISECOND if value is not None and figure.unit == "span" else value
