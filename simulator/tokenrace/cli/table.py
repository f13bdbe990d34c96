"""The result table: one row per strategy, the rates first."""

from collections.abc import Mapping

from rich.console import Console
from rich.text import Text

from tokenrace.analysis.failure_words import failures_in_words, is_told
from tokenrace.analysis.figures import StrategyFigures
from tokenrace.analysis.intervals import Estimate
from tokenrace.analysis.spread import findings_of
from tokenrace.analysis.summary import Summary
from tokenrace.analysis.wording import percent
from tokenrace.cli.fitting_table import FittingTable

UNKNOWN = "unknown: operations whose answer never came, or whose token, and those failed as well"
CAUSES_401 = "causes of the 401s"


def print_table(console: Console, summary: Summary) -> None:
    """Print the figures of every strategy of ``summary``."""
    shows_unknown = any(f.operations_by_outcome["unknown"] for f in summary.strategies.values())
    shows_outages = any(_had_outages(figures) for figures in summary.strategies.values())
    unknown = ["unknown"] if shows_unknown else []
    outages = ["outages"] if shows_outages else []
    FittingTable(
        title=_title(summary),
        caption=(
            ("", f"401 rate of API responses with its 95 % interval {_of_what(summary)}"),
            ("", "failed operations after retries"),
            ("unknown", UNKNOWN),
            ("outages", "outages: how many, the longest, in how many seeds"),
        ),
        headings=("401 rate", "failed", *unknown, *outages, "p95", "tokens", CAUSES_401),
        rows={
            strategy: _cells(figures, shows_unknown=shows_unknown, shows_outages=shows_outages)
            for strategy, figures in summary.strategies.items()
        },
        leaving=(CAUSES_401, "outages", "tokens", "p95", "unknown", "failed"),
        told_elsewhere=frozenset({"outages"}),
    ).print(console)
    for name, figures in summary.strategies.items():
        for finding in findings_of(name, figures):
            console.print(Text(finding), soft_wrap=True, highlight=False)
    print_failures(console, {name: each.failures for name, each in summary.strategies.items()})
    for death in summary.deaths:
        requests = "request" if death.in_flight == 1 else "requests"
        console.print(
            f"WARNING  {death.strategy}, seed {death.seed}: {death.who} died "
            f"{death.at_s:.1f} s into the run ({death.reason}) and took no further part; the "
            f"{death.in_flight} {requests} it had in flight count as unknown",
            style="yellow",
            highlight=False,
            soft_wrap=True,
        )


def _of_what(summary: Summary) -> str:
    return "over the seeds" if len(summary.seeds) > 1 else "within the one run"


def print_failures(console: Console, failures: Mapping[str, Mapping[str, int]]) -> None:
    """Print of each strategy why operations of it failed, where that was not for 401s alone."""
    for strategy, of_strategy in failures.items():
        if is_told(of_strategy):
            text = f"failed   {strategy}: {failures_in_words(of_strategy)}"
            console.print(text, markup=False, highlight=False, soft_wrap=True)


def _title(summary: Summary) -> str:
    seeds = f"{len(summary.seeds)} {'seed' if len(summary.seeds) == 1 else 'seeds'}"
    return f"{summary.scenario}: {seeds} on the {summary.engine} engine"


def _had_outages(figures: StrategyFigures) -> bool:
    return figures.outages is not None and figures.outages.longest is not None


def _cells(figures: StrategyFigures, *, shows_unknown: bool, shows_outages: bool) -> list[str]:
    p95 = figures.latency_ms.p95
    causes = [f"{cause} {count:,}" for cause, count in figures.causes.items() if count]
    return [
        _with_interval(figures.rate_401),
        _rate(figures.failure_rate),
        *([_unknown(figures)] if shows_unknown else []),
        *([_outages(figures)] if shows_outages else []),
        "-" if p95 is None else f"{p95:,.0f} ms",
        f"{figures.tokens_issued:,}",
        ",\n".join(causes) or "none",
    ]


def _rate(estimate: Estimate | None) -> str:
    return "-" if estimate is None else percent(estimate.mean)


def _unknown(figures: StrategyFigures) -> str:
    unknown = figures.operations_by_outcome["unknown"]
    return percent(unknown / figures.operations) if figures.operations else "-"


def _outages(figures: StrategyFigures) -> str:
    return "-" if figures.outages is None else figures.outages.in_short().replace(", ", ",\n")


def _with_interval(estimate: Estimate | None) -> str:
    if estimate is None:
        return "-"
    low, high = (percent(bound).removesuffix(" %") for bound in (estimate.low, estimate.high))
    return f"{percent(estimate.mean)}\n({low} to {high})"
