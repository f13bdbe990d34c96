"""What clients are told of an account's limits: provider facts, section 5."""

import json

import pytest

from tests.provider.provider_requests import a_provider
from tests.provider.zoom_requests import EPOCH, call, issue, served
from tokenrace.clock import DAY, HOUR, MINUTE, SECOND
from tokenrace.provider.limits import ApiLimits
from tokenrace.provider.messages import Quota, Refused
from tokenrace.provider.zoom_headers import quota_headers, retry_after

TOO_FAST = "You have reached the maximum per-second rate limit for this API. Try again later."
QUOTA = Quota(category="Light", limit=6_000, remaining=12, tells_all=True)


@pytest.mark.parametrize(
    ("quota", "headers"),
    [
        (None, {}),
        (
            QUOTA,
            {
                "X-RateLimit-Category": "Light",
                "X-RateLimit-Limit": "6000",
                "X-RateLimit-Remaining": "12",
            },
        ),
        (
            Quota(category="Light", limit=4, remaining=0, tells_all=True, kind="QPS"),
            {
                "X-RateLimit-Category": "Light",
                "X-RateLimit-Limit": "4",
                "X-RateLimit-Remaining": "0",
                "X-RateLimit-Type": "QPS",
            },
        ),
        (
            Quota(
                category="Light",
                limit=6_000,
                remaining=0,
                tells_all=True,
                kind="Daily-limit",
                resumes_at=DAY,
            ),
            {
                "X-RateLimit-Category": "Light",
                "X-RateLimit-Limit": "6000",
                "X-RateLimit-Remaining": "0",
                "X-RateLimit-Type": "Daily-limit",
                "Retry-After": "2020-05-31T00:00:00Z",
            },
        ),
        (
            Quota(category="Light", limit=6_000, remaining=0, tells_all=False, kind="Daily-limit"),
            {"X-RateLimit-Category": "Light"},
        ),
    ],
)
def test_the_headers_are_those_of_the_source(quota, headers):
    """Section 5 [documented, older docs; reported, moodle-mod_zoom]: "X-RateLimit-Category,
    X-RateLimit-Type (QPS | Daily-limit), X-RateLimit-Limit, X-RateLimit-Remaining, Retry-After as
    ISO 8601 (2020-05-31T00:00:00Z, NOT seconds) for daily"; "a 2026 measurement saw only
    x-ratelimit-category: Light on 200"."""
    a_day_before = 1_590_796_800  # 2020-05-30T00:00:00Z

    assert dict(quota_headers(quota, a_day_before)) == headers


@pytest.mark.parametrize(
    ("span", "header"),
    [(None, None), (0, "0"), (1, "1"), (SECOND, "1"), (SECOND + 1, "2"), (HOUR, "3600")],
)
def test_a_span_to_wait_is_told_in_whole_seconds_rounded_up(span, header):
    """RFC 9110 section 10.2.3: delay-seconds. Rounded down, a client would come too early."""
    refused = Refused(status=429, error="429", message="", retry_after=span)

    assert retry_after(refused).get("Retry-After") == header


@pytest.mark.parametrize(
    ("told", "on_200", "on_429"),
    [
        (
            "full",
            {"X-RateLimit-Limit": "6000", "X-RateLimit-Remaining": "5999"},
            {
                "X-RateLimit-Limit": "4",
                "X-RateLimit-Remaining": "0",
                "X-RateLimit-Type": "QPS",
            },
        ),
        ("category", {}, {}),
    ],
)
def test_answers_carry_the_headers_over_http(told, on_200, on_429):
    """On success and on refusal, the category always; not where the token was refused."""
    server = served(a_provider(limits=ApiLimits(plan="free", headers=told)))
    token = issue(server)
    unauthorized = call(server, "GET /v2/users/me", "garbage").response
    responses = [call(server, "GET /v2/users/me", token).response for _ in range(5)]

    category = {"X-RateLimit-Category": "Light"}
    assert limit_headers(unauthorized) == {}
    assert limit_headers(responses[0]) == category | on_200
    assert limit_headers(responses[-1]) == category | on_429
    assert responses[-1].status == 429
    assert json.loads(responses[-1].body) == {"code": 429, "message": TOO_FAST}


def test_a_delete_without_a_body_carries_them_too():
    """204, and 5,998 calls are left of the day after a create and a delete."""
    server = served(a_provider(limits=ApiLimits(plan="free")))
    token = issue(server)
    call(server, "POST /v2/users/me/meetings", token, body=b"{}")
    deleted = call(server, "DELETE /v2/meetings/10000000000", token).response

    assert (deleted.status, deleted.body) == (204, b"")
    assert deleted.headers["X-RateLimit-Remaining"] == "5998"


def test_a_day_used_up_is_told_with_the_next_midnight():
    """Tick 0 of these servers is 2023-11-14T22:13:20Z, so midnight is 1 h 46 min 40 s away."""
    midnight = HOUR + 46 * MINUTE + 40 * SECOND
    server = served(a_provider(limits=ApiLimits(plan="free", midnight=midnight)))
    token = issue(server)
    for number in range(6_000):
        response = call(server, "GET /v2/users/me", token, now=number * SECOND // 4).response
        assert response.status == 200
    response = call(server, "GET /v2/users/me", token, now=1_600 * SECOND).response

    assert 86_400 - midnight // SECOND == EPOCH % 86_400
    assert (response.status, response.headers["Retry-After"]) == (429, "2023-11-15T00:00:00Z")
    assert json.loads(response.body)["message"].startswith(
        "You have reached the maximum daily rate"
    )


def limit_headers(response):
    return {
        name: value
        for name, value in response.headers.items()
        if name.startswith("X-RateLimit") or name == "Retry-After"
    }
