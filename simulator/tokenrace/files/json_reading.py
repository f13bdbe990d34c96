"""JSON as RFC 8259 has it, from a file that somebody may have changed: read, or refused in words.

Python reads more: NaN and Infinity, numbers that become infinite, half a surrogate pair, which no
file can be written with. And it ends in ``RecursionError`` where the nesting is too deep.
"""

import json
from math import isfinite
from typing import NoReturn

WHOLE_MAX = 2**63
"""No number of ours is as large, and other readers cannot read it."""


def read_json(content: bytes | str) -> object:
    """Return what ``content`` says.

    Raises:
        ValueError: it is no JSON in UTF-8; the text says why.
    """
    try:
        text = content.decode() if isinstance(content, bytes) else content
        values: object = _DECODER.decode(text)
        _check(values)
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8 text") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return values


def read_json_line(line: bytes) -> object:
    """Return what ``line`` says, of which there may be a million: numbers are not looked at.

    Raises:
        ValueError: it is no JSON in UTF-8.
    """
    try:
        values: object = _DECODER.decode(line.decode())
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return values


def _check(values: object) -> None:
    left = [values]
    while left:
        value = left.pop()
        match value:
            case dict():
                left += [*value, *value.values()]
            case list():
                left += value
            case str():
                _check_text(value)
            case float():
                if not isfinite(value):
                    raise ValueError("a number in it is out of range")
            case int():
                if abs(value) >= WHOLE_MAX:
                    raise ValueError("a number in it is out of range")


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("a text in it holds half a surrogate pair") from None


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


_DECODER = json.JSONDecoder(parse_constant=_no_number)
