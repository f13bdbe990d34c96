"""Zoom's API limits as data, held against provider facts, section 5.

Its source is Zoom's rate-limits page [documented]: limits of the account, shared by all its apps.
"""

import pytest

from tokenrace.clock import DAY, HOUR, MINUTE, SECOND
from tokenrace.provider.limits import (
    CREATES_PER_USER_DAILY,
    LABEL_OF,
    LABELS,
    ApiLimits,
    LabelLimits,
)

MIDNIGHT = 5 * HOUR
"""Of a run that begins at 19:00 UTC."""


@pytest.mark.parametrize(
    ("plan", "label", "row"),
    [
        ("free", "Light", "4/s, 6000/day"),
        ("free", "Medium", "2/s, 2000/day"),
        ("free", "Heavy", "1/s, 1000/day"),
        ("free", "Resource-intensive", "10/min, 30000/day"),
        ("pro", "Light", "30/s"),
        ("pro", "Medium", "20/s"),
        ("pro", "Heavy", "10/s, 30000/day"),
        ("pro", "Resource-intensive", "10/min, 30000/day"),
        ("business", "Light", "80/s"),
        ("business", "Medium", "60/s"),
        ("business", "Heavy", "40/s, 60000/day"),
        ("business", "Resource-intensive", "20/min, 60000/day"),
    ],
)
def test_the_table_is_that_of_the_rate_limits_page(plan, label, row):
    """Section 5: "Light | 4/s, 6000/day | 30/s | 80/s" and so on.

    Its footnote on heavy and resource-intensive calls: "daily heavy+resource-intensive combined:
    Pro 30,000, Business+ 60,000"; the table has it at each.
    """
    limits = LABELS[plan][label]
    unit = {SECOND: "s", MINUTE: "min"}[limits.window]
    daily = f", {limits.daily}/day" if limits.daily is not None else ""

    assert f"{limits.count}/{unit}{daily}" == row


def test_the_table_has_every_label_of_every_plan_and_no_more():
    """Three plans, four labels: the twelve rows above."""
    assert [(plan, len(labels)) for plan, labels in LABELS.items()] == [
        ("free", 4),
        ("pro", 4),
        ("business", 4),
    ]


def test_every_call_served_here_is_light():
    """Section 6 [documented, OpenAPI]: "POST /v2/users/{userId}/meetings | 201 | Light", and so the
    other three. (zoom/skills says Medium for the first: outdated.)"""
    assert (
        dict.fromkeys(("create_meeting", "get_meeting", "delete_meeting", "get_user"), "Light")
        == LABEL_OF
    )


def test_a_host_may_create_a_hundred_meetings_a_day():
    """Section 5: "Per host user: 100 meeting/webinar create+update per day, resets 00:00 UTC"."""
    assert CREATES_PER_USER_DAILY == 100


@pytest.mark.parametrize(
    ("now", "day", "ends"),
    [
        (0, -1, MIDNIGHT),
        (MIDNIGHT - 1, -1, MIDNIGHT),
        (MIDNIGHT, 0, MIDNIGHT + DAY),
        (MIDNIGHT + DAY - 1, 0, MIDNIGHT + DAY),
        (MIDNIGHT + DAY, 1, MIDNIGHT + 2 * DAY),
    ],
)
def test_a_day_runs_from_midnight_to_the_tick_before_the_next(now, day, ends):
    """Section 5: "resets 00:00 UTC". One tick either side, in a run that begins in an evening."""
    limits = ApiLimits(plan="free", midnight=MIDNIGHT)

    assert (limits.day_of(now), limits.day_ends(now)) == (day, ends)


def test_without_more_said_clients_are_told_everything():
    """The five headers of the older documents; tick 0 is a midnight."""
    limits = ApiLimits(plan="pro")

    assert (limits.headers, limits.midnight) == ("full", 0)
    assert LABELS[limits.plan]["Light"] == LabelLimits(30, SECOND)
