"""Providers in whose time anything may happen: their policies, and what befalls them."""

from typing import get_args

from hypothesis import strategies as st

from tokenrace.clock import MILLISECOND, MINUTE, SECOND
from tokenrace.faults.planned import PlannedChange, SecondMinter
from tokenrace.faults.schedule import ProviderFaults
from tokenrace.provider.bursts import Burst, Dropped, ErrorAnswer, Malformed, Slow
from tokenrace.provider.lifecycle import (
    ChangePolicy,
    Deactivate,
    DowngradeOwner,
    Reactivate,
    RevokeTokens,
    RotateSecret,
    TransferOwnership,
)
from tokenrace.provider.policy import Allowance, AtCap, TokenPolicy

INSTANTS = st.sampled_from([0, 1, 10 * SECOND, 11 * SECOND, 20 * SECOND, 59 * SECOND])

PLAIN_POLICIES = st.builds(
    TokenPolicy,
    lifetime=st.sampled_from([75 * SECOND, 90 * SECOND]),
    live_tokens=st.sampled_from([None, 1, 2, 3, 8]),
)
POLICIES = st.builds(
    TokenPolicy,
    lifetime=st.sampled_from([75 * SECOND, 90 * SECOND]),
    live_tokens=st.sampled_from([1, 2, 3, 8]),
    at_cap=st.sampled_from(get_args(AtCap)),
    grace=st.sampled_from([0, 0, 3 * SECOND]),
    visible_after=st.sampled_from([0, 0, 200 * MILLISECOND]),
    reuse_above=st.sampled_from([None, None, 40 * SECOND]),
    throttle=st.sampled_from([None, None, Allowance(count=3, window=20 * SECOND)]),
    block=st.sampled_from([None, None, Allowance(count=20, window=MINUTE)]),
)

CHANGES = st.one_of(
    st.builds(
        RotateSecret,
        new_secret=st.just("another"),
        overlap=st.sampled_from([0, 10 * SECOND]),
        revokes_tokens=st.booleans(),
    ),
    st.sampled_from([DowngradeOwner(), DowngradeOwner(loses="tokens"), TransferOwnership()]),
    st.sampled_from([Deactivate(), Reactivate(), RevokeTokens(), RevokeTokens("newest")]),
    POLICIES.map(lambda policy: ChangePolicy(policy=policy)),
)

AILMENTS = st.sampled_from(
    [
        ErrorAnswer(503),
        ErrorAnswer(429, retry_after=2 * SECOND),
        Dropped(),
        Malformed(),
        Slow(50 * MILLISECOND),
        Slow(2 * SECOND),
    ]
)

BURST = 0
"""The number of every burst among a run's faults."""

BURSTS = st.builds(
    lambda endpoint, begins, span, ailment, per_million, count: Burst(
        fault=BURST,
        endpoint=endpoint,
        begins=begins,
        ends=begins + span,
        ailment=ailment,
        per_million=per_million,
        count=count,
    ),
    endpoint=st.sampled_from(["token", "api"]),
    begins=INSTANTS,
    span=st.sampled_from([1, SECOND, 10 * SECOND]),
    ailment=AILMENTS,
    per_million=st.sampled_from([200_000, 1_000_000]),
    count=st.sampled_from([None, 1, 5]),
)

PROVIDER_FAULTS = st.builds(
    ProviderFaults,
    changes=st.lists(
        st.builds(PlannedChange, at=INSTANTS, fault=st.just(1), change=CHANGES), max_size=3
    ).map(tuple),
    minters=st.lists(
        st.builds(
            SecondMinter,
            fault=st.just(2),
            begins=INSTANTS,
            ends=st.just(MINUTE),
            rate_hz=st.sampled_from([0.05, 1.0]),
        ),
        max_size=1,
    ).map(tuple),
    bursts=st.lists(BURSTS, max_size=2).map(tuple),
)
