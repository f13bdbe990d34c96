"""The class on trial: what it can do, and whether its processes share one token."""

import inspect
import os
from dataclasses import dataclass
from typing import Any

from tokenrace.strategies.user_class import load
from tokenrace.suites.modes import Mode, Scope, Shape
from tokenrace.user_code.python_class import PythonClass

_HAS = {
    "ports": "token() and rejected()",
    "get_token": "get_token()",
    "client": "client()",
}
_KEEPS = {
    "shared": "shares one token in the store",
    "process": "keeps a token in each process",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A class that can be loaded. ``hears_401``: it is told of a refused token.

    ``source`` and ``line`` are where it is written, empty and 0 where nobody can tell.
    """

    own: PythonClass
    shape: Shape
    hears_401: bool
    source: str
    line: int

    @classmethod
    def of(cls, own: PythonClass) -> "Subject":
        """Load the class.

        Raises:
            UserCodeError: it cannot be loaded, or has none of the shapes.
        """
        found = load(own)
        shape = _shape(found)
        source, line = _place(found)
        hears = shape != "get_token" or hasattr(found, "rejected")
        return cls(own=own, shape=shape, hears_401=hears, source=source, line=line)

    def why_not(self, mode: Mode, scope: Scope) -> str:
        """Return why ``mode`` cannot be tried on it; empty where it can."""
        if self.shape not in mode.shapes:
            return f"a class with {_HAS[self.shape]} cannot be interrupted there"
        if mode.needs_hearing and not self.hears_401:
            return "without rejected() a refused token is used until it is old"
        if scope not in mode.bars:
            return "its processes share no token"
        return ""

    def in_words(self, scope: Scope) -> str:
        """Return what it is held to be."""
        hears = "" if self.hears_401 else ", no rejected()"
        return f"{self.own.target} has {_HAS[self.shape]}{hears}, and {_KEEPS[scope]}"


def _shape(found: type[Any]) -> Shape:
    if hasattr(found, "token") and hasattr(found, "rejected"):
        return "ports"
    return "get_token" if hasattr(found, "get_token") else "client"


def _place(found: type[Any]) -> tuple[str, int]:
    try:
        path, line = inspect.getsourcefile(found), inspect.getsourcelines(found)[1]
    except (TypeError, OSError):
        return "", 0
    return ("", 0) if path is None else (os.path.relpath(path), line)
