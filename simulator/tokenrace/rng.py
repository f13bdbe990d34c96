"""All chance of a run, derived from its seed.

A stream is named for what it decides (``"gap/p3.w7"``: process 3, worker 7) and never shared, so
adding a consumer moves nobody's numbers, and two strategies compared under one seed meet the same
arrivals and latencies (common random numbers).
"""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tokenrace.clock import Ticks
from tokenrace.distributions import Constant, Distribution, Exponential, Lognormal, Stream, Uniform

Spans = NDArray[np.int64]
Variates = NDArray[np.float64]
BLOCK = 512
"""Spans drawn at a time: spares numpy's cost per call, and 10,000 workers have room for it."""
_SLICE = 32


def fill(law: Distribution, generator: np.random.Generator, out: Variates) -> None:
    """Fill ``out`` with independent variates of the standard form of ``law``."""
    match law:
        case Constant():
            return  # there is no chance in it
        case Uniform():
            generator.random(out=out)
        case Exponential():
            generator.standard_exponential(out=out)
        case Lognormal():
            generator.standard_normal(out=out)


def spans_of(law: Distribution, variates: Variates) -> Spans:
    """Return the spans, in ticks, none negative, that ``variates`` stand for, in its shape."""
    spans: Spans
    match law:
        case Constant(span):
            return np.full(variates.shape, span, dtype=np.int64)
        case Uniform(low, high):
            spans = (variates * (high - low + 1)).astype(np.int64)
            spans += low
            return spans
        case Exponential(mean_span):
            return np.rint(variates * mean_span).astype(np.int64)
        case Lognormal(median):
            spans = np.rint(median * np.exp(law.sigma * variates)).astype(np.int64)
            return spans


def draw(law: Distribution, generator: np.random.Generator, count: int) -> Spans:
    """Return the next ``count`` independent spans of ``law``."""
    variates = np.empty(count)
    fill(law, generator, variates)
    return spans_of(law, variates)


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
            block = draw(self._distribution, self._generator, BLOCK)
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


class SpanTable:
    """Many sequences of one law side by side, a row each, drawn in blocks of all rows at once.

    Each row has a generator of its own, so it is the same sequence as a ``SpanStream`` from that
    generator, whatever other rows there are and however any is read.
    """

    __slots__ = ("_at", "_block", "_distribution", "_generators", "_seeds", "_slices")

    def __init__(self, seeds: Sequence[int], distribution: Distribution) -> None:
        rows = len(seeds)
        self._seeds = seeds
        self._generators: list[np.random.Generator] = []  # made when first drawn from
        self._distribution = distribution
        self._block: Spans = np.empty((rows, 0), dtype=np.int64)
        self._at = [0] * rows  # what is before it was taken, or lies in the row's slice
        self._slices: list[list[Ticks]] = [[] for _ in range(rows)]

    def row(self, row: int) -> "SpanRow":
        """Return one row, to be read a span at a time."""
        return SpanRow(self, row, self._slices[row])

    def ahead(self, rows: Sequence[int], count: int) -> Spans:
        """Return the next ``count`` spans of each of ``rows`` without taking them, a row each."""
        at = self._at
        for row in rows:
            if self._slices[row]:
                at[row] -= len(self._slices[row])
                self._slices[row].clear()
        self._reach(max(at[row] for row in rows) + count)
        at, block = self._at, self._block
        shown = np.empty((len(rows), count), dtype=np.int64)
        for place, row in enumerate(rows):
            shown[place] = block[row, at[row] : at[row] + count]
        return shown

    def skip(self, row: int, count: int) -> None:
        """Take ``count`` spans of ``row`` that ``ahead`` has shown."""
        assert not self._slices[row], "ahead() comes first"
        self._at[row] += count

    def cut_slice(self, row: int) -> None:
        """Make the next few spans of ``row`` plain integers, last first."""
        at = self._at[row]
        self._reach(at + _SLICE)
        at = self._at[row]
        self._slices[row].extend(self._block[row, at : at + _SLICE][::-1].tolist())
        self._at[row] = at + _SLICE

    def _reach(self, columns: int) -> None:
        """Draw until the block has ``columns`` columns; drop those that every row has taken."""
        if columns <= self._block.shape[1]:
            return
        taken = min(at - len(cut) for at, cut in zip(self._at, self._slices, strict=True))
        self._at = [at - taken for at in self._at]
        blocks = [self._block[:, taken:]]
        while sum(block.shape[1] for block in blocks) < columns - taken:
            blocks.append(self._more())
        self._block = np.concatenate(blocks, axis=1)

    def _more(self) -> Spans:
        self._generators = self._generators or [_generator(seed) for seed in self._seeds]
        variates = np.empty((len(self._generators), BLOCK))
        for generator, row in zip(self._generators, variates, strict=True):
            fill(self._distribution, generator, row)
        return spans_of(self._distribution, variates)


class SpanRow:
    """One row of a table, read a span at a time."""

    __slots__ = ("_row", "_slice", "_table")

    def __init__(self, table: SpanTable, row: int, cut: list[Ticks]) -> None:
        self._table = table
        self._row = row
        self._slice = cut

    def next(self) -> Ticks:
        """Return the next span, in ticks."""
        if not self._slice:
            self._table.cut_slice(self._row)
        return self._slice.pop()


class Streams:
    """Independent random streams, one per purpose, from one seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def stream(self, purpose: str) -> Stream:
        """Return the stream for ``purpose``, from its beginning. For choices and single draws."""
        return Stream(self._key(purpose))

    def spans(self, purpose: str, distribution: Distribution) -> SpanStream:
        """Return ``purpose``'s sequence of spans, from its beginning."""
        return SpanStream(_generator(self._key(purpose)), distribution)

    def table(self, purposes: Sequence[str], distribution: Distribution) -> SpanTable:
        """Return the same sequence for each of ``purposes`` as ``spans`` does, a row each."""
        return SpanTable([self._key(purpose) for purpose in purposes], distribution)

    def _key(self, purpose: str) -> int:
        digest = hashlib.sha256(f"{self._seed}/{purpose}".encode()).digest()
        return int.from_bytes(digest[:16], "big")


def _generator(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))
