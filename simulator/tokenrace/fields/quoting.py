"""How messages name what they got and what they would have taken."""

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

from tokenrace.passwords import with_passwords_hidden

_SHOWN_MAX = 40
_READ_MAX = 1_000
_FAMILY_MIN = 3
"""So many letters at least tell which names are meant."""
_FAMILY_MAX = 8
"""More names than this are no answer: then the nearest of them is."""
_PLAIN = re.compile(r"\s*(?:[-+]?[0-9]{1,18}(?:\.[0-9]{1,18})?|true|false|True|False)\s*")


def shown(value: object) -> str:
    """Return ``value`` as its writer would recognise it, without a password and shortened."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case str():
            return repr(_cut(with_passwords_hidden(value[:_READ_MAX])))
        case Mapping():
            return "a mapping"
        case Sequence():
            return "a list"
        case _:
            return _cut(_written(value))


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN_MAX else f"{text[:_SHOWN_MAX]}..."


def _written(value: object) -> str:
    try:
        return str(value)
    except ValueError:  # more digits than Python writes
        return "a number of thousands of digits"


def hint(word: str, known: Iterable[str]) -> str:
    """Return ``"did you mean 'workers'?"``, or a list of all ``known`` when none is near.

    Where several begin with the word, all of them are named: it is what they have in common.
    Where nothing is known at all, it says so.
    """
    names = list(known)
    if not names:
        return "there is none to set"
    near = near_names(word, names)
    if len(near) > 1:
        return f"which one: {one_of(near)}?"
    return f"did you mean {near[0]!r}?" if near else f"known: {', '.join(names)}"


def near_names(word: str, names: Sequence[str]) -> list[str]:
    """Return those of ``names`` that begin with ``word``, else the one nearest to it, if any is."""
    short = word[:_SHOWN_MAX].strip().lower()
    family = [name for name in names if name.lower().startswith(short)]
    if len(short) >= _FAMILY_MIN and 0 < len(family) <= _FAMILY_MAX:
        return family
    return get_close_matches(short, names, n=1)


def unquoted(value: object) -> str:
    """Return the advice to drop the quotes where ``value`` is a number, true or false in them."""
    return "; drop the quotes" if isinstance(value, str) and _PLAIN.fullmatch(value) else ""


def quoted(value: object) -> str:
    """Return the advice to add quotes where ``value``, which must be text, is a number or the like
    without them."""
    return f'; put it in quotes: "{value}"' if isinstance(value, int | float) else ""


def one_of(words: Sequence[str]) -> str:
    """Return ``"'a', 'b' or 'c'"``."""
    quoted = [repr(word) for word in words]
    *most, last = quoted
    return f"{', '.join(most)} or {last}" if most else last
