"""O4, XFetch: how many tokens a rotation has issued when each call renews early at random.

The hazard of a first renewal grows as e^(t / (beta delta)), so at the first one it is an Exp(1)
draw h of what is behind it, and in the delta until its answer is stored as many again come as
Poisson(h (e^(1/beta) - 1)) says: together K = 1 + Geometric, P(K > n) = (1 - e^(-1/beta))^n, and
E[K] = e^(1/beta). It needs x e^(-1/beta) >> 1, x = rate * beta * delta, so that expiry is far.
"""

from dataclasses import replace
from functools import cache
from math import exp

import pytest

from tests.simulation.virtual_runs import a_plan, a_run
from tokenrace.arrivals import Poisson
from tokenrace.clock import MILLISECOND, SECOND
from tokenrace.strategies.composing import composed_of
from tokenrace.trace.events import TokenIssued

ROTATIONS = 100
CALLS = {1.0: 12.0, 2.0: 8.0}
"""x, by beta: the first renewal is within delta of expiry with e^(-4.4) and e^(-4.9)."""


@cache
def tokens_of_each_rotation(beta):
    """Return K of each rotation but the first, in which delta was a guess.

    delta is 100 ms; issues of one rotation are milliseconds apart, rotations 8 s or more.
    """
    plan = replace(
        a_plan(
            "xfetch",
            cap=None,
            arrivals=Poisson(CALLS[beta] / beta / 0.1),
            lifetime=12 * SECOND,
            token_trip=100 * MILLISECOND,
            api_trip=10 * MILLISECOND,
            duration=(ROTATIONS + 2) * 12 * SECOND,
        ),
        recipe=composed_of("xfetch", {}, [("beta", beta)]),
    )
    instants = [event.at for event in a_run(plan)[0] if isinstance(event, TokenIssued)]
    counts, last = [], -10 * SECOND
    for at in instants:
        if at - last > 5 * SECOND:
            counts.append(0)
        counts[-1] += 1
        last = at
    return counts[1 : 1 + ROTATIONS]


@pytest.mark.parametrize("beta", CALLS)
def test_the_mean_is_e_to_the_one_over_beta(beta):
    """With p = e^(-1/beta) the variance of K is (1 - p) / p^2. Of 100 rotations one sigma is 0.22
    for beta 1 (mean 2.72) and 0.10 for beta 2 (mean 1.65); three are allowed."""
    counts = tokens_of_each_rotation(beta)
    p = exp(-1 / beta)
    sigma = ((1 - p) / p**2 / ROTATIONS) ** 0.5

    assert len(counts) == ROTATIONS
    assert sum(counts) / ROTATIONS == pytest.approx(1 / p, abs=3 * sigma)


@pytest.mark.parametrize("beta", CALLS)
@pytest.mark.parametrize("n", [1, 2, 3])
def test_more_than_n_tokens_are_as_likely_as_a_geometric_law_says(beta, n):
    """P(K > n) = (1 - e^(-1/beta))^n: at a cap of n a rotation ends a token that is in use. Beta 1
    and n = 1: 63 %. Of 100 rotations one sigma is at most 5 %; three are allowed."""
    counts = tokens_of_each_rotation(beta)
    law = (1 - exp(-1 / beta)) ** n
    sigma = (law * (1 - law) / ROTATIONS) ** 0.5

    assert sum(count > n for count in counts) / ROTATIONS == pytest.approx(law, abs=3 * sigma)
