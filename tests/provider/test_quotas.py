"""Calls counted against an account's limits.

Numbers and texts: provider facts, section 5. That a second is a whole second of the
provider's clock and that refused calls do not count is ours, as ``limits.py`` says.
"""

import pytest

from tests.provider.provider_requests import a_call, a_provider, issue
from tokenrace.clock import DAY, HOUR, SECOND
from tokenrace.provider.limits import CREATES_PER_USER_DAILY, ApiLimits
from tokenrace.provider.messages import Quota, Refused
from tokenrace.provider.quotas import Quotas

NOON = 12 * HOUR
TOO_FAST = "You have reached the maximum per-second rate limit for this API. Try again later."
DAY_USED_UP = (
    "You have reached the maximum daily rate limit for this API. Refer to the response header for "
    "details on when you can make another request."
)
USER_USED_UP = (
    "You have exceeded the daily rate limit (100) of Meeting Create/Update API requests permitted "
    "for this particular user. You may resume these requests at GMT 00:00:00."
)


def quotas(plan="free", **changes):
    return Quotas(ApiLimits(plan=plan, **changes))


def read(machine, now):
    return machine.take("get_user", None, now)


def spread_out(machine, count, *, begins=0, host=None):
    """Make ``count`` calls at 2 a second, which no plan refuses; return when they are over."""
    operation = "get_user" if host is None else "create_meeting"
    for number in range(count):
        got = machine.take(operation, host, begins + number * SECOND // 2)
        assert isinstance(got, Quota), (number, got)
    return begins + count * SECOND // 2


@pytest.mark.parametrize(("plan", "count"), [("free", 4), ("pro", 30), ("business", 80)])
def test_a_second_has_room_for_so_many_calls(plan, count):
    """Section 5, Light: "4/s", "30/s", "80/s". A tick before the next second is still this one."""
    machine = quotas(plan)
    last = 7 * SECOND - 1
    got = [read(machine, 6 * SECOND) for _ in range(count)]
    one_too_many = read(machine, last)

    assert all(isinstance(each, Quota) for each in got)
    assert (one_too_many.status, one_too_many.message) == (429, TOO_FAST)
    assert isinstance(read(machine, last + 1), Quota)


def test_seconds_are_those_of_the_providers_clock():
    """Four calls at the end of a second and four at the next one's beginning: a tick apart."""
    machine = quotas()
    got = [read(machine, at) for at in (SECOND - 1, SECOND) for _ in range(4)]

    assert all(isinstance(each, Quota) for each in got)


def test_a_refused_call_counts_towards_no_limit():
    """Of 50 tries in a second 4 count: 5,996 are left of the day, and the next second has room."""
    machine = quotas()
    for _ in range(50):
        read(machine, 0)
    got = [read(machine, SECOND) for _ in range(4)]

    assert [each.remaining for each in got] == [5_995, 5_994, 5_993, 5_992]


def test_a_day_of_the_free_plan_has_room_for_six_thousand_calls():
    """Section 5: "6000/day". The refusal names the instant at which it is over: 00:00 UTC."""
    machine = quotas()
    now = spread_out(machine, 6_000)
    refused = read(machine, now)

    assert refused == Refused(
        status=429,
        error="429",
        message=DAY_USED_UP,
        quota=Quota(
            category="Light",
            limit=6_000,
            remaining=0,
            tells_all=True,
            kind="Daily-limit",
            resumes_at=DAY,
        ),
    )
    assert isinstance(read(machine, DAY - 1), Refused)
    assert read(machine, DAY).remaining == 5_999


@pytest.mark.parametrize(("plan", "count"), [("pro", 30), ("business", 80)])
def test_a_day_of_a_paid_plan_has_no_limit_for_light_calls(plan, count):
    """Section 5 has no daily number there; what is left is told of the second."""
    machine = quotas(plan)
    now = spread_out(machine, 7_000)
    got = read(machine, now)

    assert (got.limit, got.remaining) == (count, count - 1)


def test_a_host_has_room_for_a_hundred_meetings_a_day():
    """Section 5 [reported, forum thread 18928]: 429 with this text; "that response carried category
    Light, limit 6000, remaining 5893, no type and no retry-after"."""
    machine = quotas()
    reads = spread_out(machine, 7)
    now = spread_out(machine, CREATES_PER_USER_DAILY, begins=reads, host="user-a")
    refused = machine.take("create_meeting", "user-a", now)

    assert refused == Refused(
        status=429,
        error="429",
        message=USER_USED_UP,
        quota=Quota(category="Light", limit=6_000, remaining=5_893, tells_all=True),
    )


def test_another_host_and_another_call_have_room_when_one_host_has_none():
    """It is the host's limit; at 00:00 UTC that host may again."""
    machine = quotas("pro")
    now = spread_out(machine, CREATES_PER_USER_DAILY, host="user-a")

    assert isinstance(machine.take("create_meeting", "user-a", DAY - 1), Refused)
    assert isinstance(machine.take("create_meeting", "user-b", now), Quota)
    assert isinstance(machine.take("delete_meeting", None, now), Quota)
    assert isinstance(machine.take("create_meeting", "user-a", DAY), Quota)


def test_a_day_ends_at_midnight_wherever_the_run_began():
    """The run began at 12:00 UTC: the day ends 12 hours into it."""
    machine = quotas(midnight=-NOON)
    now = spread_out(machine, 6_000)

    assert read(machine, now).quota.resumes_at == NOON
    assert isinstance(read(machine, NOON - 1), Refused)
    assert isinstance(read(machine, NOON), Quota)


def a_limited_provider(**app):
    return a_provider(limits=ApiLimits(plan="free"), **app)


def test_calls_with_a_dead_token_or_a_missing_scope_are_not_counted():
    """Five of each within one second, and then there is room for four still."""
    provider = a_limited_provider(scopes=("user:read",))
    token = issue(provider)
    for _ in range(5):
        assert provider.call(a_call(99), 0)[0].status == 401
        assert provider.call(a_call(token, "get_meeting", "1"), 0)[0].status == 400
    statuses = [provider.call(a_call(token), 0)[0].status for _ in range(5)]

    assert statuses == [200, 200, 200, 200, 429]


def test_a_call_for_what_does_not_exist_is_counted():
    """404 is an answer of the API; its limit was looked at first."""
    provider = a_limited_provider()
    token = issue(provider)
    statuses = [provider.call(a_call(token, "get_meeting", "1"), 0)[0].status for _ in range(5)]

    assert statuses == [404, 404, 404, 404, 429]


def test_a_meeting_for_oneself_counts_for_the_owner():
    """``me`` and the owner's id are one host, and nobody else is."""
    provider = a_limited_provider()
    token = issue(provider)
    hosts = ["me", "user-owner"] * 51
    answers = [
        provider.call(a_call(token, "create_meeting", host), number * SECOND)[0]
        for number, host in enumerate(hosts)
    ]

    assert [answer.status for answer in answers] == [201] * 100 + [429] * 2
    assert answers[-1].message == USER_USED_UP
    other, _ = provider.call(a_call(token, "create_meeting", "user-b"), 102 * SECOND)
    assert other.status == 201
