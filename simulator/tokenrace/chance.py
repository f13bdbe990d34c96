"""What code that needs chance is given: a stream of its own. ``rng.py`` makes them."""

from random import Random
from typing import Protocol

from tokenrace.clock import Ticks

Stream = Random
"""For choices and single draws."""


class Spanned(Protocol):
    """An endless sequence of spans."""

    def next(self) -> Ticks:
        """Return the next span, in ticks."""
        ...
