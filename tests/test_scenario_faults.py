"""Lost messages and partitions in a scenario file: what is read, and what is refused, in words."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.clock import MINUTE, SECOND
from simulator.errors import ScenarioError
from simulator.network.fates import Partition
from simulator.scenario import parse
from simulator.scenario.units import read_chance, write_chance
from simulator.simulation.plan import plan_run
from simulator.strategies.catalogue import CATALOGUE

SCENARIO = """\
name: faulty
fleet: {{processes: 2, workers: 2}}
workload: {{arrivals: {{process: closed, think: 1s}}}}
network: {{loss: {loss}}}
store: {store}
strategies: [single_flight]
faults:
  - {fault}
run: {{duration: 10m, engine: {engine}, time_scale: {scale}}}
"""


def a_text(loss="{}", store="sqlite", fault="", engine="virtual", scale=1):
    fault = fault or "{at: 1m, partition: {process: 1, link: api, for: 30s}}"
    return SCENARIO.format(loss=loss, store=store, fault=fault, engine=engine, scale=scale)


def read(text):
    return parse(text.encode(), CATALOGUE, Path("x.yaml"))


def test_loss_and_partitions_reach_the_plan():
    """Per cent become chances per million; times shrink with time_scale, as on the wire."""
    text = a_text(loss="{token: 20%, api: 0.05%}", scale=10)
    scenario = read(text)
    plan = plan_run(scenario, scenario.strategies[0], seed=1, time_scale=10)

    assert plan.links.token.loss_per_million == 200_000
    assert plan.links.api.loss_per_million == 500
    assert plan.links.store.loss_per_million == 0
    assert plan.links.partitions == (
        Partition(process="p1", link="api", begins=6 * SECOND, ends=9 * SECOND),
    )
    assert scenario.faults[0].at == MINUTE


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
    ],
)
def test_what_is_wrong_is_said_with_its_place(text, problem):
    """The first problem of each text, as a user reads it."""
    with pytest.raises(ScenarioError) as caught:
        read(text)

    assert str(caught.value).splitlines()[0] == f"x.yaml:{problem}"


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
