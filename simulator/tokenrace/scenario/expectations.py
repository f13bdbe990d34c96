"""What a scenario expects of a strategy, as people write it: ``rate_401: <= 0.1%``.

The key names a figure, and may say of which part of the run, ``rate_401 after 2h`` (``parts.py``),
and over which runs: ``rate_401 in every run``, ``recovery on average``.
The value is a comparison and a bound with the figure's unit. YAML reads a leading ``>`` as
something else, so ``at least 5%`` and ``at most 5%`` say the same as ``">= 5%"`` and ``<= 5%``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from tokenrace.clock import MILLISECOND, MINUTE, SECOND
from tokenrace.fields.quoting import hint, one_of, shown
from tokenrace.fields.units import read_chance, read_positive_span, write_span
from tokenrace.figures import FIGURES, Figure, Unit
from tokenrace.scenario.parts import WHOLE, WORDS, Part, read_part

Comparison = Literal["<=", "<", "==", ">=", ">"]
Quantifier = Literal["in every run", "on average"]
"""Over which runs an expectation is: each of them by itself, or the mean of all."""
QUANTIFIERS: tuple[Quantifier, ...] = get_args(Quantifier)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """That ``figure`` of ``strategy`` compares with ``bound`` as it should in ``part`` of the run.

    ``quantifier`` says whether every run must, or the mean of all. ``bound`` is a share from 0 to
    1, a number, or ticks. ``text`` is how the scenario says it, its key ``key`` included.
    """

    strategy: str
    key: str
    figure: str
    part: Part
    quantifier: Quantifier
    comparison: Comparison
    bound: float
    text: str

    def holds(self, value: float) -> bool:
        """Return whether ``value`` is as expected."""
        match self.comparison:
            case "<=":
                return value <= self.bound
            case "<":
                return value < self.bound
            case "==":
                return value == self.bound
            case ">=":
                return value >= self.bound
            case ">":
                return value > self.bound

    def distance(self, value: float) -> float:
        """Return how far ``value`` is on the wrong side of the bound; less than 0 on the right."""
        match self.comparison:
            case "==":
                return abs(value - self.bound)
            case "<=" | "<":
                return value - self.bound
            case _:
                return self.bound - value


_KEY = re.compile(rf"(?P<figure>\S+)(?:\s+(?P<word>{'|'.join(WORDS)})\s+(?P<rest>.+))?")
_QUANTIFIED = re.compile(r"\s+(in\s+every\s+run|on\s+average)(?=\s|$)")
_VALUE = re.compile(r"(?P<sign><=|>=|==|<|>|at most\b|at least\b)\s*(?P<bound>.+)")
_SIGNS: Mapping[str, Comparison] = {
    **{sign: sign for sign in ("<=", "<", "==", ">=", ">")},
    "at most": "<=",
    "at least": ">=",
}
_EXAMPLES = "such as <= 0.1%, == 0 or at least 5%"


def read_expectation(strategy: str, key: str, raw: object) -> Expectation:
    """Read one expectation.

    Raises:
        UnknownFigure: the key names no figure of ours.
        ValueError: with a message for the user.
    """
    named, quantifier = _read_quantifier(key)
    figure, part = read_figure(named)
    text = str(raw).strip() if isinstance(raw, str | int | float) else ""
    match = _VALUE.fullmatch(text)
    if match is None:
        raise ValueError(f"must be a comparison and a bound, {_EXAMPLES}; got {shown(raw)}")
    kind, comparison = FIGURES[figure], _SIGNS[match["sign"]]
    bound = read_bound(kind.unit, match["bound"])
    return Expectation(
        strategy=strategy,
        key=key,
        figure=figure,
        part=part,
        quantifier=quantifier or _usual_quantifier(kind, comparison, bound),
        comparison=comparison,
        bound=bound,
        text=f"{key} {text}",
    )


def _usual_quantifier(figure: Figure, comparison: Comparison, bound: float) -> Quantifier:
    """Return over which runs this is expected where the user does not say.

    What is counted must hold in every run, and so must what is exact, never or always. Bounds
    of rates and measures are for the mean of all runs.
    """
    never = comparison == "<=" and bound == 0
    always = comparison == ">=" and bound == 1
    is_mean = figure.is_measure or (figure.unit == "share" and not never and not always)
    return "on average" if is_mean and comparison != "==" else "in every run"


class UnknownFigure(ValueError):  # noqa: N818
    """A key names no figure; its text is for the user."""


def _read_quantifier(key: str) -> tuple[str, Quantifier | None]:
    """Return ``key`` without what it says over which runs, and that; None where it says nothing.

    Raises:
        UnknownFigure: it says so more than once.
    """
    named = [" ".join(words.split()) for words in _QUANTIFIED.findall(key)]
    if len(named) > 1:
        raise UnknownFigure(f"must say once over which runs: {one_of(QUANTIFIERS)}")
    found = next((each for each in QUANTIFIERS if each in named), None)
    return _QUANTIFIED.sub("", key), found


def read_figure(key: str) -> tuple[str, Part]:
    """Read a figure, with the part of the run it is of: ``rate_401 after 2h``.

    Raises:
        UnknownFigure: as ``read_expectation``.
    """
    match = _KEY.fullmatch(key.strip())
    name = (key.split() or [key])[0] if match is None else match["figure"]
    if name not in FIGURES:
        raise UnknownFigure(f"unknown figure; {hint(name, FIGURES)}")
    if match is None:
        raise UnknownFigure(
            f"must be a figure, perhaps of a part of the run: {name} after 1h; over which runs is "
            f"{one_of(QUANTIFIERS)}"
        )
    try:
        part = read_part(match["word"], match["rest"])
    except ValueError as wrong:
        raise UnknownFigure(str(wrong)) from None
    if part != WHOLE and not FIGURES[name].in_parts:
        raise UnknownFigure(f"{name} is of a whole run only")
    return name, part


def read_bound(unit: Unit, text: str) -> float:
    """Read a value of a figure with that unit.

    Raises:
        ValueError: with a message for the user.
    """
    if text == "0":
        return 0.0
    match unit:
        case "share":
            return read_chance(text)
        case "span":
            return float(read_positive_span(text))
        case "number":
            try:
                number = float(text)
            except ValueError:
                number = -1.0
            if not 0 <= number < float("inf"):
                raise ValueError(f"must be a number, such as 1.2; got {shown(text)}")
            return number


def _written_span(span: float) -> str:
    if span < SECOND:
        return f"{span / MILLISECOND:.3g} ms"
    if span < MINUTE:
        return f"{span / SECOND:.3g} s"
    return write_span(round(span / SECOND) * SECOND)


def written(figure: str, value: float) -> str:
    """Return ``value`` of ``figure`` with its unit."""
    if value == float("inf"):
        return "never"
    match FIGURES[figure].unit:
        case "share":
            return f"{100 * value:.3g} %"
        case "span":
            return _written_span(value)
        case "number":
            return f"{value:,.6g}"
