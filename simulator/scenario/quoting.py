"""How messages name what they got and what they would have taken."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

_SHOWN_MAX = 40


def shown(value: object) -> str:
    """Return ``value`` as its writer would recognise it, shortened."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case str():
            return repr(value if len(value) <= _SHOWN_MAX else f"{value[:_SHOWN_MAX]}...")
        case Mapping():
            return "a mapping"
        case Sequence():
            return "a list"
        case _:
            return str(value)


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
