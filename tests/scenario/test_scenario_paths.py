"""Fields of a scenario by their paths, and scenarios with some of them changed."""

from pathlib import Path

import pytest

from tokenrace.errors import ScenarioError
from tokenrace.scenario import parse
from tokenrace.scenario.changes import Unchangeable, changed
from tokenrace.scenario.paths import located, paths_of
from tokenrace.scenario.source import read_document
from tokenrace.strategies.catalogue import CATALOGUE

TEXT = """
name: small
provider: {live_tokens: 2}
fleet: {processes: 4, workers: 10}
workload: {arrivals: {process: closed, think: exponential 10s}}
strategies: [single_flight, {name: locked, preset: shared_lock, lock_ttl: 5s}]
run: {duration: 1h, engine: virtual}
faults: [{at: 10m, partition: {process: 2, link: api, for: 1m}}]
"""
DATA = read_document(TEXT.encode()).data
SCENARIO = parse(TEXT.encode(), CATALOGUE, Path("small.yaml"))
PATHS = paths_of(DATA, SCENARIO, CATALOGUE)


def with_value(path, value):
    return changed(DATA, [(located(path, PATHS), value)], CATALOGUE)


@pytest.mark.parametrize(
    ("path", "value", "found"),
    [
        ("fleet.processes", 8, lambda s: s.fleet.processes == 8),
        ("provider.live_tokens", "none", lambda s: s.provider.policy().live_tokens is None),
        ("network.token", "1s", lambda s: s.network.token.mean() == 1_000_000),
        ("network.loss.api", "1%", lambda s: s.network.loss.api == 0.01),
        ("workload.arrivals.think", "1m", lambda s: s.workload.arrivals.think.mean() == 60_000_000),
        ("workload.operations.get_user", 3, lambda s: s.workload.operations["get_user"] == 3),
        ("faults.0.at", "20m", lambda s: s.faults[0].at == 1_200_000_000),
        ("faults[0].partition.process", 3, lambda s: s.faults[0].partition.process == 3),
        ("run.duration", "2h", lambda s: s.run.duration == 7_200_000_000),
    ],
)
def test_a_field_is_changed_by_its_path(path, value, found):
    """Written in the file or not, in a section that is there or not."""
    assert found(with_value(path, value))


def test_a_strategys_setting_is_changed_by_the_strategys_name_in_the_results():
    """Also of one that is only named; the others stay as they are."""
    locked = with_value("strategies.locked.lock_ttl", "2s").strategies
    flight = with_value("strategies.single_flight.leeway", "5s").strategies

    assert dict(locked[1].settings)["lock_ttl"] == 2_000_000
    assert locked[0] == SCENARIO.strategies[0]
    assert (flight[0].name, dict(flight[0].settings)) == ("single_flight", {"leeway": 5_000_000})
    assert flight[1] == SCENARIO.strategies[1]


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("fleet.procesess", "did you mean 'fleet.processes'?"),
        ("processes", "did you mean 'fleet.processes'?"),
        ("strategies.locked.lock_tl", "did you mean 'strategies.locked.lock_ttl'?"),
        ("strategies.shared_lock.lock_ttl", "did you mean 'strategies.locked.lock_ttl'?"),
        ("leeway", "did you mean 'strategies.single_flight.leeway' or 'strategies.locked.leeway'?"),
        ("zzz", "paths are such as fleet.processes or provider.live_tokens"),
        ("run.time_scale", "paths are such as"),
        ("fleet", "did you mean"),
    ],
)
def test_a_wrong_path_names_the_nearest_right_one(path, near):
    """A path that ends the same is nearer than one that is spelt alike."""
    with pytest.raises(ValueError, match="no field of the scenario has the path") as wrong:
        located(path, PATHS)

    assert near in str(wrong.value)


def test_a_change_is_checked_as_if_the_file_said_so():
    """Alone, and together with the rest: process 2 is cut off, so there must be one."""
    with pytest.raises(Unchangeable) as alone:
        with_value("fleet.workers", 0)
    with pytest.raises(Unchangeable) as together:
        with_value("fleet.processes", 2)

    assert str(alone.value) == "fleet.workers: must be at least 1, got 0"
    assert "faults[0].partition.process" in str(together.value)


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        (
            "{over: {fleet.proceses: 1..3}}",
            "9:16: sweep.over: no field of the scenario has the path 'fleet.proceses'",
        ),
        ("{over: {}}", "9:15: sweep.over: must name a field to sweep over"),
        ("{over: {fleet.workers: 5..3}}", "sweep.over.'fleet.workers': a range must rise"),
        ("{over: {fleet.workers: 1..3}, figure: rate_402}", "did you mean 'rate_401'?"),
        ("{over: {fleet.workers: 1..3}, figure: rate_401 = 1}", "needs a unit"),
        ("{figure: rate_401}", "sweep.over: is required"),
    ],
)
def test_the_sweep_section_is_checked_with_the_file(section, problem):
    """With line and column, like all of it."""
    with pytest.raises(ScenarioError) as wrong:
        parse(f"{TEXT}sweep: {section}\n".encode(), CATALOGUE, Path("small.yaml"))

    assert problem in str(wrong.value)
