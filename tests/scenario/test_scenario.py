"""Scenario files: what they mean, their hash and their schema."""

import json
import pickle
from dataclasses import replace

import pytest

from tests.scenario.scenario_text import CATALOGUE, SMALLEST, changed, problems_of, read
from tokenrace.clock import DAY, HOUR, SECOND
from tokenrace.distributions import Constant, Exponential, Lognormal
from tokenrace.errors import ScenarioError
from tokenrace.scenario import StrategyChoice, load, scenario_hash, schema_text
from tokenrace.scenario.source import SIZE_MAX

FULL = """\
name: expiry-stampede
description: Forty workers find the token expired in the same instant.
provider: {profile: zoom-2022, live_tokens: 1, lifetime: 1h}
fleet: {processes: 4, workers: 10}
workload:
  arrivals: {process: closed, think: exponential 10s}
  operations: {create_meeting: 2, delete_meeting: 1}
network: {token: lognormal 200ms p95 600ms, api: lognormal 80ms p95 250ms, store: 1ms}
strategies: [single_flight, {preset: shared_lock, name: short-lock, lock_ttl: 2s, retries: 1}]
run: {duration: 7d, seeds: 20}
"""


def test_a_full_scenario_reads_into_ticks_and_laws():
    """Spans are ticks, distributions are laws, overrides are checked settings."""
    scenario = read(FULL)
    assert (scenario.provider.live_tokens, scenario.provider.lifetime) == (1, HOUR)
    assert (scenario.fleet.processes, scenario.fleet.workers) == (4, 10)
    assert scenario.workload.arrivals.think == Exponential(10 * SECOND)
    assert dict(scenario.workload.operations) == {"create_meeting": 2, "delete_meeting": 1}
    assert scenario.network.token == Lognormal(200_000, 600_000)
    assert scenario.strategies == (
        StrategyChoice(preset="single_flight", name="single_flight"),
        StrategyChoice(
            preset="shared_lock",
            name="short-lock",
            settings=(("lock_ttl", 2 * SECOND), ("retries", 1)),
        ),
    )
    assert (scenario.run.duration, scenario.run.seeds) == (7 * DAY, 20)


def test_what_a_scenario_leaves_out_has_a_default():
    """Defaults go through the same reading as what is written."""
    scenario = read(SMALLEST)
    assert scenario.provider.profile == "zoom-2022"
    assert scenario.provider.live_tokens == "profile"
    assert (scenario.provider.lifetime, scenario.provider.expires_in) == ("profile", "lifetime")
    assert scenario.fleet.start == 0
    assert scenario.workload.timeout == 10 * SECOND
    assert dict(scenario.workload.operations) == {"create_meeting": 1, "delete_meeting": 1}
    assert scenario.network.api == Lognormal(80_000, 250_000)
    assert scenario.network.store == Constant(1_000)
    assert (scenario.network.arrival, scenario.store.kind) == (0.5, "sqlite")
    assert (scenario.run.seeds, scenario.run.engine, scenario.run.time_scale) == (5, "wire", 1)


def test_an_alias_means_what_its_anchor_says():
    """Anchors save repeating a law; problems point at where the value is written."""
    text = "network: {token: &slow 1s, api: *slow}\n" + SMALLEST
    assert read(text).network.api == Constant(SECOND)
    wrong = "network: {token: &slow 1, api: *slow}\n" + SMALLEST
    needs = "needs a unit, such as 30s, 5m or 1h; got 1"
    assert problems_of(wrong) == [f"1:18: network.token: {needs}", f"1:18: network.api: {needs}"]


def test_numbers_are_read_as_people_mean_them():
    """010 is ten, where YAML 1.1 says eight."""
    assert read(changed("workers: 2", "workers: 010")).fleet.workers == 10


def test_a_scenario_survives_pickling():
    """Its process is started with spawn."""
    scenario = read(FULL)
    assert pickle.loads(pickle.dumps(scenario)) == scenario


def test_the_hash_sees_what_a_scenario_says_and_not_how():
    """Spelling, layout, comments and written-out defaults do not count; a changed number does."""
    same = (SMALLEST + "store: sqlite # the default\n").replace("1h", "60 min")
    assert scenario_hash(read(same)) == scenario_hash(read(SMALLEST))
    other = read(changed("workers: 2", "workers: 3"))
    assert scenario_hash(other) != scenario_hash(read(SMALLEST))
    setting = changed("single_flight", "{preset: single_flight, leeway: 1s}")
    assert scenario_hash(read(setting)) != scenario_hash(read(SMALLEST))


def test_a_missing_file_and_a_directory_are_problems_like_any_other(tmp_path):
    """One clear line each, with the path the user gave."""
    missing = tmp_path / "x.yaml"
    with pytest.raises(ScenarioError) as caught:
        load(missing, CATALOGUE)
    assert str(caught.value) == f"{missing}: no such file"
    with pytest.raises(ScenarioError) as caught:
        load(tmp_path, CATALOGUE)
    assert str(caught.value) == f"{tmp_path}: is a directory, not a file"


def test_a_huge_file_is_refused_unread(tmp_path):
    """One byte over a mebibyte is too much for a scenario."""
    huge = tmp_path / "huge.yaml"
    huge.write_bytes(b"#" * (SIZE_MAX + 1))
    with pytest.raises(ScenarioError, match="is too large for a scenario"):
        load(huge, CATALOGUE)


def test_a_file_on_disk_reads_like_its_text(tmp_path):
    """With a byte order mark, as some editors write it."""
    path = tmp_path / "smallest.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + SMALLEST.encode())
    assert load(path, CATALOGUE) == read(SMALLEST)


def properties_of(schema):
    """Yield every property of ``schema``, by name, in all its parts."""
    for part in [schema, *schema["$defs"].values()]:
        yield from part["properties"].items()


def test_the_schema_describes_every_field():
    """An editor shows the description while the user types; a section's own text may serve."""
    schema = json.loads(schema_text(CATALOGUE))
    undescribed = {
        name for name, field in properties_of(schema) if not {"description", "$ref"} & {*field}
    }
    assert undescribed == set()


def test_the_schema_gives_defaults_as_they_are_written():
    """Not in ticks: the user writes 10s."""
    fields = dict(properties_of(json.loads(schema_text(CATALOGUE))))
    assert fields["timeout"]["default"] == "10s"
    assert fields["token"]["default"] == "lognormal 200ms p95 600ms"


def test_the_schema_names_the_presets_and_what_each_can_change():
    """An entry is a name, or a mapping with its own preset's parameters and no others."""
    schema = json.loads(schema_text(CATALOGUE))
    entries = schema["properties"]["strategies"]["items"]["anyOf"]
    names, plain, _, locked, composed, own, program = entries
    assert names == {"enum": ["check_then_act", "single_flight", "shared_lock"]}
    assert plain["properties"]["preset"] == {"const": "check_then_act"}
    parameters = ["lock_ttl", "retries", "jitter", "manner"]
    assert list(locked["properties"]) == ["preset", "name", *parameters]
    assert locked["additionalProperties"] is False
    assert composed["properties"]["control"] == {"enum": ["none", "single_flight"]}
    assert {"beta", "leeway", *parameters} < composed["properties"].keys()
    assert own["required"] == ["name", "python"]
    assert program["required"] == ["name", "command"]


def test_the_schema_of_one_catalogue_is_one_text():
    """It is kept in the repository, so it must not change by itself."""
    assert schema_text(CATALOGUE) == schema_text(replace(CATALOGUE))
    assert schema_text(CATALOGUE).endswith("}\n")
