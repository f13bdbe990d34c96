"""Problems found by our own checks, at a place below the value that was checked."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from tokenrace.fields.quoting import shown

Loc = tuple[str | int, ...]
"""Where a value is: mapping keys and list positions, from the top of the file."""

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
FLAW = "flaw"
UNKNOWN_KEY_FLAW = "unknown_key_flaw"
MISSING_FLAW = "missing_flaw"


class Flaw(NamedTuple):
    """One problem.

    ``kind`` says where to point: ``FLAW`` at the value, ``UNKNOWN_KEY_FLAW`` at the key,
    ``MISSING_FLAW`` at the mapping that lacks the key.
    """

    loc: Loc
    message: str
    kind: str = FLAW


def refusal(flaws: Sequence[Flaw]) -> ValidationError:
    """Return the error for a validator to raise; pydantic puts its own ``loc`` before each one's.

    Raising ``ValueError`` instead would report only one problem, at the value as a whole.
    """
    details = [
        InitErrorDetails(
            type=PydanticCustomError(flaw.kind, "{text}", {"text": flaw.message}),
            loc=flaw.loc,
            input=None,
        )
        for flaw in flaws
    ]
    return ValidationError.from_exception_data("scenario", details)


def dotted(loc: Loc) -> str:
    """Return ``loc`` as one word: ``"strategies[2].lease"``."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{_word(part)}" for part in loc]
    return "".join(parts).removeprefix(".")


def _word(key: str) -> str:
    return key if _PLAIN_KEY.fullmatch(key) else shown(key)
