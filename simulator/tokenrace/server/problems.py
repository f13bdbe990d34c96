"""Bodies read as what they should be, or every problem they have."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn, TypeVar, cast

from pydantic import BaseModel, ValidationError

from tokenrace.scenario.wording import in_words

Model = TypeVar("Model", bound=BaseModel)
PROBLEMS_MAX = 50
ENTRIES_MAX = 200
"""How much a value may hold in all: naming what is near to each of many takes seconds, and others
wait meanwhile."""


@dataclass(frozen=True, slots=True)
class RequestProblem:
    """One thing wrong with a request: ``where`` in its body or query, "" for the whole."""

    where: str
    what: str


@dataclass(frozen=True, slots=True)
class Problems:
    """Everything wrong with a request."""

    problems: Sequence[RequestProblem]


class WrongRequest(Exception):  # noqa: N818
    """A request asks for something that cannot be."""

    def __init__(self, problems: Sequence[RequestProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)


_HALF_PAIR = re.compile(rb"\\u[dD][89a-fA-F]")


def wrong(where: str, what: str) -> WrongRequest:
    """Return the error of one problem."""
    return WrongRequest([RequestProblem(where, what)])


def read_json(body: bytes) -> object:
    """Return what ``body`` says; an empty one says ``{}``.

    Raises:
        WrongRequest: it is not JSON in UTF-8, as RFC 8259 has it.
    """
    if not body:
        return {}
    try:
        data = json.loads(body.decode(), parse_constant=_no_number)
        if _HALF_PAIR.search(body):
            json.dumps(data, ensure_ascii=False).encode()
    except UnicodeDecodeError:
        raise wrong("", "is not UTF-8 text") from None
    except UnicodeEncodeError:  # an escape such as \ud800 alone, which is no character
        raise wrong("", "holds half a surrogate pair") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise wrong("", f"is not JSON: {error.msg} at {place}") from None
    except RecursionError:
        raise wrong("", "is nested too deeply") from None
    except ValueError:  # an integer of more digits than Python reads, NaN, Infinity
        raise wrong("", "is not JSON: a number is out of range") from None
    return cast("object", data)


def validated(model: type[Model], data: object) -> Model:
    """Return ``data`` as a ``model``.

    Raises:
        WrongRequest: with the problems it has, the first ``PROBLEMS_MAX`` of them.
    """
    if not isinstance(data, Mapping):
        raise wrong("", "must be a JSON object")
    try:
        return model.model_validate(_bounded(model, data))
    except ValidationError as invalid:
        errors = invalid.errors(include_url=False)[:PROBLEMS_MAX]
        told = [in_words(error, model) for error in errors]
        raise WrongRequest([RequestProblem(where, what) for where, what in told]) from None


def _bounded(model: type[BaseModel], data: Mapping[object, object]) -> dict[object, object]:
    """Return ``data`` with no more unknown keys than problems are told.

    Raises:
        WrongRequest: a value holds more than any that means something.
    """
    known = {field.alias or name for name, field in model.model_fields.items()}
    kept: dict[object, object] = {}
    unknown = 0
    for key, value in data.items():
        if key not in known:
            unknown += 1
        elif _holds_too_much(value):
            raise wrong(str(key), f"must hold at most {ENTRIES_MAX} entries in all")
        if key in known or unknown <= PROBLEMS_MAX:
            kept[key] = value
    return kept


def _holds_too_much(value: object) -> bool:
    entries, left = 0, [value]
    while left:
        one = left.pop()
        below = list(one.values()) if isinstance(one, Mapping) else one
        if isinstance(below, list):
            entries += len(below)
            left += below[:ENTRIES_MAX]
        if entries > ENTRIES_MAX:
            return True
    return False


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)
