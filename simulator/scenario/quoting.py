"""How messages name what they got and what they would have taken."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

from simulator.passwords import with_passwords_hidden

_SHOWN_MAX = 40
_READ_MAX = 1_000


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

    Where nothing is known at all, it says so.
    """
    names = list(known)
    if not names:
        return "there is none to set"
    near = get_close_matches(word[:_SHOWN_MAX], names, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known: {', '.join(names)}"


def one_of(words: Sequence[str]) -> str:
    """Return ``"'a', 'b' or 'c'"``."""
    quoted = [repr(word) for word in words]
    *most, last = quoted
    return f"{', '.join(most)} or {last}" if most else last
