"""The rules by which tokens are valid, and which of them an issue ends, to the tick.

Sources are quoted from provider facts, sections 2 and 8. The ledger alone is held against a model
in ``test_policy_machine.py``.
"""

import pytest

from tests.provider.provider_requests import (
    a_ruled_provider,
    a_token_request,
    asks,
    calls,
    grant,
    issue,
)
from tokenrace.clock import HOUR, MINUTE, SECOND
from tokenrace.provider.messages import Granted
from tokenrace.provider.policy import Allowance
from tokenrace.trace.events import TokenEvicted

# slots: zoom-index5, "5 slots, per-index replace" (forum thread 74432).


def test_a_slots_token_ends_when_its_own_slot_is_asked_for():
    """Section 2 [reported]: "caller passes token_index (0-based); each index holds one live token".
    Far below the cap slot 3's token ends slot 3's, and no other."""
    provider = a_ruled_provider(at_cap="replace_slot", live_tokens=5)
    for slot in ("0", "3"):
        issue_in(provider, slot)
    events = issue_in(provider, "3", now=SECOND)

    assert events[0] == TokenEvicted(
        at=SECOND, token=2, displaced_by=3, asked_by="p0", valid_until=SECOND
    )
    assert [calls(provider, token, SECOND)[0] for token in (1, 2, 3)] == [200, 401, 200]


def issue_in(provider, slot, now=0):
    _, events = provider.issue(a_token_request(slot=slot), now)
    return events


@pytest.mark.parametrize(
    ("slot", "error"),
    [
        ("0", None),
        ("4", None),
        ("5", (400, "invalid_request")),
        ("-1", (400, "invalid_request")),
        ("", (400, "invalid_request")),
        ("one", (400, "invalid_request")),
        ("9" * 5_000, (400, "invalid_request")),
    ],
)
def test_there_are_as_many_slots_as_live_tokens(slot, error):
    """Section 2: "range 0..4 is my reading". One that there is not is a bad request."""
    provider = a_ruled_provider(at_cap="replace_slot", live_tokens=5)
    reply, _ = provider.issue(a_token_request(slot=slot), 0)

    assert (None if isinstance(reply, Granted) else (reply.status, reply.error)) == error


def test_a_request_that_names_no_slot_takes_the_first():
    """Ours: a client that knows nothing of slots meets the provider of one live token."""
    provider = a_ruled_provider(at_cap="replace_slot", live_tokens=5)
    issue_in(provider, "0")
    issue_in(provider, None)

    assert [calls(provider, token, 0)[0] for token in (1, 2)] == [401, 200]


def test_without_slots_an_index_is_ignored():
    """Section 2 [documented, since 2023-06-20]: "index param ignored, token still generated"."""
    provider = a_ruled_provider(live_tokens=None)
    for slot in ("0", "0", "77", "one"):
        issue_in(provider, slot)

    assert [calls(provider, token, 0)[0] for token in (1, 2, 3, 4)] == [200] * 4


# grace: wechat, "1, TTL 7200, previous valid 5 min more; 40001 after".


def test_a_displaced_token_is_accepted_for_its_grace_and_not_a_tick_longer():
    """Displaced at 10 s with a grace of 5 minutes. It has lost its place at once."""
    provider = a_ruled_provider(grace=5 * MINUTE)
    issue(provider)
    _, events = provider.issue(a_token_request(), 10 * SECOND)
    ends = 10 * SECOND + 5 * MINUTE

    assert (events[0].token, events[0].valid_until) == (1, ends)
    assert calls(provider, 1, ends - 1) == (200, None)
    assert calls(provider, 1, ends) == (401, "evicted")
    assert provider.ledger.live_count(10 * SECOND) == 1
    assert provider.surely_valid_until(1, 11 * SECOND) == ends


def test_a_grace_ends_with_the_token_that_it_is_given():
    """Displaced a minute before its expiry: the other four minutes of grace are not its own."""
    provider = a_ruled_provider(grace=5 * MINUTE)
    issue(provider)
    _, events = provider.issue(a_token_request(), HOUR - MINUTE)

    assert events[0].valid_until == HOUR
    assert calls(provider, 1, HOUR - 1) == (200, None)
    assert calls(provider, 1, HOUR) == (401, "expired")


def test_two_in_their_grace_and_one_live_are_all_accepted():
    """One live token at a time, three valid ones."""
    provider = a_ruled_provider(grace=MINUTE)
    for now in (0, 1, 2):
        issue(provider, now)

    assert [calls(provider, token, MINUTE) for token in (1, 2, 3)] == [(200, None)] * 3
    assert [calls(provider, token, MINUTE + 1)[0] for token in (1, 2, 3)] == [401, 200, 200]


# visible_after: an issue that must spread. Section 2, "propagation delay: no measured number".


def test_a_new_token_is_refused_until_it_has_spread():
    """Issued at 10 s, visible half a second later; told as granted all the while."""
    provider = a_ruled_provider(visible_after=SECOND // 2)
    token = issue(provider, 10 * SECOND)
    visible = 10 * SECOND + SECOND // 2

    assert calls(provider, token, 10 * SECOND) == (401, "not_yet_valid")
    assert calls(provider, token, visible - 1) == (401, "not_yet_valid")
    assert calls(provider, token, visible) == (200, None)
    assert provider.ledger.live_count(10 * SECOND) == 1


def test_the_old_token_ends_at_once_all_the_same():
    """For half a second no token at all is accepted: why a fresh token may get 401."""
    provider = a_ruled_provider(visible_after=SECOND // 2)
    issue(provider)
    issue(provider, HOUR // 2)

    assert calls(provider, 1, HOUR // 2) == (401, "evicted")
    assert calls(provider, 2, HOUR // 2) == (401, "not_yet_valid")


# expires_in that is not the truth.


def test_expires_in_may_say_more_or_less_than_the_truth():
    """Told an hour, it lives half of one: refused as expired while its client believes in it."""
    provider = a_ruled_provider(lifetime=HOUR // 2, reported_lifetime=HOUR)

    assert grant(provider, 0).expires_in == 3_600
    assert calls(provider, 1, HOUR // 2 - 1) == (200, None)
    assert calls(provider, 1, HOUR // 2) == (401, "expired")


def test_what_is_told_of_a_reused_token_shrinks_and_is_never_negative():
    """It was told 60 s of an hour: 30 s are left of that after 30, and 0 after 61."""
    provider = a_ruled_provider(at_cap="same_token", reported_lifetime=MINUTE)

    told = [grant(provider, at).expires_in for at in (0, MINUTE // 2, MINUTE + SECOND)]
    assert told == [60, 30, 0]


# What is told to those who rest on a token, before it ends.


@pytest.mark.parametrize(
    ("rules", "endangered"),
    [
        ({"live_tokens": 2}, [1]),
        ({"live_tokens": 2, "at_cap": "evict_all"}, [1, 2]),
        ({"live_tokens": 2, "at_cap": "replace_slot"}, [2]),
        ({"live_tokens": 2, "at_cap": "same_token"}, []),
        ({"live_tokens": 2, "at_cap": "refuse"}, []),
        ({"live_tokens": None}, []),
        ({"live_tokens": None, "block": Allowance(count=2, window=HOUR)}, [1, 2]),
        ({"live_tokens": 2, "throttle": Allowance(count=2, window=HOUR)}, []),
        ({"live_tokens": 1, "reuse_above": MINUTE}, []),
    ],
)
def test_who_is_endangered_by_a_request_is_who_it_ends(rules, endangered):
    """After two requests a third is asked about and then made: those named end by it, no others."""
    provider = a_ruled_provider(**rules)
    for _ in range(2):
        asks(provider, 0)
    accepted = [token for token in (1, 2) if calls(provider, token, 1)[0] == 200]

    assert list(provider.endangered(a_token_request(), 1)) == endangered
    asks(provider, 1)
    assert [token for token in accepted if calls(provider, token, 1)[0] == 401] == endangered
