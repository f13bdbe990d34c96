"""Reads the body of a create-meeting request.

Checks the fields below for type and range, by Zoom's OpenAPI document, and ignores all others, as
an API that grows must. Refusals read as on Zoom's error-definitions page. An empty body is no JSON
object. Meeting settings are accepted and not kept.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

from tokenrace.provider.messages import BodyProblem, FieldProblem

MEETING_TYPES = (1, 2, 3, 8, 10)
_NO_OBJECT = BodyProblem("Request Body should be a valid JSON object.")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingDetails:
    """What the caller asked for. ``duration`` is in minutes; ``start_time`` is echoed as given,
    empty when left out."""

    topic: str = "Zoom Meeting"
    type: int = 2
    start_time: str = ""
    duration: int = 60
    timezone: str = "UTC"
    agenda: str = ""
    password: str = ""


def read_new_meeting(body: bytes) -> MeetingDetails | BodyProblem:
    """Return what ``body`` asks for, or all that is wrong with it."""
    try:
        # A nested body deeper than the parser goes is a RecursionError; bad UTF-8 a ValueError.
        asked = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return _NO_OBJECT
    if not isinstance(asked, dict):
        return _NO_OBJECT
    given = {name: asked[name] for name in _ACCEPTS if name in asked}
    problems = tuple(
        FieldProblem(name, "Invalid field.")
        for name, value in given.items()
        if not _ACCEPTS[name](value)
    )
    if problems:
        return BodyProblem("Validation Failed.", problems)
    return MeetingDetails(**given)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _text(length_max: int) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and len(value) <= length_max


def _is_type(value: object) -> bool:
    return _is_whole(value) and value in MEETING_TYPES


def _is_duration(value: object) -> bool:
    return isinstance(value, int) and _is_whole(value) and 0 < value <= 1_440


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_start_time(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


_ACCEPTS: Mapping[str, Callable[[object], bool]] = {
    "topic": _text(200),
    "type": _is_type,
    "start_time": _is_start_time,
    "duration": _is_duration,
    "timezone": _text(64),
    "agenda": _text(2_000),
    "password": _text(10),
}
