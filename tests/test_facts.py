"""The facts about Zoom that the provider answers by: each quoted from docs/provider-facts.md, and
asserted over its HTTP.

The marks are the document's: D documented, R reported, U unknown. What is unknown is not asserted,
but for what the document says to use in its place.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from simulator.clock import DAY, HOUR, SECOND
from simulator.provider import Provider
from simulator.provider.app import App
from simulator.provider.lifecycle import Deactivate, DowngradeOwner, RotateSecret
from simulator.provider.limits import LABELS, ApiLimits
from simulator.provider.policy import TokenPolicy
from simulator.provider.profiles import PROFILES
from tests.zoom_requests import (
    CREDENTIALS,
    FORM,
    GRANT,
    a_server,
    call,
    issue,
    served,
    token_request,
)

DOCUMENT = Path(__file__).parents[1] / "docs" / "provider-facts.md"
ME = "GET /v2/users/me"
MEETINGS = "POST /v2/users/me/meetings"


@dataclass(frozen=True)
class Fact:
    """``quote`` stands in the document, in ``section``, with ``mark``; ``shown`` gives what the
    provider answers, and ``answer`` is what it must be: a status, and a body or a part of one."""

    section: str
    quote: str
    mark: str
    shown: Callable[[], tuple[int, object]]
    answer: tuple[int, object]


def answer_to(exchange):
    """Return status and body; of a body that is no JSON, its bytes."""
    response = exchange.response
    return response.status, json.loads(response.body) if response.body else b""


def asked(**changes):
    """Ask for a token."""
    return lambda: answer_to(a_server().handle(token_request(**changes), 0))


def with_form(form):
    """Ask for a token with another form."""
    return asked(body=form.encode())


def called(line, *, body=b"", first=0, now=0, issues=1, value=None, change=None):
    """Call the API with the first of ``issues`` tokens, after ``change``."""

    def act():
        server = a_server()
        token = issue(server, first)
        for _ in range(issues - 1):
            issue(server, first)
        if change is not None:
            server.provider.undergo(change, now)
        return answer_to(call(server, line, value or token, now=now, body=body))

    return act


def in_query():
    """Show the token where it is not read any more."""
    server = a_server()
    value = issue(server)
    request = replace(token_request(), method="GET", path="/v2/users/me", headers={})
    return answer_to(server.handle(replace(request, query={"access_token": value}), 0))


def hundred_and_first_meeting(now=0):
    """Return what a host's 101st create of a day is answered, on the free plan."""
    limits = ApiLimits(plan="free")
    server = served(
        Provider(App(credentials=CREDENTIALS), TokenPolicy(lifetime=3 * DAY, live_tokens=1), limits)
    )
    value = issue(server)
    for second in range(100):
        assert call(server, MEETINGS, value, now=second * SECOND, body=b"{}").response.status == 201
    return answer_to(call(server, MEETINGS, value, now=max(now, 100 * SECOND), body=b"{}"))


def too_fast():
    """Return what the fifth light call of one second is answered, on the free plan."""
    policy = TokenPolicy(lifetime=HOUR, live_tokens=1)
    server = served(Provider(App(credentials=CREDENTIALS), policy, ApiLimits(plan="free")))
    value = issue(server)
    return [answer_to(call(server, ME, value)) for _ in range(5)][-1]


def refusal(code, message):
    """The API's no."""
    return {"code": code, "message": message}


INVALID = refusal(124, "Invalid access token.")
FACTS = [
    Fact(
        "1. Token request", '"token_type":"bearer"', "D", asked(), (200, {"token_type": "bearer"})
    ),
    Fact("1. Token request", "3600 (DF 79648", "R", asked(), (200, {"expires_in": 3600})),
    Fact(
        "1. Token request",
        '"either as query parameters or in the request body"',
        "D",
        asked(body=b"", query=[pair.split("=") for pair in GRANT.split("&")]),
        (200, {"token_type": "bearer"}),
    ),
    Fact(
        "1. Token request",
        '"Invalid access token, this access token is not supported as query parameter string."',
        "R",
        in_query,
        (
            401,
            refusal(
                124,
                "Invalid access token, this access token is not supported as query parameter "
                "string.",
            ),
        ),
    ),
    Fact(
        "2. Limit on live tokens",
        "1 live; new request invalidates previous immediately",
        "R",
        called(ME, issues=2),
        (401, INVALID),
    ),
    Fact(
        "3. Token-endpoint errors",
        '{"reason":"Invalid client_id or client_secret","error":"invalid_client"}',
        "R",
        asked(headers={**FORM, "authorization": "Basic eDp5"}),
        (400, {"reason": "Invalid client_id or client_secret", "error": "invalid_client"}),
    ),
    Fact(
        "3. Token-endpoint errors",
        '{"reason":"unsupported grant type","error":"unsupported_grant_type"}',
        "R",
        with_form("grant_type=client_credentials&account_id=acct"),
        (400, {"reason": "unsupported grant type", "error": "unsupported_grant_type"}),
    ),
    Fact(
        "3. Token-endpoint errors",
        '{"reason":"Bad request","error":"invalid_request"}',
        "R",
        with_form("grant_type=account_credentials&account_id=other"),
        (400, {"reason": "Bad request", "error": "invalid_request"}),
    ),
    Fact(
        "3. Token-endpoint errors",
        '{"reason":"Missing grant type","error":"invalid_request"}',
        "D/R weak",
        with_form("account_id=acct"),
        (400, {"reason": "Missing grant type", "error": "invalid_request"}),
    ),
    Fact(
        "3. Token-endpoint errors",
        'missing account_id | [U]; use the "Bad request" body',
        "U",
        with_form("grant_type=account_credentials"),
        (400, {"reason": "Bad request", "error": "invalid_request"}),
    ),
    Fact(
        "4. API errors",
        '401 `{"code":124,"message":"Invalid access token."}`',
        "R",
        called(ME, value="garbage"),
        (401, INVALID),
    ),
    Fact(
        "4. API errors",
        '401 `{"code":124,"message":"Access token is expired."}`',
        "R",
        called(ME, now=HOUR),
        (401, refusal(124, "Access token is expired.")),
    ),
    Fact(
        "4. API errors",
        '**400** `{"code":4711,"message":"Invalid access token, does not contain scopes:[',
        "R",
        called(ME, change=DowngradeOwner()),
        (400, {"code": 4711}),
    ),
    Fact(
        "4. API errors",
        '400 code 300 "Request Body should be a valid JSON object."',
        "R, D",
        called(MEETINGS, body=b"{"),
        (400, refusal(300, "Request Body should be a valid JSON object.")),
    ),
    Fact(
        "4. API errors",
        '404 `{"code":1001,"message":"User does not exist: {userId}."}`',
        "D",
        called("GET /v2/users/nobody"),
        (404, refusal(1001, "User does not exist: nobody.")),
    ),
    Fact(
        "4. API errors",
        '404 `{"code":3001,"message":"Meeting does not exist: {id}."}`',
        "D",
        called("GET /v2/meetings/42"),
        (404, refusal(3001, "Meeting does not exist: 42.")),
    ),
    Fact(
        "5. Rate limits",
        "You have reached the maximum per-second rate limit for this API. Try again later.",
        "D",
        too_fast,
        (
            429,
            refusal(
                429,
                "You have reached the maximum per-second rate limit for this API. Try again later.",
            ),
        ),
    ),
    Fact(
        "5. Rate limits",
        "You have exceeded the daily rate limit (100) of Meeting Create/Update API requests "
        "permitted for this particular user.",
        "R",
        hundred_and_first_meeting,
        (429, {"code": 429}),
    ),
    Fact(
        "5. Rate limits",
        "100 meeting/webinar create+update per day, resets 00:00 UTC",
        "D",
        lambda: hundred_and_first_meeting(now=DAY),
        (201, {"status": "waiting"}),
    ),
    Fact(
        "6. Endpoints for the mock",
        "POST /v2/users/{userId}/meetings | 201",
        "D",
        called(MEETINGS, body=b"{}"),
        (201, {"type": 2, "status": "waiting"}),
    ),
    Fact(
        "6. Endpoints for the mock", "GET /v2/users/me | 200", "D", called(ME), (200, {"type": 2})
    ),
    Fact(
        "1. Token request",
        "tokens stop working\nwhen app is deactivated",
        "D",
        called(ME, change=Deactivate()),
        (401, INVALID),
    ),
]


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.quote[:60])
def test_the_provider_answers_as_the_fact_has_it(fact):
    """Status and body; of a body that says more, the part that the fact is about."""
    status, body = fact.answer
    got_status, got = fact.shown()

    assert got_status == status
    assert {key: got[key] for key in body} == body


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.quote[:60])
def test_each_fact_stands_in_the_document_where_it_says(fact):
    """So that neither can change alone."""
    sections = DOCUMENT.read_text(encoding="utf-8").split("\n## ")
    section = next(text for text in sections if text.startswith(fact.section))

    assert fact.quote in section


@pytest.mark.parametrize(
    ("label", "row"),
    [
        ("Light", "| Light | 4/s, 6000/day | 30/s | 80/s |"),
        ("Medium", "| Medium | 2/s, 2000/day | 20/s | 60/s |"),
        ("Heavy", "| Heavy | 1/s, 1000/day | 10/s* | 40/s* |"),
        ("Resource-intensive", "| Resource-intensive | 10/min, 30000/day | 10/min* | 20/min* |"),
    ],
)
def test_the_table_of_limits_is_the_documents(label, row):
    """Every number of a row, for each plan."""
    assert row in DOCUMENT.read_text(encoding="utf-8")
    cells = row.strip("| ").split(" | ")[1:]
    for plan, cell in zip(("free", "pro", "business"), cells, strict=True):
        limits = LABELS[plan][label]
        rate, _, daily = cell.partition(", ")
        count, _, unit = rate.strip("*").partition("/")
        assert (limits.count, limits.window) == (
            int(count),
            {"s": SECOND, "min": 60 * SECOND}[unit],
        )
        if daily:
            assert limits.daily == int(daily.removesuffix("/day"))


def test_an_old_secret_works_on_for_its_overlap():
    """Up to 30 days [D, section 7]; one tick before its end, and at it."""
    server = a_server()
    server.provider.undergo(RotateSecret(new_secret="newer", overlap=30 * DAY), 0)

    assert server.handle(token_request(), 30 * DAY - 1).response.status == 200
    assert server.handle(token_request(), 30 * DAY).response.status == 400


def test_a_profile_says_how_sure_its_rule_is():
    """The cap that nobody has confirmed is called a hypothesis, and Zoom's own word documented."""
    assert PROFILES["zoom-hypothesis"].confidence == "hypothesis"
    assert PROFILES["zoom-2022"].confidence == "reported"
    assert PROFILES["zoom-2023"].confidence == "documented"
