"""What is asked of the provider to see whether it keeps to a fact, and what it answers: a status,
and a body or headers."""

import json
from dataclasses import replace

from tests.provider.zoom_requests import CREDENTIALS, a_server, call, issue, served, token_request
from tokenrace.clock import DAY, HOUR, SECOND
from tokenrace.provider.app import App
from tokenrace.provider.endpoints import Provider
from tokenrace.provider.limits import ApiLimits
from tokenrace.provider.policy import TokenPolicy
from tokenrace.provider.profiles import PROFILES

ME = "GET /v2/users/me"
MEETINGS = "POST /v2/users/me/meetings"


def answer_to(exchange):
    """Return status and body; of a body that is no JSON, its bytes."""
    response = exchange.response
    return response.status, json.loads(response.body) if response.body else b""


def at(profile):
    """Return a server that keeps tokens by ``profile``."""
    return served(Provider(App(credentials=CREDENTIALS), PROFILES[profile].policy))


def asked(*, profile="zoom-2022", change=None, **changes):
    """Ask for a token, after ``change``."""

    def act():
        server = at(profile)
        if change is not None:
            server.provider.undergo(change, 0)
        return answer_to(server.handle(token_request(**changes), 0))

    return act


def with_form(form, profile="zoom-2022"):
    """Ask for a token with another form."""
    return asked(profile=profile, body=form.encode())


def called(line, *, profile="zoom-2022", body=b"", now=0, issues=1, value=None, change=None):
    """Call the API with the first of ``issues`` tokens, after ``change``."""

    def act():
        server, first = at(profile), 0
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


def a_day_used_up():
    """Return what the 6,001st light call of a day is answered, on the free plan."""
    policy = TokenPolicy(lifetime=DAY, live_tokens=1)
    server = served(Provider(App(credentials=CREDENTIALS), policy, ApiLimits(plan="free")))
    value = issue(server)
    for number in range(6_000):
        assert call(server, ME, value, now=number * SECOND // 4).response.status == 200
    return answer_to(call(server, ME, value, now=6_000 * SECOND // 4))


def headers_of_a_401():
    """Return the headers of a 401, None for the one that is not there."""
    response = call(a_server(), ME, "garbage").response
    return response.status, {"WWW-Authenticate": None, **response.headers}


def created_twice():
    """Return what the second of two equal creates is answered."""
    server = a_server()
    value = issue(server)
    return [answer_to(call(server, MEETINGS, value, body=b"{}")) for _ in range(2)][-1]


def deleted(times):
    """Return what the last of so many deletes of one meeting is answered."""

    def act():
        server = a_server()
        value = issue(server)
        _, meeting = answer_to(call(server, MEETINGS, value, body=b"{}"))
        line = f"DELETE /v2/meetings/{meeting['id']}"
        return [answer_to(call(server, line, value)) for _ in range(times)][-1]

    return act
