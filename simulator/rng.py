"""All chance of a run, derived from its seed.

A stream is named for what it decides (``"think/3.7"``: process 3, worker 7) and never shared, so
adding a consumer moves nobody's numbers, and two strategies compared under one seed meet the same
arrivals and latencies (common random numbers).
"""

import hashlib
from random import Random

import numpy as np

from simulator.clock import Ticks
from simulator.distributions import Distribution, Spans

Stream = Random
BLOCK = 1024
"""Spans drawn at a time: spares numpy's cost per call, and 10,000 workers have room for it."""
_SLICE = 16


class SpanStream:
    """One purpose's endless sequence of spans.

    ``next()``, ``ahead()`` and ``skip()`` read one sequence, drawn in whole blocks: which of them
    is used, and how often, changes no number.
    """

    __slots__ = ("_at", "_block", "_distribution", "_generator", "_next", "_slice")

    def __init__(self, generator: np.random.Generator, distribution: Distribution) -> None:
        self._generator = generator
        self._distribution = distribution
        self._block: Spans = np.empty(0, dtype=np.int64)
        self._at = 0  # what is before it was taken, or lies in _slice
        self._slice: list[Ticks] = []  # the next ones as plain ints, last first
        self._next = self._slice.pop

    def next(self) -> Ticks:
        """Return the next span, in ticks."""
        if not self._slice:
            self._cut_slice()
        return self._next()

    def ahead(self, count: int) -> Spans:
        """Return the next ``count`` spans without taking them. The array must not be changed."""
        self._at -= len(self._slice)
        self._slice.clear()
        while len(self._block) - self._at < count:
            block = self._distribution.draw(self._generator, BLOCK)
            self._block = np.concatenate((self._block[self._at :], block))
            self._at = 0
        return self._block[self._at : self._at + count]

    def skip(self, count: int) -> None:
        """Take ``count`` spans that ``ahead`` has shown."""
        assert not self._slice, "ahead() comes first"
        assert self._at + count <= len(self._block), count
        self._at += count

    def _cut_slice(self) -> None:
        self._slice.extend(self.ahead(_SLICE).tolist())
        self._slice.reverse()
        self._at += _SLICE


class Streams:
    """Independent random streams, one per purpose, from one seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def stream(self, purpose: str) -> Stream:
        """Return the stream for ``purpose``, from its beginning. For choices and single draws."""
        return Stream(self._key(purpose))

    def spans(self, purpose: str, distribution: Distribution) -> SpanStream:
        """Return ``purpose``'s sequence of spans, from its beginning."""
        generator = np.random.Generator(np.random.PCG64(self._key(purpose)))
        return SpanStream(generator, distribution)

    def _key(self, purpose: str) -> int:
        digest = hashlib.sha256(f"{self._seed}/{purpose}".encode()).digest()
        return int.from_bytes(digest[:16], "big")
