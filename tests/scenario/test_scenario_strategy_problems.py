"""Every problem of the strategies a scenario names: in our own words, at its own place."""

import pytest

from tests.scenario.scenario_text import changed, problems_of


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            changed("single_flight", "singleflight"),
            (
                "5:14: strategies[0]: unknown strategy "
                "'singleflight'; did you mean 'single_flight'? "
                "known: check_then_act, single_flight, shared_lock"
            ),
        ),
        (
            changed("single_flight", "{preset: nope}"),
            (
                "5:23: strategies[0].preset: unknown strategy "
                "'nope'; known: check_then_act, single_flight, shared_lock"
            ),
        ),
        (
            changed("single_flight", "{preset: 5}"),
            "5:23: strategies[0].preset: must be text, got 5",
        ),
        (
            changed("single_flight", "{leeway: 1s}"),
            (
                "5:14: strategies[0].preset: is required, "
                "or python, command, or a choice on an axis: trigger, control, scope"
            ),
        ),
        (
            changed("single_flight", "7"),
            "5:14: strategies[0]: must be a strategy's name or a mapping, got 7",
        ),
        (
            changed("[single_flight]", "single_flight"),
            "5:13: strategies: must be a list of strategies, got 'single_flight'",
        ),
        (changed("[single_flight]", "[]"), "5:13: strategies: must name at least one strategy"),
        (
            changed("single_flight", "single_flight, single_flight"),
            (
                "5:29: strategies[1]: the name "
                "'single_flight' is taken by strategies[0]; tell them apart with 'name'"
            ),
        ),
        (
            changed("single_flight", "{preset: single_flight, name: A/B}"),
            (
                "5:44: strategies[0].name: "
                "must be lower-case letters, digits, '-' and '_' (at most 64), got 'A/B'"
            ),
        ),
        (
            changed("single_flight", "{preset: single_flight, lee_way: 1s}"),
            "5:38: strategies[0].lee_way: unknown key; did you mean 'leeway'?",
        ),
        (
            changed("single_flight", "{preset: single_flight, leeway: 10}"),
            ("5:46: strategies[0].leeway: needs a unit, such as 30s, 5m or 1h; got 10"),
        ),
        (
            changed("single_flight", "{preset: shared_lock, lock_ttl: 0s}"),
            "5:46: strategies[0].lock_ttl: must be more than 0, got '0s'",
        ),
        (
            changed("single_flight", "{preset: shared_lock, retries: many}"),
            "5:45: strategies[0].retries: must be a whole number, got 'many'",
        ),
        (
            changed("single_flight", "{preset: shared_lock, retries: -1}"),
            "5:45: strategies[0].retries: must be at least 0, got -1",
        ),
        (
            changed("single_flight", "{preset: shared_lock, jitter: 2}"),
            "5:44: strategies[0].jitter: must be from 0 to 1, got 2",
        ),
        (
            changed("single_flight", "{preset: shared_lock, jitter: big}"),
            "5:44: strategies[0].jitter: must be a number from 0 to 1, got 'big'",
        ),
        (
            changed("single_flight", "{preset: shared_lock, manner: cry}"),
            "5:44: strategies[0].manner: must be 'evict' or 'mint', got 'cry'",
        ),
        (
            changed("single_flight", "{name: ours, control: mutex}"),
            "5:36: strategies[0].control: must be 'none' or 'single_flight', got 'mutex'",
        ),
        (
            changed("single_flight", "{control: single_flight}"),
            "5:14: strategies[0].name: is required for a strategy that is no preset",
        ),
        (
            changed("single_flight", "{preset: single_flight, trigger: xfetch, leeway: 1s}"),
            (
                "5:55: strategies[0].leeway: unknown key; "
                "known: preset, name, trigger, control, scope, beta"
            ),
        ),
        (
            changed("single_flight", "{name: ours, trigger: xfetch, beta: 0}"),
            "5:50: strategies[0].beta: must be above 0, got 0",
        ),
        (
            changed("single_flight", "{name: ours, trigger: xfetch, beta: big}"),
            "5:50: strategies[0].beta: must be a number above 0, got 'big'",
        ),
        (
            changed("single_flight", "{name: ours, scope: shared_lock}"),
            "5:14: strategies[0]: a lock without a trigger makes no sense",
        ),
    ],
)
def test_each_problem_is_told_in_these_words_at_this_place(text, problem):
    """Positions count from 1 and point at the value, or at the key where there is none."""
    assert problems_of(text) == [problem]
