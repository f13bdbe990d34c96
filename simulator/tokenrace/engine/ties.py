"""Which of several things due at one tick goes first.

A real machine gives no order either, so a history that depends on it holds a race. ``Fifo`` always
takes the order in which things were scheduled; ``Shuffled`` takes another, decided by its seed
alone, so that a search over seeds tries the orders and each of them can be repeated.
"""

from dataclasses import dataclass
from typing import Protocol

from tokenrace.clock import Ticks

_MASK = (1 << 64) - 1


class TiePolicy(Protocol):
    """An order among equals."""

    def rank(self, at: Ticks, number: int) -> int:
        """Return the place of the thing with ``number`` among those due at ``at``."""
        ...

    def pick(self, count: int, turn: int) -> int:
        """Return which of ``count`` things that are ready goes next; ``turn`` counts the picks."""
        ...


@dataclass(frozen=True, slots=True)
class Fifo:
    """First scheduled, first run."""

    def rank(self, at: Ticks, number: int) -> int:  # noqa: ARG002
        return number

    def pick(self, count: int, turn: int) -> int:  # noqa: ARG002
        return 0


@dataclass(frozen=True, slots=True)
class Shuffled:
    """An order that only the seed decides."""

    seed: int

    def rank(self, at: Ticks, number: int) -> int:
        return _mixed(self.seed, at, number)

    def pick(self, count: int, turn: int) -> int:
        return _mixed(self.seed, turn, count) % count


def _mixed(seed: int, first: int, second: int) -> int:
    """Return 64 bits that depend on every bit given (the finalizer of SplitMix64, twice)."""
    return _finalized(_finalized(seed * 0x9E3779B97F4A7C15 + first) + second)


def _finalized(bits: int) -> int:
    bits &= _MASK
    bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & _MASK
    return bits ^ (bits >> 31)
