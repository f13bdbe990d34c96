"""What a scenario of a suite is about, for whoever reads what came of it."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What is ``tried``, what a right class has ``promised``, and why that ``matters``.

    ``modes`` are the failure modes, by the numbers of scenarios/README.md. ``source`` and ``line``
    are where the class on trial is written, empty and 0 where nobody can tell.
    """

    modes: tuple[int, ...]
    tried: str
    promised: str
    matters: str
    source: str
    line: int

    def lines(self) -> Iterator[str]:
        """Yield it, a line each."""
        yield f"tried: {self.tried}"
        yield f"promised: {self.promised}"
        yield f"why it matters: {self.matters}"
