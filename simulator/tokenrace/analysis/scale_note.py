"""What must stand under every figure of a scaled run: what the scale did, and what is true.

``time_scale`` shrinks lifetimes and pauses, not latencies, so a scaled run is a run of another
fleet. Beside its figures stand those at true scale, on the virtual engine.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tokenrace.analysis.figures import StrategyFigures
from tokenrace.analysis.intervals import Estimate
from tokenrace.analysis.wording import percent, several

TOLERANCE = 0.01
"""Rates that differ by no more than this say the same, whatever their intervals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueFigures:
    """A strategy at true scale, over ``seeds`` runs on the virtual engine; the rates are None where
    nothing was counted. ``left_out`` says why there are no runs; empty where there are."""

    seeds: int = 0
    rate_401: Estimate | None = None
    failure_rate: Estimate | None = None
    tokens_per_lifetime: float | None = None
    left_out: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleNote:
    """What ``time_scale`` did to runs on the wire.

    ``effect`` is a sentence with the weight of a refresh; ``warnings`` are known before the runs.
    ``strategies`` are the figures at true scale, by name.
    """

    time_scale: float
    effect: str
    warnings: tuple[str, ...]
    strategies: dict[str, TrueFigures]

    def headline(self) -> str:
        """Return what was scaled, in a sentence."""
        return (
            f"scaled: all but latencies, time-outs and locks went {self.time_scale:g} times as "
            "fast as the scenario says"
        )

    def truth(self) -> str:
        """Return what the virtual engine gives at true scale, in a sentence."""
        found = {name: of for name, of in self.strategies.items() if not of.left_out}
        told = [f"{name} {_rate(of.rate_401)}" for name, of in found.items()]
        told += [f"{name} unknown, {of.left_out}" for name, of in self._left_out()]
        counts = {of.seeds for of in found.values()}
        seeds = f" ({several(min(counts), 'seed')} or more)" if len(counts) > 1 else ""
        if len(counts) == 1:
            seeds = f" ({several(counts.pop(), 'seed')})"
        return f"401 rate at true scale, on the virtual engine{seeds}: {', '.join(told)}"

    def short(self) -> str:
        """Return the note for where there is room for a line: the title of a plot."""
        told = [
            f"{name} {'unknown' if of.left_out else _mean(of.rate_401)}"
            for name, of in self.strategies.items()
        ]
        return (
            f"scaled, {self.time_scale:g} times as fast as written; 401 rate at true scale, on "
            f"the virtual engine: {', '.join(told)}"
        )

    def _left_out(self) -> Iterator[tuple[str, TrueFigures]]:
        yield from ((name, of) for name, of in self.strategies.items() if of.left_out)


def true_figures(figures: StrategyFigures) -> TrueFigures:
    """Return ``figures``, which are of runs at true scale, as a note holds them."""
    return TrueFigures(
        seeds=len(figures.per_seed),
        rate_401=figures.rate_401,
        failure_rate=figures.failure_rate,
        tokens_per_lifetime=figures.tokens_per_lifetime,
    )


def misleading(note: ScaleNote, scaled: Mapping[str, StrategyFigures]) -> Sequence[str]:
    """Return a sentence for each strategy whose ``scaled`` rates are not those at true scale."""
    return [
        sentence
        for name, figures in scaled.items()
        if name in note.strategies
        for sentence in _differing(name, figures, note.strategies[name])
    ]


def _differing(name: str, scaled: StrategyFigures, true: TrueFigures) -> Iterator[str]:
    pairs = (
        ("a 401 rate", scaled.rate_401, true.rate_401),
        ("a failure rate", scaled.failure_rate, true.failure_rate),
    )
    for figure, fast, slow in pairs:
        if fast is not None and slow is not None and _is_other(fast, slow):
            yield (
                f"{name}: {figure} of {_rate(fast)} comes from the scale; at true scale it is "
                f"{_rate(slow)}"
            )
            return


def _is_other(fast: Estimate, slow: Estimate) -> bool:
    apart = fast.low > slow.high or fast.high < slow.low
    return apart and abs(fast.mean - slow.mean) > TOLERANCE


def _mean(estimate: Estimate | None) -> str:
    return "without responses" if estimate is None else percent(estimate.mean)


def _rate(estimate: Estimate | None) -> str:
    if estimate is None:
        return "without responses"
    low, high = (percent(bound).removesuffix(" %") for bound in (estimate.low, estimate.high))
    return f"{percent(estimate.mean)} ({low} to {high})"
