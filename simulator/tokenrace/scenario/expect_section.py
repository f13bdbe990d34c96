"""The ``expect`` section: for each strategy, what its figures should be."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from tokenrace.fields.flaws import UNKNOWN_KEY_FLAW, Flaw, refusal
from tokenrace.fields.quoting import shown
from tokenrace.figures import FIGURES
from tokenrace.scenario.expectations import (
    QUANTIFIERS,
    Expectation,
    UnknownFigure,
    read_expectation,
)
from tokenrace.scenario.parts import WORDS


def _read(raw: object) -> tuple[Expectation, ...]:
    if not isinstance(raw, Mapping):
        raise ValueError(f"must be a mapping, got {shown(raw)}")  # noqa: TRY004 - pydantic takes it
    flaws: list[Flaw] = []
    expectations: list[Expectation] = []
    for strategy, wanted in raw.items():
        if not isinstance(wanted, Mapping):
            flaws.append(Flaw((strategy,), f"must be a mapping of figures, got {shown(wanted)}"))
            continue
        for key, value in wanted.items():
            try:
                expectations.append(read_expectation(strategy, key, value))
            except UnknownFigure as unknown:
                flaws.append(Flaw((strategy, key), str(unknown), UNKNOWN_KEY_FLAW))
            except ValueError as wrong:
                flaws.append(Flaw((strategy, key), str(wrong)))
    if flaws:
        raise refusal(flaws)
    return tuple(expectations)


def _write(expectations: tuple[Expectation, ...]) -> list[list[str]]:
    return [[expectation.strategy, expectation.text] for expectation in expectations]


def _schema() -> dict[str, object]:
    bound = {
        "anyOf": [{"type": "string", "examples": ["<= 0.1%", "== 0", "at least 5%", "<= 30s"]}]
    }
    figures = dict.fromkeys(FIGURES, bound)
    over = f" ({'|'.join(QUANTIFIERS)})"
    parts = "|".join(name for name, kind in FIGURES.items() if kind.in_parts)
    return {
        "type": "object",
        "additionalProperties": {
            "type": "object",
            "properties": figures,
            "patternProperties": {
                f"^({'|'.join(FIGURES)}){over}$": bound,
                f"^({parts})({over})? ({'|'.join(WORDS)}) .+$": bound,
            },
            "additionalProperties": False,
        },
    }


Expectations = Annotated[
    tuple[Expectation, ...],
    PlainValidator(_read),
    PlainSerializer(_write),
    WithJsonSchema(_schema()),
]
"""What is expected, in the file's order."""
