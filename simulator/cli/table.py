"""The result table: one row per strategy, the rates first."""

from rich.console import Console
from rich.table import Table

from simulator.analysis.figures import StrategyFigures
from simulator.analysis.intervals import Estimate
from simulator.analysis.summary import Summary


def print_table(console: Console, summary: Summary) -> None:
    """Print the figures of every strategy of ``summary``."""
    table = Table(title=_title(summary), title_justify="left", title_style="bold")
    table.add_column("strategy")
    for heading in ("401 rate", "95 % interval", "failed", "p95"):
        table.add_column(heading, justify="right")
    table.add_column("tokens issued", justify="right")
    table.add_column("causes of the 401s")
    for strategy, figures in summary.strategies.items():
        table.add_row(strategy, *_cells(figures))
    console.print(table)


def _title(summary: Summary) -> str:
    seeds = len(summary.seeds)
    return f"{summary.scenario}: {seeds} {'seed' if seeds == 1 else 'seeds'} on the {summary.engine} engine"


def _cells(figures: StrategyFigures) -> list[str]:
    p95 = figures.latency_ms.p95
    causes = [f"{cause} {count:,}" for cause, count in figures.causes.items() if count]
    return [
        _rate(figures.rate_401),
        _interval(figures.rate_401),
        _rate(figures.failure_rate),
        "-" if p95 is None else f"{p95:,.0f} ms",
        f"{figures.tokens_issued:,}",
        ", ".join(causes) or "none",
    ]


def _rate(estimate: Estimate | None) -> str:
    return "-" if estimate is None else percent(estimate.mean)


def _interval(estimate: Estimate | None) -> str:
    return "-" if estimate is None else f"{percent(estimate.low)} to {percent(estimate.high)}"


def percent(share: float) -> str:
    """Return ``share`` as a percentage with two significant digits below 10 %."""
    shown = 100 * share
    if shown == 0:
        return "0 %"
    return f"{shown:.1f} %" if shown >= 1 else f"{shown:.2g} %"
