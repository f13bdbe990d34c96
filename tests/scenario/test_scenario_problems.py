"""Problems of a scenario file: each in our own words, at its own place, and all at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.scenario.scenario_text import SMALLEST, changed, problems_of, read
from tokenrace.errors import ScenarioError


def problems_or_none(text):
    """Return the problems of ``text``; there may be none."""
    try:
        read(text)
    except ScenarioError as refused:
        return refused.problems
    return ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (changed("name: smallest\n", ""), "1:1: name: is required"),
        (
            changed("smallest", "Small est"),
            (
                f"1:7: name: {'must be lower-case letters and digits'} "
                "with hyphens between (at most 64), got 'Small est'"
            ),
        ),
        (
            changed("smallest", "5"),
            (
                "1:7: name: must be lower-case letters and digits "
                'with hyphens between (at most 64), got 5; put it in quotes: "5"'
            ),
        ),
        (SMALLEST + "description: [a]\n", "8:14: description: must be text, got a list"),
        (
            SMALLEST + "count: 3\n",
            (
                "8:1: count: unknown key; known: name, description, provider, "
                "fleet, workload, network, store, faults, strategies, expect, run, sweep"
            ),
        ),
        (
            changed("think: 1s}", "think: 1s}\n  operations: {'[key]': 1}"),
            (
                "5:16: workload.operations.'[key]': unknown key; known: create_meeting, "
                "get_meeting, delete_meeting, get_user"
            ),
        ),
        (
            SMALLEST + "'[key]': 1\n",
            (
                "8:1: '[key]': unknown key; known: name, description, provider, fleet, workload, "
                "network, store, faults, strategies, expect, run, sweep"
            ),
        ),
        (
            SMALLEST + "provider: {profile: zoom}\n",
            (
                "8:21: provider.profile: unknown profile 'zoom'; which one: 'zoom-2022', "
                "'zoom-index5', 'zoom-2023' or 'zoom-hypothesis'?"
            ),
        ),
        (
            SMALLEST + "provider: {live_tokens: 0}\n",
            "8:25: provider.live_tokens: must be at least 1, got 0 (write none for no cap)",
        ),
        (
            SMALLEST + "provider: {live_tokens: many}\n",
            ("8:25: provider.live_tokens: must be a whole number, 'none' or 'profile', got 'many'"),
        ),
        (
            SMALLEST + "provider: {lifetime: 0s}\n",
            "8:22: provider.lifetime: must be more than 0, got '0s'",
        ),
        (
            SMALLEST + "provider: {expires_in: 3599}\n",
            "8:24: provider.expires_in: needs a unit, such as 30s, 5m or 1h; got 3599",
        ),
        (SMALLEST + "provider:\n", "8:1: provider: must be a mapping, got nothing"),
        (changed("workers: 2", "workers: 0"), "2:32: fleet.workers: must be at least 1, got 0"),
        (
            changed("workers: 2", "workers: four"),
            "2:32: fleet.workers: must be a whole number, got 'four'",
        ),
        (
            changed("workers: 2", "workers: yes"),
            "2:32: fleet.workers: must be a whole number, got 'yes'",
        ),
        (
            changed("workers: 2", "workers: true"),
            "2:32: fleet.workers: must be a whole number, got true",
        ),
        (
            changed("workers: 2", "workers: 2.0"),
            "2:32: fleet.workers: must be a whole number, got 2.0",
        ),
        (
            changed("workers: 2", "workers: 1:30"),
            "2:32: fleet.workers: must be a whole number, got '1:30'",
        ),
        (
            changed("workers: 2", "workers: 10001"),
            "2:32: fleet.workers: must be at most 10000, got 10001",
        ),
        (
            changed("workers: 2", "workers: 99999999999999999999"),
            "2:32: fleet.workers: must be a whole number, got '99999999999999999999'",
        ),
        (
            changed("workers: 2", "workers: 2, worker: 3"),
            "2:35: fleet.worker: unknown key; did you mean 'workers'?",
        ),
        (
            changed("workers: 2", "workers: 2, workers: 3"),
            "2:35: fleet.workers: duplicate key, first on line 2",
        ),
        (
            changed("workers: 2", "workers: 2, start: 1h"),
            "2:42: fleet.start: must be shorter than run.duration (1h), got 1h",
        ),
        (changed("processes: 1, ", ""), "2:1: fleet.processes: is required"),
        (
            changed("process: closed", "process: open"),
            (
                "4:23: workload.arrivals.process: must be "
                "'closed', 'poisson' or 'constant', got 'open'"
            ),
        ),
        (changed("process: closed, ", ""), "4:3: workload.arrivals.process: is required"),
        (
            changed("{process: closed, think: 1s}", "closed"),
            "4:13: workload.arrivals: must be a mapping, got 'closed'",
        ),
        (changed(", think: 1s", ""), "4:3: workload.arrivals.think: is required"),
        (
            changed("think: 1s", "think: 1s, rate: 1/s"),
            "4:42: workload.arrivals.rate: unknown key; known: process, think",
        ),
        (
            changed("closed, think: 1s", "poisson, rate: 5"),
            "4:38: workload.arrivals.rate: needs a unit, such as 50/s, 3/min or 2/h; got 5",
        ),
        (
            changed("closed, think: 1s", "constant, rate: 2000/s") + "  time_scale: 100\n",
            (
                "4:39: workload.arrivals.rate: times run.time_scale must be at most 100000/s, "
                "got 200000/s"
            ),
        ),
        (
            changed("think: 1s}", "think: 1s}\n  operations: {create: 1}"),
            "5:16: workload.operations.create: unknown key; did you mean 'create_meeting'?",
        ),
        (
            changed("think: 1s}", "think: 1s}\n  operations: {get_user: 0}"),
            "5:26: workload.operations.get_user: must be at least 1, got 0",
        ),
        (
            changed("think: 1s}", "think: 1s}\n  operations: {}"),
            "5:15: workload.operations: must not be empty",
        ),
        (
            changed("think: 1s}", "think: 1s}\n  operations: [get_user]"),
            "5:15: workload.operations: must be a mapping, got a list",
        ),
        (
            changed("think: 1s}", "think: 1s}\n  timeout:"),
            ("5:3: workload.timeout: must be a span of time, such as 30s, 5m or 1h; got nothing"),
        ),
        (
            SMALLEST + "network: {api: normal 5s}\n",
            "8:16: network.api: unknown distribution 'normal'; did you mean 'lognormal'?",
        ),
        (
            SMALLEST + "network: {arrival: 1.5}\n",
            "8:20: network.arrival: must be at most 1, got 1.5",
        ),
        (
            SMALLEST + "network: {arrival: half}\n",
            "8:20: network.arrival: must be a number, got 'half'",
        ),
        (
            SMALLEST + "store: mysql\n",
            (
                "8:8: store: must be 'sqlite', 'memory', 'host_file', 'redis' or 'postgres', "
                "got 'mysql'"
            ),
        ),
        (
            changed("duration: 1h", "duration: -1h"),
            "7:13: run.duration: must not be negative, got '-1h'",
        ),
        (
            changed("duration: 1h", "duration: 60"),
            "7:13: run.duration: needs a unit, such as 30s, 5m or 1h; got 60",
        ),
        (
            SMALLEST + "  engine: real\n",
            "8:11: run.engine: must be 'wire' or 'virtual', got 'real'",
        ),
        (SMALLEST + "  time_scale: 0.5\n", "8:15: run.time_scale: must be at least 1, got 0.5"),
        (
            SMALLEST + "  time_scale: 7200\n",
            (
                "8:15: run.time_scale: must leave provider.lifetime whole seconds, "
                "as clients are told it; got 7200 for 1h; try 3600"
            ),
        ),
        (
            SMALLEST + "  time_scale: 7\nprovider: {lifetime: 1h, expires_in: 50s}\n",
            (
                "8:15: run.time_scale: must leave provider.expires_in whole seconds, "
                "as clients are told it; got 7 for 50s; try 7.14286"
            ),
        ),
    ],
)
def test_each_problem_is_told_in_these_words_at_this_place(text, problem):
    """Positions count from 1 and point at the value, or at the key where there is none."""
    assert problems_of(text) == [problem]


def test_all_problems_come_at_once_in_file_order():
    """A user fixes the file in one go, top to bottom."""
    text = """\
# a comment moves every line
name: Bad
fleet:
  procesess: 4
  workers: 0
workload: {arrivals: {process: closed, think: 10}}
strategies: [nope, {preset: shared_lock, lock_ttl: 2, ttl: 1s}, single_flight]
run: {duration: 1, seeds: 0, seeds: 1}
"""
    places_and_keys = [line.split(": ")[:2] for line in problems_of(text)]
    assert places_and_keys == [
        ["2:7", "name"],
        ["3:1", "fleet.processes"],
        ["4:3", "fleet.procesess"],
        ["5:12", "fleet.workers"],
        ["6:47", "workload.arrivals.think"],
        ["7:14", "strategies[0]"],
        ["7:52", "strategies[1].lock_ttl"],
        ["7:55", "strategies[1].ttl"],
        ["8:17", "run.duration"],
        ["8:27", "run.seeds"],
        ["8:30", "run.seeds"],
    ]


_VALUES = st.recursive(
    st.sampled_from(["1s", "5", "x", "closed", "null", "true", "1.5", "single_flight", "''", "-1"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.dictionaries(
            st.sampled_from(["process", "preset", "name", "rate", "think", "leeway", "poisson"]),
            inner,
            max_size=3,
        ).map(lambda m: "{" + ", ".join(f"{key}: {value}" for key, value in m.items()) + "}"),
    ),
    max_leaves=6,
)
_SPOTS = ["smallest", "{processes: 1, workers: 2}", "1", "{process: closed, think: 1s}", "1s",
          "[single_flight]", "single_flight", "closed", "1h"]  # fmt: skip


@given(st.sampled_from(_SPOTS), _VALUES)
def test_any_value_in_any_place_is_a_scenario_or_a_scenario_error(spot, value):
    """One value of a good scenario is replaced; a problem, if any, lies inside the file."""
    text = changed(spot, value)
    lines = len(text.splitlines())
    assert all(1 <= problem.line <= lines for problem in problems_or_none(text))
