"""A program of the user's by its words, not looked for: what a scenario says and a process runs."""

import shlex
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A program and its arguments, started once for each process of the fleet; by no shell."""

    words: tuple[str, ...]

    def __str__(self) -> str:
        return shlex.join(self.words)
