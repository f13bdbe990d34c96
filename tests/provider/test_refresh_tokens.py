"""Refresh tokens by example: rotation, overlap, reuse, cap and lifetimes, each with its source."""

import json

import pytest

from tokenrace.analysis.timeline import in_words
from tokenrace.clock import DAY, MINUTE, SECOND
from tokenrace.provider.refresh_tokens import (
    ENDED_KEPT,
    NO_REFRESH_TOKEN,
    RefreshPolicy,
    RefreshToken,
    RefreshTokens,
)
from tokenrace.trace.events import FamilyAuthorized, FamilyEnded, RefreshRefused
from tokenrace.trace.json_lines import event_from, json_line

STABLE = RefreshPolicy()
ROTATING = RefreshPolicy(rotates=True)
LENIENT = RefreshPolicy(rotates=True, overlap=10 * MINUTE, detects_reuse=True)


def authorized(policy, consents=1):
    """Return a machine that was given consents at 0, and the first refresh token of each."""
    tokens = RefreshTokens(policy)
    return tokens, [tokens.authorize(0)[0] for _ in range(consents)]


def refused(family, cause, at):
    return RefreshRefused(at=at, family=family, cause=cause, asked_by="p0")


def test_a_consent_starts_a_family_with_its_first_refresh_token():
    """Families are numbered in order of consent; what happened says so."""
    tokens = RefreshTokens(STABLE)

    assert tokens.authorize(5) == (RefreshToken(1, 1), [FamilyAuthorized(at=5, family=1)])
    assert tokens.authorize(6) == (RefreshToken(2, 1), [FamilyAuthorized(at=6, family=2)])


def test_without_rotation_one_refresh_token_serves_for_ever():
    """HubSpot: a stable refresh token [provider facts, section 8]."""
    tokens, [first] = authorized(STABLE)

    for day in (0, 1, 10_000):
        assert tokens.use(first, day * DAY, "p0") == (first, [])


def test_with_rotation_a_use_yields_the_next_refresh_token_and_spends_the_one_used():
    """Single use, as at Box and Slack [provider facts, section 8]; without an overlap at once."""
    tokens, [first] = authorized(ROTATING)

    assert tokens.use(first, SECOND, "p0") == (RefreshToken(1, 2), [])
    assert tokens.use(first, SECOND, "p0") == ("reused", [refused(1, "reused", SECOND)])
    assert tokens.use(RefreshToken(1, 2), SECOND, "p0") == (RefreshToken(1, 3), [])


def test_a_retry_within_the_overlap_gets_the_same_successor():
    """
    Xero: "you can retry refreshing your existing refresh token for a grace period of 30 minutes"
    [developer.xero.com/faq/oauth2]. It runs from the first use and is not prolonged by a retry;
    30 minutes later to the tick it is over.
    """
    tokens, [first] = authorized(RefreshPolicy(rotates=True, overlap=30 * MINUTE))
    tokens.use(first, 100, "p0")

    for now in (100, 20 * MINUTE, 100 + 30 * MINUTE - 1):
        assert tokens.use(first, now, "p0") == (RefreshToken(1, 2), [])
    late = 100 + 30 * MINUTE
    assert tokens.use(first, late, "p0") == ("reused", [refused(1, "reused", late)])


def test_the_second_to_last_refresh_token_is_spent_even_within_the_overlap():
    """Auth0: "Only the previous token can be reused; if the second-to-last one is exchanged, breach
    detection will be triggered" [Configure Refresh Token Rotation]."""
    tokens, [first] = authorized(LENIENT)
    second, _ = tokens.use(first, 0, "p0")
    tokens.use(second, 1, "p0")

    assert tokens.use(second, 2, "p0") == (RefreshToken(1, 3), [])
    assert tokens.use(first, 2, "p0") == (
        "reused",
        [refused(1, "reused", 2), FamilyEnded(at=2, family=1, reason="reused")],
    )


def test_a_reuse_costs_the_rightful_holder_the_family_too():
    """
    Atlassian: "Reuse of old tokens outside the leeway interval invalidates all refresh tokens"
    [community 54172; RFC 9700 section 4.14.2]. The provider can't tell thief from owner.
    """
    tokens, [first, other] = authorized(LENIENT, consents=2)
    newest, _ = tokens.use(first, 0, "p0")
    late = 10 * MINUTE
    tokens.use(first, late, "thief")

    assert tokens.use(newest, late, "p0") == ("revoked", [refused(1, "revoked", late)])
    assert tokens.live_families(late) == [other.family]


def test_where_reuse_is_not_detected_the_family_lives_on():
    """Of Xero no source says that a reuse ends anything but itself."""
    tokens, [first] = authorized(ROTATING)
    newest, _ = tokens.use(first, 0, "p0")
    tokens.use(first, 1, "p0")

    assert tokens.use(newest, 2, "p0") == (RefreshToken(1, 3), [])


def test_one_consent_above_the_cap_ends_the_oldest():
    """
    Salesforce: five approvals, and the sixth revokes the oldest [help.salesforce.com]. Using the
    oldest lately does not save it.
    """
    tokens, [oldest, *_] = authorized(RefreshPolicy(families_max=5), consents=5)
    tokens.use(oldest, 1, "p0")

    assert tokens.authorize(2) == (
        RefreshToken(6, 1),
        [FamilyEnded(at=2, family=1, reason="evicted"), FamilyAuthorized(at=2, family=6)],
    )
    assert tokens.use(oldest, 3, "p0") == ("evicted", [refused(1, "evicted", 3)])
    assert tokens.live_families(3) == [2, 3, 4, 5, 6]


def test_a_family_whose_time_is_over_takes_no_room():
    """It is not evicted either: its first end is its end."""
    policy = RefreshPolicy(families_max=1, lifetime=DAY)
    tokens, [first] = authorized(policy)

    _, events = tokens.authorize(DAY)

    assert events == [FamilyAuthorized(at=DAY, family=2)]
    assert tokens.answer(first, DAY) == "expired"


def test_idle_time_is_counted_from_the_last_use():
    """
    Xero: "unused refresh tokens expire after 60 days" [developer.xero.com/faq/oauth2]. Used on day
    59, it lives to day 119, exclusive.
    """
    tokens, [first] = authorized(RefreshPolicy(rotates=True, idle=60 * DAY))
    second, _ = tokens.use(first, 59 * DAY, "p0")

    assert tokens.answer(second, 119 * DAY - 1) == RefreshToken(1, 3)
    assert tokens.use(second, 119 * DAY, "p0") == ("expired", [refused(1, "expired", 119 * DAY)])


def test_no_use_prolongs_the_absolute_lifetime():
    """Atlassian: 365 days from the consent, however often it was refreshed [community 60806]."""
    tokens, [first] = authorized(RefreshPolicy(rotates=True, lifetime=365 * DAY, idle=90 * DAY))
    newest = first
    for day in range(0, 365, 50):
        newest, _ = tokens.use(newest, day * DAY, "p0")

    assert tokens.answer(newest, 365 * DAY - 1) == RefreshToken(1, 10)
    assert tokens.answer(newest, 365 * DAY) == "expired"


@pytest.mark.parametrize(
    "token", [NO_REFRESH_TOKEN, RefreshToken(2, 1), RefreshToken(1, 2), RefreshToken(1, 0)]
)
def test_a_refresh_token_never_issued_is_unknown(token):
    """No family, another's, one yet to come: what was shown names none of ours."""
    tokens, _ = authorized(LENIENT)

    assert tokens.use(token, 3, "p0") == ("unknown", [refused(None, "unknown", 3)])


def test_withdrawing_a_consent_ends_its_family_once():
    """The user's own doing, as in an account's settings."""
    tokens, [first] = authorized(STABLE)

    assert tokens.revoke(1, 4) == [FamilyEnded(at=4, family=1, reason="revoked")]
    assert tokens.revoke(1, 5) == []
    assert tokens.use(first, 6, "p0") == ("revoked", [refused(1, "revoked", 6)])


def test_a_new_policy_holds_for_families_that_are_there():
    """A shorter idle time ends at once what was left lying longer."""
    tokens, [first] = authorized(STABLE)
    tokens.change(RefreshPolicy(idle=DAY))

    assert tokens.answer(first, DAY) == "expired"


def test_memory_of_ended_families_is_bounded():
    """The last 10,000 ends are remembered; the one before reads as unknown."""
    tokens, [first, second] = authorized(RefreshPolicy(families_max=2), consents=2)
    for now in range(ENDED_KEPT + 1):
        tokens.authorize(now)

    assert tokens.answer(first, ENDED_KEPT) == "unknown"
    assert tokens.answer(second, ENDED_KEPT) == "evicted"


@pytest.mark.parametrize(
    "wrong",
    [
        {"overlap": 1},
        {"detects_reuse": True},
        {"rotates": True, "overlap": -1},
        {"families_max": 0},
        {"lifetime": 0},
        {"idle": 0},
    ],
)
def test_a_policy_that_makes_no_sense_does_not_exist(wrong):
    """Overlap and reuse are about rotation; caps and spans are positive."""
    with pytest.raises(ValueError, match=r"must|need"):
        RefreshPolicy(**wrong)


@pytest.mark.parametrize(
    ("event", "line", "words"),
    [
        (
            FamilyAuthorized(at=9, family=1),
            '{"event":"family_authorized","at":9,"family":1}',
            "the user consents: refresh family 1 begins",
        ),
        (
            refused(1, "reused", 9),
            '{"event":"refresh_refused","at":9,"family":1,"cause":"reused","asked_by":"p0"}',
            "p0 is refused a refresh with family 1: reused",
        ),
        (
            refused(None, "unknown", 9),
            '{"event":"refresh_refused","at":9,"family":null,"cause":"unknown","asked_by":"p0"}',
            "p0 is refused a refresh with no token of ours: unknown",
        ),
        (
            FamilyEnded(at=9, family=1, reason="evicted"),
            '{"event":"family_ended","at":9,"family":1,"reason":"evicted"}',
            "refresh family 1 ends: evicted",
        ),
    ],
)
def test_what_happens_to_families_is_in_traces_and_timelines(event, line, words):
    """A line of JSON that reads back, and the same in words for a person."""
    assert json_line(event) == line.encode() + b"\n"
    assert event_from(json_line(event)) == event
    assert in_words(event) == words


@pytest.mark.parametrize(
    ("kind", "changes", "message"),
    [
        (
            "refresh_refused",
            {"family": 1, "cause": "no luck", "asked_by": "p0"},
            "'no luck'",
        ),
        ("family_ended", {"family": 1, "reason": "bored"}, "'bored'"),
    ],
)
def test_a_word_that_traces_do_not_have_is_damage(kind, changes, message):
    """As for the causes of a 401: a figure must not come of it."""
    with pytest.raises(ValueError, match=f"Invalid enum value {message}"):
        event_from(json.dumps({"event": kind, "at": 1, **changes}).encode())
