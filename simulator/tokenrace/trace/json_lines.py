"""A trace's lines of JSON: ``{"event":"token_issued","at":5,...}``.

The kind comes first, then the fields in the order in which their class declares them. The bytes
follow from the values alone, so two runs of one seed can be compared with ``cmp``.
"""

from typing import Any, TypeVar

from msgspec import Struct, to_builtins
from msgspec.json import Decoder, Encoder

from tokenrace.trace.events import Event

T = TypeVar("T")
EVENT = b'{"event":'
"""How the line of an event begins."""

_ENCODER = Encoder()
_EVENTS: Decoder[Event] = Decoder(Event)


def beginning(kind: type[Struct]) -> bytes:
    """Return how the line of an event of ``kind`` begins."""
    return EVENT + _ENCODER.encode(kind.__struct_config__.tag)


def json_line(value: Struct | dict[str, Any]) -> bytes:
    """Return ``value`` as one line, newline included."""
    try:
        return _ENCODER.encode(value) + b"\n"
    except UnicodeEncodeError:
        return _ENCODER.encode(_escaped(to_builtins(value))) + b"\n"


def event_from(line: bytes) -> Event:
    """Return the event of a ``line``.

    Raises:
        ValueError: the line describes no event; the text says what is wrong.
    """
    return read_line(_EVENTS, line)


def event_values(event: Event) -> dict[str, object]:
    """Return the fields of ``event`` with its kind, its instant first."""
    values: dict[str, object] = to_builtins(event)
    return {"at": event.at} | values


def read_line(decoder: Decoder[T], line: bytes) -> T:
    """Return what ``line`` says to ``decoder``.

    Raises:
        ValueError: the line is no JSON in UTF-8, or not what ``decoder`` expects.
    """
    try:
        return decoder.decode(line)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _escaped(value: object) -> object:
    """Return ``value`` with half surrogate pairs, which UTF-8 cannot hold, as escapes.

    Texts of clients may hold them: headers and file names that are not UTF-8.
    """
    match value:
        case str():
            return value.encode("utf-8", "backslashreplace").decode()
        case dict():
            return {_escaped(key): _escaped(each) for key, each in value.items()}
        case list() | tuple():
            return [_escaped(each) for each in value]
        case _:
            return value
