"""What each plot shows in these runs, in a sentence: for whoever reads a report, or cannot see."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tokenrace.analysis.failure_words import failures_in_words, is_told
from tokenrace.analysis.figures import StrategyFigures
from tokenrace.analysis.intervals import Estimate
from tokenrace.analysis.lifelines import ENDS, lifelines_of
from tokenrace.analysis.wording import instant_text, several, span_text, tied
from tokenrace.analysis.wording import percent as loose_percent
from tokenrace.analysis.worst import merge, rates_of, shown_bins, worst_run, worst_told
from tokenrace.clock import MILLISECOND, Ticks
from tokenrace.figures import responses_401
from tokenrace.trace.events import CAUSES, Cause
from tokenrace.trace.files import RecordedRun

Strategies = Mapping[str, StrategyFigures]
Runs = Mapping[str, Sequence[RecordedRun]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A plot of a folder of results: its files are ``name`` with ``.svg`` and ``.png``.

    ``shows`` is a sentence or two on what can be seen in it in these very runs.
    """

    name: str
    title: str
    shows: str


@dataclass(frozen=True, slots=True)
class _Worst:
    """The bin, as the plot has it, in which the worst seed of a strategy had the most 401s."""

    strategy: str
    seed: int
    begins: Ticks
    width: Ticks
    rate: float
    cause: Cause


def pictures_of(strategies: Strategies, runs: Runs) -> tuple[Picture, ...]:
    """Return what there is to see in the plots of ``runs``, whose figures are ``strategies``."""
    return (
        Picture(name="rate-401", title="401 rate by strategy", shows=_of_rates(strategies)),
        Picture(
            name="rate-401-over-time", title="401 rate over time", shows=_of_time(strategies, runs)
        ),
        *_failures(strategies),
        Picture(name="token-lifelines", title="Token lifelines", shows=_of_lifelines(runs)),
        Picture(name="latency", title="What callers waited", shows=_of_latency(strategies)),
    )


def _failures(strategies: Strategies) -> list[Picture]:
    """Return the plot of why operations failed, where there is one."""
    told = {name: each.failures for name, each in strategies.items() if is_told(each.failures)}
    if not told:
        return []
    shows = " ".join(f"{name}: {failures_in_words(each)}." for name, each in told.items())
    title = "Why operations failed, over time"
    return [Picture(name="failures-over-time", title=title, shows=shows)]


def percent(share: float) -> str:
    return tied(loose_percent(share))


def _of_rates(strategies: Strategies) -> str:
    rates = {name: of.rate_401 for name, of in strategies.items() if of.rate_401 is not None}
    if not rates:
        return "No strategy got any response of the API."
    means = {name: rate.mean for name, rate in rates.items()}
    fewest, most = _ends(means)
    if len(rates) == 1:
        return f"{most[0]} got 401 for {_in_words(rates[most[0]])}."
    if len(most) == len(rates):
        return f"All strategies alike got 401 for {percent(means[most[0]])} of their responses."
    return (
        f"{_listed(most)} got 401 for {_in_words(rates[most[0]])}, the most; "
        f"{_listed(fewest)} for {_in_words(rates[fewest[0]])}, the fewest."
    )


def _in_words(rate: Estimate) -> str:
    low, high = percent(rate.low).removesuffix(tied(" %")), percent(rate.high)
    return f"{percent(rate.mean)} of the responses ({low} to {high})"


def _of_time(strategies: Strategies, runs: Runs) -> str:
    out = list(_outages(strategies))
    merged = shown_bins(runs)
    found = (_worst_bin(name, of, merged) for name, of in runs.items())
    worst = [each for each in found if each is not None]
    if not worst:
        return " ".join(["It is empty: no call of any strategy was refused with 401.", *out])
    most = max(worst, key=lambda each: each.rate)
    where = f", in seed {most.seed}" if len(runs[most.strategy]) > 1 else ""
    moment = (
        f"The worst moment is {most.strategy}'s{where}: from {instant_text(most.begins)} on, for "
        f"{span_text(most.width)}, {percent(most.rate)} of the responses were 401, most of them "
        f"because the token was {_because(most.cause)}."
    )
    return " ".join([*out, moment, _calm(runs)]).rstrip()


def _outages(strategies: Strategies) -> Iterator[str]:
    for name, figures in strategies.items():
        if figures.outages is not None and figures.outages.longest is not None:
            yield f"{name}: {figures.outages.sentence()}."


def _because(cause: Cause) -> str:
    words: Mapping[Cause, str] = {
        "not_yet_valid": "not valid yet",
        "app_blocked": "of a blocked app",
        "app_deactivated": "of a deactivated app",
        "owner_role": "of an owner without the role",
        "unknown_token": "unknown",
    }
    return words.get(cause, cause)


def _worst_bin(name: str, runs: Sequence[RecordedRun], merged: int) -> _Worst | None:
    run = worst_run(runs)
    rates = rates_of(run, merged)
    rate = max(rates)
    if not rate:
        return None
    worst = rates.index(rate)
    causes = {cause: merge(run.provider.refused[cause], merged)[worst] for cause in CAUSES}
    width = round(run.header.width * run.header.time_scale * merged)
    cause = max(causes, key=lambda cause: causes[cause])
    return _Worst(name, run.header.seed, worst * width, width, rate, cause)


def _calm(runs: Runs) -> str:
    calm = [
        name for name, of in runs.items() if not any(sum(responses_401(run).part) for run in of)
    ]
    return f"{_listed(calm)} had no 401 at any time." if calm else ""


def _of_lifelines(runs: Runs) -> str:
    told = {name: worst_told(of) for name, of in runs.items()}
    name = max(told, key=lambda name: told[name].provider.tokens_issued)
    run = told[name]
    shown = lifelines_of(run)
    if not shown.lines:
        return "No token was issued."
    within = [line.end if line.ended_at <= shown.end else "live" for line in shown.lines]
    ended = {end: within.count(end) for end in ENDS}
    words = {"live": "outlived it"}
    how = ", ".join(f"{count} {words.get(end, end)}" for end, count in ended.items() if count)
    window = round((shown.end - shown.start) * run.header.time_scale)
    seed = f" (seed {run.header.seed})" if len(runs[name]) > 1 else ""
    return (
        f"{name} had the most tokens issued in its worst run{seed}, "
        f"{run.provider.tokens_issued:,}. Its panel shows {several(len(shown.lines), 'token')} "
        f"and {span_text(window)}: {how}."
    )


def _of_latency(strategies: Strategies) -> str:
    waits = {
        name: of.latency_ms.p99 for name, of in strategies.items() if of.latency_ms.p99 is not None
    }
    if not waits:
        return "No operation got an answer."
    quickest, slowest = _ends(waits)
    shown = {name: span_text(round(p99 * MILLISECOND)) for name, p99 in waits.items()}
    quick, slow = shown[quickest[0]], shown[slowest[0]]
    if quick == slow:
        return f"Of 100 operations 99 took at most {slow}, with every strategy."
    return (
        f"Of 100 operations 99 took at most {slow} with {_listed(slowest)}, the slowest, and "
        f"{quick} with {_listed(quickest)}, the quickest."
    )


def _ends(values: Mapping[str, float]) -> tuple[list[str], list[str]]:
    """Return the names that have the lowest value, and those that have the highest."""
    low, high = min(values.values()), max(values.values())
    return (
        [name for name, value in values.items() if value == low],
        [name for name, value in values.items() if value == high],
    )


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
