"""The arithmetic of calm time: what a closed worker does while its token serves every request.

A worker's cycle is think, store read, request way, response way. While nothing can be refused its
instants are a cumulative sum of numbers it has drawn already, so a whole stretch is computed at
once, for all workers of a process, and is the same to the microsecond as stepping through it.

Knows no token: it takes numbers (and uses up the array of thinks) and returns instants.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tokenrace.network.links import Link
from tokenrace.rng import Spans


@dataclass(frozen=True, slots=True)
class Stretch:
    """Operations done by several workers, a row each, before the instant each row is cut at.

    ``done[i]`` is how many operations row i finished; ``due[i]`` is when it wants the next one.
    ``waits`` (how long each took), ``arrivals`` (when its request reached the provider) and
    ``finishes`` are of all finished operations of all rows, row by row.
    """

    done: NDArray[np.int64]
    due: Spans
    waits: Spans
    arrivals: Spans
    finishes: Spans


def closed_stretch(
    due: Spans,
    thinks: Spans,
    reads: Spans | None,
    trips: Spans,
    link: Link,
    cuts: Spans,
    unheard: NDArray[np.bool_] | None,
) -> Stretch:
    """Return what rows that want an operation at ``due`` do before ``cuts``.

    ``thinks``, ``reads`` and ``trips`` (over ``link``) have a column for each operation; a think
    follows its operation. An operation is finished when its answer comes before the cut. A row
    stops before the first operation in ``unheard``, whose answer does not come in time.
    """
    waits = trips if reads is None else trips + reads
    ends = waits + thinks
    np.cumsum(ends, axis=1, out=ends)
    ends += due[:, np.newaxis]
    finishes = np.subtract(ends, thinks, out=thinks)
    finished = finishes < cuts[:, np.newaxis]
    if unheard is not None:
        finished &= ~np.logical_or.accumulate(unheard, axis=1)
    done = np.count_nonzero(finished, axis=1)
    rows = np.arange(len(due))
    next_due = np.where(done > 0, ends[rows, np.maximum(done - 1, 0)], due)
    ended, made = finishes[finished], trips[finished]
    return Stretch(
        done=done,
        due=next_due,
        waits=made if reads is None else waits[finished],
        arrivals=ended - (made - link.theres(made)),
        finishes=ended,
    )
