"""The arithmetic of calm time: what a closed worker does while its token serves every request.

A worker's cycle is think, store read, request way, response way. While nothing can be refused its
instants are a cumulative sum of numbers it has drawn already, so a whole stretch is computed at
once, for all workers of a process, and is the same to the microsecond as stepping through it.

Knows no token and changes nothing: it takes numbers and returns instants.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.distributions import Spans


@dataclass(frozen=True, slots=True)
class Stretch:
    """Operations done by several workers, a row each, before the instant each row is cut at.

    ``done[i]`` is how many operations row i finished; ``due[i]`` is when it wants the next one.
    ``waits`` (how long each took), ``arrivals`` (when its request reached the provider) and
    ``finishes`` are of all finished operations of all rows, row by row. ``full`` says whether some
    row used up every number it was given, so that there may be more of it.
    """

    done: NDArray[np.int64]
    due: Spans
    waits: Spans
    arrivals: Spans
    finishes: Spans
    full: bool


def closed_stretch(
    due: Spans, thinks: Spans, reads: Spans | None, trips: Spans, backs: Spans, cuts: Spans
) -> Stretch:
    """Return what rows that want an operation at ``due`` do before ``cuts``.

    ``thinks``, ``reads``, ``trips`` and ``backs`` (the response way of each trip) have a column for
    each operation; a think follows its operation. An operation is finished when its answer comes
    before the cut.
    """
    waits = trips if reads is None else trips + reads
    ends = np.cumsum(waits + thinks, axis=1)
    ends += due[:, np.newaxis]
    finishes = ends - thinks
    finished = finishes < cuts[:, np.newaxis]
    done = np.count_nonzero(finished, axis=1)
    rows = np.arange(len(due))
    next_due = np.where(done > 0, ends[rows, np.maximum(done - 1, 0)], due)
    return Stretch(
        done=done,
        due=next_due,
        waits=waits[finished],
        arrivals=(finishes - backs)[finished],
        finishes=finishes[finished],
        full=bool((done == thinks.shape[1]).any()),
    )
