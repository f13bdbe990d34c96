"""Output that has few letters, as under ``PYTHONIOENCODING=ascii``, gets what comes nearest.

No letter of a name, an error or a table may end a command.
"""

import codecs
import sys
from collections.abc import Mapping
from io import TextIOWrapper

_NEAREST: Mapping[str, str] = {
    "\N{NO-BREAK SPACE}": " ",
    "\N{HORIZONTAL ELLIPSIS}": "...",
    "\N{EN DASH}": "-",
    "\N{EM DASH}": "-",
    "\N{MINUS SIGN}": "-",
    "\N{MULTIPLICATION SIGN}": "x",
    "\N{PLUS-MINUS SIGN}": "+/-",
    "\N{MICRO SIGN}": "u",
    "\N{RIGHTWARDS ARROW}": "->",
    "\N{LESS-THAN OR EQUAL TO}": "<=",
    "\N{GREATER-THAN OR EQUAL TO}": ">=",
    "\N{MIDDLE DOT}": "-",
    "\N{BULLET}": "-",
}
_NAME = "tokenrace.nearest"


def print_what_can_be_printed() -> None:
    """Have standard output and errors write the nearest letters, and others as ``\\u2603``."""
    codecs.register_error(_NAME, _nearest)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors=_NAME)


def _nearest(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letters = error.object[error.start : error.end]
    return "".join(map(_written, letters)), error.end


def _written(letter: str) -> str:
    return _NEAREST.get(letter, letter.encode("ascii", "backslashreplace").decode())
