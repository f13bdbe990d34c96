"""Strategies of the user's own: ``{name: ours, python: "shop.tokens:TokenSource"}``.

What stands there is read, and not loaded: a scenario file must be readable where the code is not.
"""

import re
from collections.abc import Iterator, Mapping

from tokenrace.fields.flaws import UNKNOWN_KEY_FLAW, Flaw
from tokenrace.fields.quoting import hint, shown
from tokenrace.user_code.python_class import Option, PythonClass

PYTHON = "python"
_KEYS = ("name", PYTHON, "options")
_TARGET = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


def read_python_class(entry: Mapping[str, object]) -> tuple[PythonClass | None, list[Flaw]]:
    """Return what ``entry``, which has the key ``python``, names, and what is wrong with it."""
    flaws = list(_key_flaws(entry))
    target, options = entry[PYTHON], entry.get("options", {})
    if not isinstance(target, str) or _TARGET.fullmatch(target) is None:
        message = "must be a module and a name in it, such as 'shop.tokens:TokenSource'"
        flaws.append(Flaw((PYTHON,), f"{message}, got {shown(target)}"))
    if not isinstance(options, dict):
        flaws.append(Flaw(("options",), f"must be a mapping, got {shown(options)}"))
        return None, flaws
    flaws += _option_flaws(options)
    if flaws:
        return None, flaws
    return PythonClass(target=str(target), options=tuple(options.items())), []


def written(own: PythonClass) -> dict[str, object]:
    """Return ``own`` as the scenario's canonical form has it."""
    return {PYTHON: own.target, "options": dict(own.options)}


def _key_flaws(entry: Mapping[str, object]) -> Iterator[Flaw]:
    for key in entry:
        if key not in _KEYS:
            why = f"no key of a strategy of your own; {hint(key, _KEYS)}"
            yield Flaw((key,), why, UNKNOWN_KEY_FLAW)


def _option_flaws(options: Mapping[object, object]) -> Iterator[Flaw]:
    for key, value in options.items():
        if not isinstance(key, str) or not key.isidentifier():
            yield Flaw(("options",), f"must have names as its keys, got {shown(key)}")
        elif not isinstance(value, Option):
            message = f"must be text, a number, true or false, got {shown(value)}"
            yield Flaw(("options", key), message)
