"""A trace in words: one readable line an event, and no secret in any."""

from typing import get_args

import pytest

from tests.provider.provider_requests import CREDENTIALS, a_call, a_provider, a_token_request
from tokenrace.analysis.timeline import clock_time, in_words, timeline
from tokenrace.clock import DAY, HOUR, MINUTE, SECOND
from tokenrace.provider.lifecycle import RotateSecret
from tokenrace.trace.events import (
    AppChanged,
    CallRefused,
    Event,
    FamilyAuthorized,
    FamilyEnded,
    FaultStruck,
    IssueRefused,
    ProcessEnded,
    ProcessStarted,
    RefreshRefused,
    TokenAdopted,
    TokenEvicted,
    TokenIssued,
    TokenRevoked,
    TrialMade,
)

EVICTED = {"at": 7, "token": 3, "displaced_by": 4, "asked_by": "p1"}
LINES = [
    (
        TokenIssued(at=7, token=3, expires_at=HOUR, asked_by="p0"),
        "p0 is issued token 3",
    ),
    (
        TokenEvicted(**EVICTED, valid_until=7),
        "token 3 is evicted by token 4, which p1 asked for",
    ),
    (
        TokenEvicted(**EVICTED, valid_until=7 + 5 * MINUTE),
        "token 3 is evicted by token 4, which p1 asked for, and is valid for 300 s more",
    ),
    (
        TokenEvicted(**EVICTED, valid_until=7 + SECOND // 2),
        "token 3 is evicted by token 4, which p1 asked for, and is valid for 0.5 s more",
    ),
    (
        TokenRevoked(at=7, token=3),
        "token 3 is revoked",
    ),
    (
        IssueRefused(at=7, status=429, error="too_many_requests", asked_by="p2"),
        "p2 is refused a token: 429 too_many_requests",
    ),
    (
        CallRefused(at=7, token=3, cause="evicted", asked_by="p0.w1"),
        "p0.w1 gets 401 with token 3: evicted",
    ),
    (
        CallRefused(at=7, token=None, cause="unknown_token", asked_by="curl"),
        "curl gets 401 with no token: unknown_token",
    ),
    (
        FamilyAuthorized(at=7, family=2),
        "the user consents: refresh family 2 begins",
    ),
    (
        RefreshRefused(at=7, family=2, cause="reused", asked_by="p1"),
        "p1 is refused a refresh with family 2: reused",
    ),
    (
        RefreshRefused(at=7, family=None, cause="unknown", asked_by="p1"),
        "p1 is refused a refresh with no token of ours: unknown",
    ),
    (
        FamilyEnded(at=7, family=2, reason="reused"),
        "refresh family 2 ends: reused",
    ),
    (
        AppChanged(at=7, change="deactivated"),
        "the app: deactivated",
    ),
    (
        FaultStruck(at=7, fault=0, what="the API answers 503"),
        "fault 1 of the scenario: the API answers 503",
    ),
    (
        TrialMade(at=7, fault=0, token=3, status=401),
        "a trial with token 3, issued for it, gets 401",
    ),
    (
        TrialMade(at=7, fault=0, token=None, status=400),
        "a trial gets no token: 400",
    ),
    (
        TrialMade(at=7, fault=0, token=None, status=None),
        "a trial gets no token: nothing that can be read",
    ),
    (
        TokenAdopted(at=7, token=3, process=2),
        "p2 begins to use token 3",
    ),
    (
        ProcessEnded(at=7, process=2, in_flight=3, reason="killed by SIGKILL"),
        "p2 dies (killed by SIGKILL) with 3 requests in flight",
    ),
    (
        ProcessEnded(at=7, process=2, in_flight=1, reason="exit status 1"),
        "p2 dies (exit status 1) with 1 request in flight",
    ),
    (
        ProcessStarted(at=7, process=4, life=1),
        "p4 is started",
    ),
    (
        ProcessStarted(at=7, process=2, life=3),
        "p2 is started again, for its life 3",
    ),
]


@pytest.mark.parametrize(("event", "line"), LINES)
def test_an_event_reads_as_a_sentence(event, line):
    """Who, what, with which token; instants are for the line it stands in."""
    assert in_words(event) == line


def test_every_kind_of_event_has_its_line_above():
    """A kind added to ``Event`` needs a row in the table."""
    assert {type(event) for event, _ in LINES} == set(get_args(Event))


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (0, "00:00:00.000000"),
        (1, "00:00:00.000001"),
        (MINUTE - 1, "00:00:59.999999"),
        (HOUR + 2 * MINUTE + 3 * SECOND + 4, "01:02:03.000004"),
        (DAY - 1, "23:59:59.999999"),
        (DAY, "1d 00:00:00.000000"),
        (6 * DAY + 13 * HOUR, "6d 13:00:00.000000"),
    ],
)
def test_an_instant_reads_as_a_clock_to_the_microsecond(at, text):
    """Days only where there are any."""
    assert clock_time(at) == text


def test_the_instants_of_a_week_stand_in_one_column():
    """18 characters hold a day and its clock; the words begin two further on, in the same order."""
    events = [TokenRevoked(at=at, token=token) for token, at in ((2, 5), (1, 6 * DAY))]

    assert list(timeline(events, clock_time)) == [
        "   00:00:00.000005  token 2 is revoked",
        "6d 00:00:00.000000  token 1 is revoked",
    ]


def test_no_secret_is_in_a_line():
    """A rotation, a refusal of the old secret and one of a token: the values stay out."""
    provider = a_provider()
    secrets = (CREDENTIALS.client_secret, "quiet")
    _, issued = provider.issue(a_token_request(), 0)
    rotated = provider.undergo(RotateSecret(new_secret="quiet", revokes_tokens=True), 1)
    _, old_secret = provider.issue(a_token_request(), 2)
    _, old_token = provider.call(a_call(1), 3)
    lines = list(timeline([*issued, *rotated, *old_secret, *old_token], str))

    assert [line.strip() for line in lines] == [
        "0  p0 is issued token 1",
        "1  the app: its secret is rotated; the old one ends at once, and every token ends",
        "1  token 1 is revoked",
        "2  p0 is refused a token: 400 invalid_client",
        "3  p0.w1 gets 401 with token 1: revoked",
    ]
    assert not any(secret in line for secret in secrets for line in lines)
