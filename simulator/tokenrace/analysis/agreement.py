"""Whether two engines give the same figures for the same scenario.

Under one seed both engines meet the same arrivals and latencies, so they are compared seed by seed.
They agree when the mean difference is no more than its interval can explain, and a little more:
what real HTTP and Python add to a latency is no disagreement about strategies, and neither is a
fraction of a per cent of a rate. Where the interval is so wide that nearly any two figures would
agree, nobody can tell: more seeds are needed.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import sub
from typing import Literal, get_args

from tokenrace.analysis.figures import operations_failed, operations_unknown, responses_401
from tokenrace.analysis.intervals import mean_and_reach
from tokenrace.clock import MILLISECOND, Ticks
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


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a run: None where the run counted nothing it could be made of."""

    name: str
    tolerance: Tolerance
    of: Callable[[RecordedRun], float | None]


FIGURES = (
    Figure("rate_401", RATES, lambda run: responses_401(run).share()),
    Figure("failure_rate", RATES, lambda run: operations_failed(run).share()),
    Figure("unknown_rate", RATES, lambda run: operations_unknown(run).share()),
    Figure("issues_refused", COUNTS, lambda run: float(run.provider.issues_refused)),
    Figure("tokens_issued", COUNTS, lambda run: float(run.provider.tokens_issued)),
    Figure("live_peak", COUNTS, lambda run: float(run.provider.live_peak)),
    Figure("operations", COUNTS, lambda run: float(_operations(run))),
    Figure("latency_p50_ms", LATENCIES, lambda run: _in_ms(run.clients.latency.quantile(0.5))),
    Figure("latency_p95_ms", LATENCIES, lambda run: _in_ms(run.clients.latency.quantile(0.95))),
)


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
        tolerance = self.figure.tolerance
        size = max(self.wire.mean, self.virtual.mean)
        slack = max(tolerance.slack, tolerance.slack_share * size)
        if abs(self.difference.mean) > self.difference.reach + slack:
            return "disagree"
        widest = max(tolerance.reach, tolerance.reach_share * size)
        return "agree" if self.difference.reach <= widest else "can't tell"


def compare(wire: Sequence[RecordedRun], virtual: Sequence[RecordedRun]) -> list[Compared]:
    """Return every figure of one strategy on both engines, with the same seeds, two or more."""
    assert [run.header.seed for run in wire] == [run.header.seed for run in virtual]
    return [_compare(figure, wire, virtual) for figure in FIGURES]


def _compare(
    figure: Figure, wire: Sequence[RecordedRun], virtual: Sequence[RecordedRun]
) -> Compared:
    on_wire = [value for run in wire if (value := figure.of(run)) is not None]
    on_virtual = [value for run in virtual if (value := figure.of(run)) is not None]
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


def _operations(run: RecordedRun) -> int:
    return sum(sum(bins) for bins in run.clients.operations.values())


def _in_ms(span: Ticks | None) -> float | None:
    return None if span is None else span / MILLISECOND
