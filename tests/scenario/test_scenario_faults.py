"""Lost messages and partitions in a scenario file: what is read, and what is refused, in words."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.scenario.faulty_scenarios import a_text, read
from tokenrace.errors import ScenarioError
from tokenrace.fields.units import read_chance, write_chance


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            a_text(loss="{api: 5}"),
            "4:23: network.loss.api: needs a unit, such as 1% or 0.05%; got 5",
        ),
        (a_text(loss="{api: 101%}"), "4:23: network.loss.api: must be from 0% to 100%, got '101%'"),
        (
            a_text(loss="{api: 1 percent}"),
            "4:23: network.loss.api: must be a percentage, such as 1% or 0.05%; got '1 percent'",
        ),
        (a_text(loss="{apii: 1%}"), "4:18: network.loss.apii: unknown key; did you mean 'api'?"),
        (
            a_text(fault="{at: 1m, partition: {process: 1, link: api, for: 1s, fro: 1s}}"),
            "8:58: faults[0].partition.fro: unknown key; did you mean 'for'?",
        ),
        (
            a_text(fault="{at: 1m, lose_lock: {why: 1}}"),
            "8:26: faults[0].lose_lock.why: unknown key; there is none to set",
        ),
        (
            a_text(fault="{at: 10m, partition: {process: 1, link: api, for: 1s}}"),
            "8:10: faults[0].at: must be before the run ends (10m), got 10m",
        ),
        (
            a_text(fault="{at: 1m, partition: {process: 2, link: api, for: 1s}}"),
            "8:35: faults[0].partition.process: must be a process of the fleet, 0 to 1, got 2",
        ),
        (
            a_text(fault="{at: 1m, partition: {process: 1, link: net, for: 1s}}"),
            "8:44: faults[0].partition.link: must be 'token', 'api' or 'store', got 'net'",
        ),
        (
            a_text(fault="{at: 1m, partition: {process: 1, link: api, fro: 1s}}"),
            "8:14: faults[0].partition.for: is required",
        ),
        (a_text(fault="7"), "8:5: faults[0]: must be a mapping, got 7"),
        (
            a_text(fault="{at: 1m, revoke: all, transfer_ownership: {}}"),
            "8:5: faults[0]: must be one kind of fault, got transfer_ownership and revoke",
        ),
        (
            a_text(fault="{at: 1m, burst: {endpoint: api, answer: 401, for: 1s}}"),
            (
                "8:45: faults[0].burst.answer: must not be 401: tokens are refused for a cause; "
                "revoke them instead"
            ),
        ),
        (
            a_text(fault="{at: 1m, burst: {endpoint: api, answer: slow, for: 1s}}"),
            (
                "8:45: faults[0].burst.answer: must be a troubled answer, such as 503, dropped, "
                "slow 2s or malformed; got 'slow'"
            ),
        ),
        (
            a_text(fault="{at: 1m, burst: {endpoint: api, answer: 599, for: 1s}}"),
            (
                "8:45: faults[0].burst.answer: must be an HTTP error status, such as 503 or 429; "
                "got 599"
            ),
        ),
        (
            a_text(fault="{at: 1m, burst: {endpoint: api, answer: 503, chance: 0%, for: 1s}}"),
            "8:58: faults[0].burst.chance: must be more than 0%",
        ),
        (
            a_text(fault="{at: 1m, rotate_secret: {overlap: 31d}}"),
            "8:39: faults[0].rotate_secret.overlap: must be at most 30d, as at Zoom, got 31d",
        ),
        (
            a_text(fault="{at: 1m, change_provider: {plan: pro}}"),
            (
                "8:38: faults[0].change_provider.plan: cannot change in a run; say it in the "
                "provider section"
            ),
        ),
        (
            a_text(fault="{at: 1m, change_provider: {live_tokens: none, at_cap: replace_slot}}"),
            (
                "8:59: faults[0].change_provider.at_cap: replace_slot needs live_tokens: that many "
                "slots"
            ),
        ),
        (
            a_text(fault="{at: 1m, change_provider: {lifetime: 61s}}", scale=60),
            (
                "9:51: run.time_scale: must leave faults[0].change_provider.lifetime whole "
                "seconds, as clients are told it; got 60 for 1m 1s; try 61"
            ),
        ),
        (
            a_text(fault="{at: 1m, second_minter: {rate: 0/s, for: 1m}}"),
            "8:36: faults[0].second_minter.rate: must be more than 0, got '0/s'",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text, problem):
    """The first problem of each text, as a user reads it."""
    with pytest.raises(ScenarioError) as caught:
        read(text)

    assert str(caught.value).splitlines()[0] == f"x.yaml:{problem}"


@pytest.mark.parametrize(
    ("fault", "engine", "problem"),
    [
        (
            "{at: 1m, deploy: {strategy: token_broker, every: 1s}}",
            "virtual",
            "cannot have a broker: a fleet has one from its start or not at all",
        ),
        (
            "{at: 1m, deploy: {strategy: {name: x, preset: lease_cas, scope: broker}, every: 1s}}",
            "virtual",
            "cannot have a broker: a fleet has one from its start or not at all",
        ),
        ("{at: 1m, deploy: {strategy: oracle, every: 1s}}", "virtual", None),
        ("{at: 1m, crash: {process: 0, when: issued_not_stored}}", "virtual", None),
        ("{at: 1m, replica_lag: {lag: 1s, for: 1s}}", "virtual", None),
    ],
)
def test_a_fault_of_the_fleet_that_cannot_happen_is_refused_with_the_reason(fault, engine, problem):
    """What can is read."""
    if problem is None:
        assert read(a_text(fault=fault, engine=engine)).faults
        return
    with pytest.raises(ScenarioError, match=problem):
        read(a_text(fault=fault, engine=engine))


def test_a_new_secret_that_does_not_reach_a_broker_is_refused():
    """The broker asks for all tokens, and goes on with the secret it began with; without a broker
    the same deploy is fine."""
    fault = "{at: 1m, deploy: {secret: newest, every: 1s}}"
    text = a_text(fault=fault)
    assert read(text).faults

    with pytest.raises(ScenarioError, match=r"deploy\.secret: does not reach the broker"):
        read(re.sub(r"strategies: .*", "strategies: [token_broker]", text))


def test_limits_of_the_api_cannot_be_hurried():
    """A second of Zoom's is a second."""
    text = a_text(engine="wire", scale=10).replace("fleet:", "provider: {plan: pro}\nfleet:", 1)
    with pytest.raises(ScenarioError, match=r"2:18: provider.plan: its limits cannot be hurried"):
        read(text)


@pytest.mark.parametrize(
    ("engine", "store", "reason"),
    [
        (
            "wire",
            "sqlite",
            "only on the virtual engine: on the wire engine the store is real and not far away",
        ),
        ("virtual", "memory", "impossible with store memory: each process has its own"),
    ],
)
def test_a_fault_that_cannot_happen_on_the_engine_is_said_before_the_run(engine, store, reason):
    """Both ways to lose messages to the store."""
    cut = "{at: 1m, partition: {process: 1, link: store, for: 30s}}"
    with pytest.raises(ScenarioError) as caught:
        read(a_text(loss="{store: 1%}", fault=cut, engine=engine, store=store))

    assert str(caught.value).splitlines() == [
        f"x.yaml:4:25: network.loss.store: is {reason}",
        f"x.yaml:8:44: faults[0].partition.link: store is {reason}",
    ]


@given(st.integers(0, 1_000_000))
def test_a_chance_reads_back_as_it_is_written(per_million):
    """Every chance that the simulator can tell from another."""
    chance = float(Decimal(per_million) / 1_000_000)

    assert read_chance(write_chance(chance)) == chance
