"""Whether what a served provider has seen since its reset is as somebody expects.

Only the provider's own figures can be judged: it sees no operation, retry or latency of a client.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import Field, model_validator

from tokenrace.fields.flaws import UNKNOWN_KEY_FLAW, Flaw, refusal
from tokenrace.fields.values import Section
from tokenrace.figures import FIGURES, KeptCounts
from tokenrace.scenario.expectations import (
    Expectation,
    UnknownFigure,
    read_expectation,
    written,
)
from tokenrace.scenario.parts import WHOLE
from tokenrace.server.problems import PROBLEMS_MAX
from tokenrace.server.served import ServedProvider

Word = Literal["pass", "inconclusive", "fail"]
JUDGED = [figure.name for figure in FIGURES.values() if figure.told_by == "provider"]
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


def _value(served: ServedProvider, figure: str) -> float | None:
    """Return ``figure`` since the reset; None where nothing was counted yet."""
    counts = served.counts
    return FIGURES[figure].of(
        KeptCounts(
            responses=counts.calls,
            causes=counts.causes,
            tokens_issued=counts.tokens_issued,
            issues_refused=counts.issues_refused,
            live_peak=counts.live_peak,
            token_requests=counts.token_requests,
            token_requests_peak=counts.token_requests_peak,
            lifetimes=served.clock.now() / served.provider.policy.lifetime,
        )
    )
