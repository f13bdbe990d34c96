"""Whether what a served provider has seen since its reset is as somebody expects.

Only the provider's own figures can be judged: it sees no operation, retry or latency of a client.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import Field, model_validator

from tokenrace.fields.flaws import UNKNOWN_KEY_FLAW, Flaw, refusal
from tokenrace.fields.values import Section
from tokenrace.scenario.expectations import (
    FIGURES,
    Expectation,
    UnknownFigure,
    read_expectation,
    written,
)
from tokenrace.scenario.parts import WHOLE
from tokenrace.server.counts import Counts
from tokenrace.server.problems import PROBLEMS_MAX
from tokenrace.server.served import ServedProvider

Word = Literal["pass", "inconclusive", "fail"]
JUDGED = [
    name
    for name in FIGURES
    if name.startswith(("rate_", "count_", "token", "issues_")) or name == "live_peak"
]
"""The figures that a provider can tell by itself."""
CANNOT_TELL = f"a provider cannot tell; it can judge {', '.join(JUDGED)}"
CLIENT = "the client"


class VerdictBody(Section):
    """What is expected: posted here, or a strategy's in the scenario that is served."""

    expect: Mapping[str, str] = Field(
        default={},
        description="Figures and what they should be, as in a scenario: rate_401: <= 0.1%. Of "
        f"{', '.join(JUDGED)}.",
    )
    strategy: str | None = Field(
        default=None,
        description="Judge what the served scenario expects of this strategy; what only a run can "
        "tell, such as failure_rate, is left out.",
    )

    @model_validator(mode="after")
    def _check_expectations(self) -> "VerdictBody":
        flaws: list[Flaw] = []
        for key, value in self.expect.items():
            if len(flaws) >= PROBLEMS_MAX:
                break
            try:
                wanted = read_expectation(CLIENT, key, value)
                _check_judged(wanted)
            except UnknownFigure as unknown:
                flaws.append(Flaw(("expect", key), str(unknown), UNKNOWN_KEY_FLAW))
            except ValueError as wrong:
                flaws.append(Flaw(("expect", key), str(wrong)))
        if not self.expect and self.strategy is None:
            flaws.append(Flaw((), "expects nothing: give expect, or a strategy of the scenario"))
        if flaws:
            raise refusal(flaws)
        return self

    def expectations(self) -> list[Expectation]:
        """Return what was posted, read."""
        return [read_expectation(CLIENT, key, value) for key, value in self.expect.items()]


@dataclass(frozen=True, slots=True)
class JudgedShown:
    """One expectation, what was measured and the verdict; ``measured`` is "-" for nothing."""

    expected: str
    measured: str
    verdict: Word


@dataclass(frozen=True, slots=True)
class VerdictShown:
    """The worst verdict of all, and each; ``left_out`` is what the scenario expects besides, and a
    provider cannot judge."""

    verdict: Word
    expectations: Sequence[JudgedShown]
    left_out: Sequence[str] = ()


def is_judged(wanted: Expectation) -> bool:
    """Return whether a provider can judge ``wanted``: it sees no client, and no part of a run."""
    return wanted.figure in JUDGED and wanted.part == WHOLE


def _check_judged(wanted: Expectation) -> None:
    """Refuse what a provider cannot judge.

    Raises:
        UnknownFigure: it needs to see the client, or a part of a run.
    """
    if wanted.figure not in JUDGED:
        raise UnknownFigure(CANNOT_TELL)
    if not is_judged(wanted):
        raise UnknownFigure("is judged since the last reset: no part of it can be named")


def verdict_on(
    served: ServedProvider, expectations: Sequence[Expectation], left_out: Sequence[str] = ()
) -> VerdictShown:
    """Return the verdict on ``expectations``, all of which a provider can judge; it is told with
    what was ``left_out``."""
    judged = [_judge(served, wanted) for wanted in expectations]
    words = {each.verdict for each in judged}
    word: Word = "fail" if "fail" in words else "pass"
    if word == "pass" and "inconclusive" in words:
        word = "inconclusive"
    return VerdictShown(word, judged, left_out)


def _judge(served: ServedProvider, wanted: Expectation) -> JudgedShown:
    value = _value(served, wanted.figure)
    if value is None:
        return JudgedShown(wanted.text, "-", "inconclusive")
    shown = written(wanted.figure, value)
    return JudgedShown(wanted.text, shown, "pass" if wanted.holds(value) else "fail")


_COUNTED: Mapping[str, Callable[[Counts], int]] = {
    "tokens_issued": lambda counts: counts.tokens_issued,
    "live_peak": lambda counts: counts.live_peak,
    "issues_refused": lambda counts: counts.issues_refused,
    "token_requests": lambda counts: counts.token_requests,
    "token_requests_peak": lambda counts: counts.token_requests_peak,
}


def _value(served: ServedProvider, figure: str) -> float | None:
    """Return ``figure`` since the reset; None where nothing was counted yet."""
    counts = served.counts
    if figure in _COUNTED:
        return _COUNTED[figure](counts)
    match figure:
        case "tokens_per_lifetime":
            lifetimes = served.clock.now() / served.provider.policy.lifetime
            return counts.tokens_issued / lifetimes if lifetimes else None
        case "rate_401":
            return counts.answers_401 / counts.calls if counts.calls else None
    kind, _, cause = figure.partition("_")
    refused = _refused(counts, cause)
    if kind == "count":
        return refused
    return refused / counts.calls if counts.calls else None


def _refused(counts: Counts, cause: str) -> int:
    return next(count for name, count in counts.causes.items() if name == cause)
