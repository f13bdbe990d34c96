"""The provider's own troubles: whom they strike, when, how often, and what a client then meets.

No source shows a body or a header of Zoom's for such answers: provider facts, section 3 ("rate
limited 429: unknown, not documented; one client defensively handles ``Too Many Requests`` and
``Retry-After``"). So texts are the standard's (RFC 9110 section 15), as the module says.
"""

import json

import pytest

from tests.provider.provider_requests import a_provider
from tests.provider.zoom_requests import call, issue, served, token_request
from tokenrace.clock import MINUTE, SECOND
from tokenrace.provider.bursts import (
    Burst,
    Bursts,
    Dropped,
    ErrorAnswer,
    Malformed,
    Slow,
    Struck,
)
from tokenrace.provider.messages import Refused
from tokenrace.rng import Streams
from tokenrace.trace.events import FaultStruck, TokenIssued

BEGINS, ENDS = MINUTE, 2 * MINUTE
UNAVAILABLE = ErrorAnswer(503)


def a_burst(**changes):
    burst = {"fault": 0, "endpoint": "api", "begins": BEGINS, "ends": ENDS, "ailment": UNAVAILABLE}
    return Burst(**burst | changes)


def bursts(*several, seed=1):
    return Bursts(several, Streams(seed))


def strikes(machine, now=BEGINS, endpoint="api"):
    struck = machine.strike(endpoint, now)
    return None if struck is None else struck.ailment


@pytest.mark.parametrize(
    ("now", "struck"),
    [(BEGINS - 1, False), (BEGINS, True), (ENDS - 1, True), (ENDS, False)],
)
def test_a_burst_strikes_from_its_begin_to_the_tick_before_its_end(now, struck):
    """Half-open, as every span here is."""
    assert strikes(bursts(a_burst()), now) == (UNAVAILABLE if struck else None)


@pytest.mark.parametrize(("endpoint", "other"), [("token", "api"), ("api", "token")])
def test_a_burst_strikes_its_own_endpoint_only(endpoint, other):
    """The token endpoint may be down while the API is not, and the other way round."""
    machine = bursts(a_burst(endpoint=endpoint))

    assert strikes(machine, endpoint=other) is None
    assert strikes(machine, endpoint=endpoint) == UNAVAILABLE


def test_a_burst_ends_with_its_last_request():
    """Two requests are struck, whenever they come; the third is not."""
    machine = bursts(a_burst(count=2))
    got = [strikes(machine, now) for now in (BEGINS - 1, BEGINS, BEGINS, ENDS - 1)]

    assert got == [None, UNAVAILABLE, UNAVAILABLE, None]
    assert machine.struck == [2]


def test_a_burst_strikes_its_share_of_the_requests():
    """One in four of 4,000: 1,000, give or take 5 sigma (27 each). Always and never are exact."""
    machine = bursts(a_burst(per_million=250_000))
    quarter = sum(strikes(machine) is not None for _ in range(4_000))

    assert abs(quarter - 1_000) < 137
    assert machine.struck == [quarter]
    assert strikes(bursts(a_burst(per_million=0))) is None
    assert strikes(bursts(a_burst(per_million=1_000_000))) == UNAVAILABLE


def test_another_burst_moves_nobodys_chances():
    """Each draws from a stream of its own: what a burst strikes does not depend on later ones."""
    half = a_burst(per_million=500_000)
    alone, first_of_two = bursts(half), bursts(half, a_burst(endpoint="token"))
    other_seed = bursts(half, seed=2)
    first_of_two.strike("token", BEGINS)
    got = [[strikes(machine) for _ in range(50)] for machine in (alone, first_of_two, other_seed)]

    assert got[0] == got[1]
    assert got[0] != got[2]


def test_two_bursts_do_not_strike_the_same_requests():
    """Half of the requests each: equal in fifty of fifty only if they shared their chances."""
    machine = bursts(*(a_burst(endpoint=name, per_million=500_000) for name in ("api", "token")))
    got = [[strikes(machine, endpoint=name) for _ in range(50)] for name in ("api", "token")]

    assert got[0] != got[1]


def test_of_two_bursts_the_first_that_strikes_counts():
    """In the order of the scenario; the second takes over when the first is used up."""
    machine = bursts(a_burst(count=1), a_burst(ailment=Dropped()))

    assert [strikes(machine) for _ in range(2)] == [UNAVAILABLE, Dropped()]
    assert machine.struck == [1, 1]


@pytest.mark.parametrize(
    ("endpoint", "ailment", "what"),
    [
        ("api", ErrorAnswer(503), "the API answers 503"),
        ("token", ErrorAnswer(429, retry_after=SECOND), "the token endpoint answers 429"),
        ("token", Dropped(), "the token endpoint closes connections without an answer"),
        ("api", Slow(1_500_000), "the API answers 1.5 s late"),
        ("api", Malformed(), "the API sends answers that are no JSON"),
    ],
)
def test_the_first_request_struck_is_told_and_no_other(endpoint, ailment, what):
    """A trace says that a fault really happened, once, and not thousands of times."""
    machine = bursts(a_burst(fault=3, endpoint=endpoint, ailment=ailment))
    told = FaultStruck(at=BEGINS + 5, fault=3, what=what)

    assert machine.strike(endpoint, BEGINS + 5) == Struck(ailment, (told,))
    assert machine.strike(endpoint, BEGINS + 6) == Struck(ailment, ())


def test_time_is_plain_until_the_next_burst_that_is_left():
    """Calm may last up to a burst's begin; None means for good."""
    machine = bursts(a_burst(count=1), a_burst(begins=ENDS + 5, ends=ENDS + 6))

    assert machine.plain_until("api", 0) == BEGINS
    assert machine.plain_until("api", BEGINS - 1) == BEGINS
    assert machine.plain_until("api", BEGINS) == BEGINS  # now: something may strike
    assert machine.plain_until("api", BEGINS + 7) == BEGINS + 7
    strikes(machine)
    assert machine.plain_until("api", BEGINS + 7) == ENDS + 5  # the first one is used up
    assert machine.plain_until("api", ENDS + 5) == ENDS + 5
    assert machine.plain_until("api", ENDS + 6) is None
    assert machine.plain_until("token", 0) is None


@pytest.mark.parametrize(
    ("ailment", "endpoint", "refused"),
    [
        (
            ErrorAnswer(503),
            "token",
            Refused(status=503, error="server_error", message="Service Unavailable"),
        ),
        (
            ErrorAnswer(429, retry_after=SECOND),
            "token",
            Refused(
                status=429,
                error="too_many_requests",
                message="Too Many Requests",
                retry_after=SECOND,
            ),
        ),
        (
            ErrorAnswer(500),
            "api",
            Refused(status=500, error="500", message="Internal Server Error"),
        ),
    ],
)
def test_an_error_answer_has_the_words_of_its_status(ailment, endpoint, refused):
    """RFC 9110 section 15; the token endpoint's code is an OAuth word, the API's a number."""
    assert ailment.refused(endpoint) == refused


def a_server(endpoint, ailment):
    """A server whose ``endpoint`` is struck from the first tick on, for a minute."""
    burst = a_burst(endpoint=endpoint, begins=0, ends=MINUTE, ailment=ailment)
    return served(a_provider(bursts=bursts(burst)))


def test_an_error_of_the_token_endpoint_has_no_effect():
    """The shape is ``reason`` and ``error``; ``Retry-After`` is in whole seconds, rounded up."""
    server = a_server("token", ErrorAnswer(429, retry_after=1_500_000))
    exchange = server.handle(token_request(), 0)
    response = exchange.response

    assert (response.status, response.headers["Retry-After"]) == (429, "2")
    assert json.loads(response.body) == {
        "reason": "Too Many Requests",
        "error": "too_many_requests",
    }
    assert (exchange.endpoint, exchange.reply.status) == ("token", 429)
    assert server.provider.ledger.tokens_issued == 0


def test_an_error_of_the_api_has_no_effect():
    """The shape is ``code`` and ``message``; the meeting is not made."""
    server = a_server("api", UNAVAILABLE)
    token = issue(server)
    response = call(server, "POST /v2/users/me/meetings", token, body=b"{}").response
    found = call(server, "GET /v2/meetings/10000000000", token, now=MINUTE).response

    assert response.status == 503
    assert "Retry-After" not in response.headers
    assert json.loads(response.body) == {"code": 503, "message": "Service Unavailable"}
    assert found.status == 404


def test_a_dropped_request_has_no_effect_and_no_answer():
    """The connection is closed; a recorder counts no reply."""
    server = a_server("token", Dropped())
    exchange = server.handle(token_request(), 0)

    assert (exchange.response, exchange.reply, exchange.endpoint) == (None, None, None)
    assert [type(event) for event in exchange.events] == [FaultStruck]
    assert server.provider.ledger.tokens_issued == 0


@pytest.mark.parametrize(
    ("ailment", "late", "is_json"), [(Slow(3 * SECOND), 3 * SECOND, True), (Malformed(), 0, False)]
)
def test_a_slow_or_broken_answer_leaves_the_token_issued(ailment, late, is_json):
    """What makes a client ask again, which ends the token it never got."""
    server = a_server("token", ailment)
    exchange = server.handle(token_request(), 0)

    assert [type(event) for event in exchange.events] == [FaultStruck, TokenIssued]
    assert (exchange.late, exchange.response.status) == (late, 200)
    assert exchange.response.headers["Content-Type"] == "application/json;charset=UTF-8"
    assert is_json == reads_as_json(exchange.response.body)
    assert server.provider.ledger.state(1, 0) == "live"


def test_what_has_no_body_cannot_be_malformed():
    """A delete answers 204 with nothing, struck or not, and takes effect."""
    server = a_server("api", Malformed())
    token = issue(server)
    created = call(server, "POST /v2/users/me/meetings", token, body=b"{}").response
    deleted = call(server, "DELETE /v2/meetings/10000000000", token).response

    assert (created.status, created.body) == (201, b'{"')
    assert (deleted.status, deleted.body) == (204, b"")


def test_a_path_that_is_no_endpoint_is_not_struck():
    """It never comes to the token endpoint or the API: 404 with code 2300."""
    server = a_server("api", UNAVAILABLE)

    assert call(server, "GET /v2/nothing", "x").response.status == 404


def reads_as_json(body):
    try:
        json.loads(body)
    except ValueError:
        return False
    return True
