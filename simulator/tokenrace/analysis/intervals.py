"""How sure a share is: 95 % intervals that do not take requests for independent.

One token that ends refuses many requests, so 401s come in bursts, and a binomial interval on the
counts would be far too narrow. What is independent is a run: another seed. Hence

* several seeds: Student's t on the shares of the runs;
* one seed: its bins in 10 batches, the share's error from how the batches differ (the ratio
  estimator's variance), Student's t on one less than the batches that counted anything;
* no seed saw any, or each saw nothing else: the spread is 0 and proves nothing. The interval's far
  end is then Wilson's on all counts: a floor to what is unknown, not all of it.

The reasons: docs/decisions/0002-intervals.md.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from tokenrace.figures import BinnedCounts

BATCHES = 10
_NORMAL_975 = 1.9599639845400545
# 97.5 % quantiles of Student's t for 1 to 30 degrees of freedom, from the usual printed table.
# fmt: off
_T_975 = (
    12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281,
    2.2010, 2.1788, 2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860,
    2.0796, 2.0739, 2.0687, 2.0639, 2.0595, 2.0555, 2.0518, 2.0484, 2.0452, 2.0423,
)
# fmt: on


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A share and its 95 % interval, all within 0 to 1, to six significant digits."""

    mean: float
    low: float
    high: float


def estimate(runs: Sequence[BinnedCounts]) -> Estimate | None:
    """Return the mean of the runs' shares with its interval; None where no run counted anything.

    A run that counted nothing has no share and is left out.
    """
    counted = [run for run in runs if any(run.total)]
    shares = [share for run in counted if (share := run.share()) is not None]
    if not shares:
        return None
    mean = math.fsum(shares) / len(shares)
    total = sum(sum(run.total) for run in counted)
    if mean in (0.0, 1.0):
        low, high = _wilson(mean, total)
    else:
        several = len(shares) > 1
        reach = mean_and_reach(shares)[1] if several else _reach_of_batches(counted[0])
        low, high = mean - reach, mean + reach
    return Estimate(mean=rounded(mean), low=rounded(max(low, 0)), high=rounded(min(high, 1)))


def mean_and_reach(values: Sequence[float]) -> tuple[float, float]:
    """Return the mean of two values or more, and how far its 95 % interval reaches each way."""
    count = len(values)
    assert count > 1, "one value has no spread"
    mean = math.fsum(values) / count
    variance = math.fsum((value - mean) ** 2 for value in values) / (count - 1)
    return mean, t_975(count - 1) * math.sqrt(variance / count)


def values_to_settle(values: Sequence[float], bound: float, at_most: int) -> int | None:
    """Return about how many values more would leave ``bound`` outside the interval of the mean.

    As though they spread as ``values`` do and their mean stayed. None where there would have to be
    more than ``at_most`` in all.
    """
    mean, reach = mean_and_reach(values)
    count = len(values)
    error = reach / t_975(count - 1) * math.sqrt(count)
    distance = abs(mean - bound)
    for enough in range(count, at_most + 1):
        if t_975(enough - 1) * error / math.sqrt(enough) < distance:
            return max(1, enough - count)
    return None


def t_975(freedom: int) -> float:
    """Return the 97.5 % quantile of Student's t with ``freedom`` degrees of freedom.

    Tabled up to 30; beyond, the expansion of Abramowitz and Stegun 26.7.5, exact to 0.00001.
    """
    if freedom <= len(_T_975):
        return _T_975[freedom - 1]
    z = _NORMAL_975
    return (
        z
        + (z**3 + z) / (4 * freedom)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3)
    )


def rounded(value: float) -> float:
    """Return ``value`` to six significant digits, so that files stay readable."""
    return float(f"{value:.6g}")


def _reach_of_batches(run: BinnedCounts) -> float:
    batches = [(part, total) for part, total in _batches(run) if total]
    if len(batches) < 2:
        return 1.0  # nothing to compare with: nothing is known
    share = run.share() or 0.0
    spread = math.fsum((part - share * total) ** 2 for part, total in batches)
    error = math.sqrt(spread * len(batches) / (len(batches) - 1)) / sum(run.total)
    return t_975(len(batches) - 1) * error


def _batches(run: BinnedCounts) -> list[tuple[int, int]]:
    edges = [len(run.total) * batch // BATCHES for batch in range(BATCHES + 1)]
    return [(sum(run.part[start:end]), sum(run.total[start:end])) for start, end in pairwise(edges)]


def _wilson(share: float, total: int) -> tuple[float, float]:
    """Return Wilson's score interval where ``share`` is 0 or 1."""
    far = _NORMAL_975**2 / (total + _NORMAL_975**2)
    return (0.0, far) if share == 0.0 else (1.0 - far, 1.0)
