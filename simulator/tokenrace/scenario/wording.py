"""What each kind of validation error says to the user, in one voice.

Pydantic knows what is wrong; the words are ours, so that a problem reads the same whichever check
found it: what must be, then what was got. A kind of error that the table does not name is said in
pydantic's words, put as ours are: what users send may meet any of them.
"""

from collections.abc import Callable, Mapping
from types import NoneType
from typing import get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from tokenrace.errors import Problem
from tokenrace.fields.flaws import FLAW, MISSING_FLAW, UNKNOWN_KEY_FLAW, Loc, dotted
from tokenrace.fields.quoting import hint, shown, unquoted
from tokenrace.scenario.model import Scenario
from tokenrace.scenario.source import Document, Place
from tokenrace.scenario.workload_section import ArrivalsSection

_DISCRIMINATOR = "process"
_UNIONS: Mapping[Loc, object] = {("workload", "arrivals"): ArrivalsSection}
_KEY_MARK = "[key]"  # pydantic's, after a mapping key that is wrong itself
_AT_THE_KEY = frozenset({"extra_forbidden", UNKNOWN_KEY_FLAW})
_NOT_THERE = frozenset({"missing", "union_tag_not_found", MISSING_FLAW})


def problem(error: ErrorDetails, document: Document) -> Problem:
    """Return ``error`` as the user should read it."""
    loc = _as_written(error)
    line, column = _place(error, loc, document)
    return Problem(line=line, column=column, key=dotted(loc), message=_message(error, Scenario))


def without_place(error: ErrorDetails) -> str:
    """Return ``error`` of a scenario that has been changed since it was read: it has no lines."""
    return f"{dotted(_as_written(error))}: {_message(error, Scenario)}"


def in_words(error: ErrorDetails, root: type[BaseModel]) -> tuple[str, str]:
    """Return where ``error`` is, and what it is, in data that came for ``root`` and has no lines.

    ``root`` has no union in it.
    """
    return dotted(error["loc"]), _message(error, root)


def of_value(invalid: ValidationError) -> str:
    """Return the first problem of a value that came alone, such as that of an option."""
    return _first(invalid)[1]


def of_record(invalid: ValidationError) -> str:
    """Return the first problem of a file of ours that somebody changed, with its place in it; else
    as ``of_value``."""
    return ": ".join(_first(invalid))


def _first(invalid: ValidationError) -> tuple[str, str]:
    error = invalid.errors(include_url=False)[0]
    return ".".join(map(str, error["loc"])), _said(error)


def _place(error: ErrorDetails, loc: Loc, document: Document) -> Place:
    if error["type"] in _NOT_THERE:
        return document.place_of_key(loc[:-1])
    if error["type"] in _AT_THE_KEY or _is_about_key(error):
        return document.place_of_key(loc)
    return document.place_of_value(loc)


def _as_written(error: ErrorDetails) -> Loc:
    """Return the error's place in the file: pydantic adds marks of its own."""
    loc = error["loc"]
    if _is_about_key(error):
        loc = loc[:-1]
    for at, union in _UNIONS.items():
        end = len(at)
        if loc[:end] == at and _members(union, loc[end : end + 1]):
            loc = (*at, *loc[end + 1 :])
    if error["type"].startswith("union_tag"):
        loc = (*loc, _DISCRIMINATOR)
    return loc


def _is_about_key(error: ErrorDetails) -> bool:
    """Say whether a key of a mapping is wrong; a key may well be called like the mark itself."""
    return error["type"] == "literal_error" and error["loc"][-1] == _KEY_MARK


def _message(error: ErrorDetails, root: type[BaseModel]) -> str:
    if _is_about_key(error):
        return _unknown_key(error["loc"][:-1], root)
    if error["type"] == "extra_forbidden":
        return _unknown_key(error["loc"], root)
    return _said(error)


def _said(error: ErrorDetails) -> str:
    words = _WORDS.get(error["type"])
    if words is None:
        return _in_our_voice(error["msg"], error["input"])
    return words(error.get("ctx", {}), error["input"])


def _in_our_voice(message: str, got: object) -> str:
    """Return pydantic's ``message``, which begins in most cases with "Input should"."""
    what = message.removeprefix("Input should ")
    said = f"must {what}" if what != message else f"{message[:1].lower()}{message[1:]}"
    return f"{said}, got {shown(got)}"


def _must_be(what: str) -> "_Words":
    return lambda _, got: f"must be {what}, got {shown(got)}"


def _got(value: object) -> str:
    """Return what was got; an option's number comes as text, and needs no quotes."""
    is_number = isinstance(value, str) and value.lstrip("-").isdecimal()
    return f"got {value if is_number else shown(value)}"


def _must_be_plain(what: str) -> "_Words":
    return lambda _, got: f"must be {what}, got {shown(got)}{unquoted(got)}"


def _unknown_tag(context: Mapping[str, object], got: object) -> str:
    tag = got.get(_DISCRIMINATOR) if isinstance(got, Mapping) else got
    *most, last = str(context["expected_tags"]).split(", ")
    return f"must be {', '.join(most)} or {last}, got {shown(tag)}"


_Words = Callable[[Mapping[str, object], object], str]
_WORDS: Mapping[str, _Words] = {
    FLAW: lambda context, _: str(context["text"]),
    MISSING_FLAW: lambda context, _: str(context["text"]),
    UNKNOWN_KEY_FLAW: lambda context, _: str(context["text"]),
    "value_error": lambda context, _: str(context["error"]),
    "missing": lambda *_: "is required",
    "union_tag_not_found": lambda *_: "is required",
    "union_tag_invalid": _unknown_tag,
    "too_short": lambda *_: "must not be empty",
    "int_type": _must_be_plain("a whole number"),
    "float_type": _must_be_plain("a number"),
    "int_parsing": _must_be("a whole number"),
    "int_parsing_size": _must_be("a whole number"),
    "bool_type": _must_be_plain("true or false"),
    "string_type": _must_be("text"),
    "tuple_type": _must_be("a list"),
    "dict_type": _must_be("a mapping"),
    "dataclass_type": _must_be("a mapping"),
    "model_type": _must_be("a mapping"),
    "model_attributes_type": _must_be("a mapping"),
    "literal_error": lambda context, got: f"must be {context['expected']}, got {shown(got)}",
    "int_from_float": _must_be("a whole number"),
    "finite_number": _must_be("a number"),
    "greater_than_equal": lambda context, got: f"must be at least {context['ge']:g}, {_got(got)}",
    "less_than_equal": lambda context, got: f"must be at most {context['le']:g}, {_got(got)}",
    "greater_than": lambda context, got: f"must be more than {context['gt']}, {_got(got)}",
    "less_than": lambda context, got: f"must be less than {context['lt']}, {_got(got)}",
}


def _unknown_key(loc: Loc, root: type[BaseModel]) -> str:
    return f"unknown key; {hint(str(loc[-1]), _known_keys(loc[:-1], root))}"


def _known_keys(loc: Loc, root: type[BaseModel]) -> tuple[str, ...]:
    """Return the keys that ``root`` has at ``loc``, which is pydantic's and names union tags."""
    annotation: object = root
    for part in loc:
        annotation = _below(annotation, part)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return tuple(_fields(annotation))
    keys, _ = get_args(annotation)
    return get_args(keys)


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the fields of ``model`` by the keys they have in a file."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _below(annotation: object, part: str | int) -> object:
    """Return the type of ``part`` of a model or list, or the member of a union with that tag."""
    if isinstance(part, int):
        return get_args(annotation)[0]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _given(_fields(annotation)[part].annotation)
    (member,) = _members(annotation, (part,))
    return member


def _given(annotation: object) -> object:
    """Return the type of what is there where ``annotation`` allows nothing as well."""
    given = [member for member in get_args(annotation) if member is not NoneType]
    is_optional = len(given) == 1 and NoneType in get_args(annotation)
    return given[0] if is_optional else annotation


def _members(union: object, tag: Loc) -> list[type[BaseModel]]:
    """Return the member of ``union`` with the one tag in ``tag``, if it is one."""
    return [
        member
        for member in get_args(union)
        if set(tag) & set(get_args(member.model_fields[_DISCRIMINATOR].annotation))
    ]
