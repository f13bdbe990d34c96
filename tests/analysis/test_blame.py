"""Why a call got its 401: from histories short enough to tell by hand."""

import pytest

from tests.simulation.virtual_runs import a_plan, a_run
from tokenrace.analysis.blame import Wanted, Witness, blame
from tokenrace.analysis.blame_words import blame_in_words
from tokenrace.clock import MINUTE, SECOND
from tokenrace.simulation.virtual.engine import VirtualEngine
from tokenrace.trace.events import (
    AppChanged,
    CallRefused,
    FaultStruck,
    ProcessEnded,
    TokenAdopted,
    TokenEvicted,
    TokenIssued,
    TokenRevoked,
)


def issued(at, token, to):
    return TokenIssued(at=at, token=token, expires_at=at + 60 * SECOND, asked_by=to)


def adopted(at, token, process):
    return TokenAdopted(at=at, token=token, process=process)


def evicted(at, token, by, to, grace=0):
    return TokenEvicted(at=at, token=token, displaced_by=by, asked_by=to, valid_until=at + grace)


def refused(at, token, cause="evicted", who="p0.w1"):
    return CallRefused(at=at, token=token, cause=cause, asked_by=who)


def told(events, wanted=None):
    """The sentences, instants in seconds."""
    return list(blame_in_words(blame(events, wanted), lambda at: f"{at / SECOND:g}s"))


DISPLACED = [
    issued(1 * SECOND, 1, "p0"),
    adopted(2 * SECOND, 1, 0),
    adopted(3 * SECOND, 1, 2),
    issued(5 * SECOND, 2, "p1"),
    evicted(5 * SECOND, 1, 2, "p1"),
    adopted(6 * SECOND, 2, 1),
    adopted(7 * SECOND, 2, 2),
    refused(9 * SECOND, 1),
    refused(10 * SECOND, 1, who="p0.w0"),
]
"""p0 and p2 use token 1 when p1 is issued token 2 in its place; p2 notices, p0 does not."""


def test_an_evicted_token_is_blamed_on_who_asked_for_the_one_in_its_place():
    """Who held it then, and who held it still; the second 401 is not looked at."""
    found = blame(DISPLACED)

    assert found.refused == refused(9 * SECOND, 1)
    assert (found.issued, found.displaced_by) == (DISPLACED[0], DISPLACED[3])
    assert found.ended == DISPLACED[4]
    assert (found.held_by, found.still_held_by) == ((0, 2), (0,))
    assert found.chain == tuple(DISPLACED[:8])
    assert told(DISPLACED) == [
        "9s: p0.w1 got 401 with token 1: evicted",
        "token 1 was issued to p0 at 1s",
        "at 5s token 2 took its place, which p1 had asked for",
        "p0 and p2 held it when it ended; p0 still did when the call was refused",
    ]


def test_grace_is_told():
    """The token was good for two seconds more."""
    history = [issued(0, 1, "p0"), evicted(5 * SECOND, 1, 2, "p1", 2 * SECOND)]

    assert told([*history, refused(9 * SECOND, 1)])[2] == (
        "at 5s token 2 took its place, which p1 had asked for, and it was valid for 2 s more"
    )


def test_an_expired_token_is_blamed_on_its_time():
    """Issued at 1 s for a minute, still handed out at 70 s."""
    history = [issued(1 * SECOND, 1, "p0"), adopted(2 * SECOND, 1, 0)]

    assert told([*history, refused(70 * SECOND, 1, "expired")]) == [
        "70s: p0.w1 got 401 with token 1: expired",
        "token 1 was issued to p0 at 1s",
        "its time was over at 61s",
        "when the call was refused, p0 still held it",
    ]


@pytest.mark.parametrize(
    ("happened", "sentence"),
    [
        (AppChanged(at=4, change="every token is revoked"), "the app: every token is revoked"),
        (FaultStruck(at=4, fault=1, what="gone"), "fault 2 of the scenario: gone"),
    ],
)
def test_a_revoked_token_is_blamed_on_what_befell_the_app(happened, sentence):
    """The last thing that did before the 401."""
    history = [issued(1, 1, "p0"), AppChanged(at=2, change="an older one"), happened]
    history += [TokenRevoked(at=5 * SECOND, token=1), refused(9 * SECOND, 1, "revoked")]

    assert told(history)[1:] == [
        f"before that, at 4e-06s: {sentence}",
        "token 1 was issued to p0 at 1e-06s",
        "at 5s it was revoked",
        "no process held it by then: the call was under way, or another client's",
    ]


def test_a_token_of_nobody_has_no_story():
    """It is none of the provider's."""
    assert told([refused(9 * SECOND, None, "unknown_token")]) == [
        "9s: p0.w1 got 401 with no token of the provider's: unknown_token"
    ]


def test_what_befell_the_app_is_told_where_it_may_be_the_reason():
    """A token that was evicted was not evicted by a new secret; a client that shows no token of
    ours has its 401, and what happened before it, as the whole chain."""
    changed = AppChanged(at=4 * SECOND, change="it has a new secret")
    lost = refused(9 * SECOND, None, "unknown_token")

    assert told([*DISPLACED[:4], changed, *DISPLACED[4:]]) == told(DISPLACED)
    assert blame([changed, lost]).chain == (changed, lost)
    assert blame([lost]).chain == (lost,)


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        (
            [adopted(2, 1, 0)],
            [adopted(6, 2, 0)],
            "p0 held it when it ended; no process still did when the call was refused",
        ),
        (
            [],
            [adopted(6, 1, 0)],
            "no process held it when it ended; p0 took it up after that, dead as it was",
        ),
    ],
)
def test_who_held_a_token_when_it_ended_and_who_did_later_are_two_things(before, after, sentence):
    """p0 has another one by then; p0 takes it up, late, when it is over."""
    history = [issued(1, 1, "p0"), *before, issued(5, 2, "p1"), evicted(5, 1, 2, "p1"), *after]

    assert told([*history, refused(9, 1)])[-1] == sentence


def test_a_blocked_app_is_blamed_on_what_blocked_it():
    """The token itself is live."""
    history = [
        issued(0, 1, "p0"),
        AppChanged(at=SECOND, change="blocked"),
        refused(2 * SECOND, 1, "app_blocked"),
    ]

    assert told(history)[1:] == [
        "before that, at 1s: the app: blocked",
        "token 1 was issued to p0 at 0s",
    ]


def test_a_dead_process_holds_nothing():
    """p0 dies with token 1 in its memory."""
    died = ProcessEnded(at=3, process=0, in_flight=0, reason="killed")
    history = [issued(1, 1, "p0"), adopted(2, 1, 0), died, evicted(4, 1, 2, "p1"), refused(5, 1)]

    assert blame(history).held_by == ()


def test_many_holders_are_not_all_named():
    """Of twelve, eight."""
    history = [issued(0, 1, "p0"), *(adopted(1, 1, process) for process in range(12))]
    *_, holders = told([*history, evicted(2, 1, 2, "p1"), refused(3, 1)])

    assert holders.startswith("p0, p1, p2, p3, p4, p5, p6, p7 and 4 more held it when it ended")


@pytest.mark.parametrize(
    ("wanted", "at"),
    [
        (Wanted(), 9),
        (Wanted(begins=10 * SECOND), 10),
        (Wanted(begins=9 * SECOND, ends=10 * SECOND), 9),
        (Wanted(begins=11 * SECOND), None),
        (Wanted(ends=9 * SECOND), None),
        (Wanted(causes=["expired"]), None),
    ],
)
def test_the_first_401_that_is_wanted_is_blamed(wanted, at):
    """Of 401s at 9 s and 10 s; an end is exclusive."""
    found = blame(DISPLACED, wanted)

    assert (found and found.refused.at) == (at and at * SECOND)


def test_a_witness_of_a_run_sees_what_its_trace_tells():
    """Three processes that end each other's tokens: the same blame live as from the events."""
    plan = a_plan(processes=3, cap=1, duration=6 * MINUTE)
    events, _ = a_run(plan)
    witness = Witness(Wanted())
    VirtualEngine().run(plan, witness, lambda at: None)

    assert witness.blame == blame(events)
    assert witness.blame.refused == next(e for e in events if isinstance(e, CallRefused))
    assert witness.blame.ended.displaced_by == witness.blame.displaced_by.token
