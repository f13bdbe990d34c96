"""The ``store`` of a scenario: how it is written, what is wrong with it, and who cannot use it."""

from pathlib import Path

import pytest

from tests.scenario.scenario_text import SMALLEST, changed, problems_of, read
from tokenrace.errors import ScenarioError
from tokenrace.passwords import without_password
from tokenrace.scenario import parse, scenario_hash
from tokenrace.store_choice import StoreChoice
from tokenrace.strategies.catalogue import CATALOGUE

REDIS = "redis://127.0.0.1:6379/1"
KINDS = "'sqlite', 'memory', 'host_file', 'redis' or 'postgres'"
POSTGRES = "postgresql://me:secret@db.example:5433/tokens"


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("host_file", StoreChoice(kind="host_file")),
        ("redis", StoreChoice(kind="redis")),
        ("{kind: memory}", StoreChoice(kind="memory")),
        (f"{{kind: redis, url: '{REDIS}'}}", StoreChoice(kind="redis", url=REDIS)),
        (
            f"{{kind: postgres, url: '{POSTGRES}', lock: advisory, pool: 3}}",
            StoreChoice(kind="postgres", url=POSTGRES, lock="advisory", pool=3),
        ),
    ],
)
def test_a_store_is_a_word_or_a_mapping_with_its_kind(text, choice):
    """What is left out has a default."""
    assert read(SMALLEST + f"store: {text}\n").store == choice


def test_two_ways_to_write_one_store_are_one_scenario():
    """The hash is of what the file says, and a URL is part of it."""
    word, mapping, elsewhere = (
        scenario_hash(read(SMALLEST + f"store: {text}\n"))
        for text in ("postgres", "{kind: postgres, lock: row, pool: 10}", "{kind: redis}")
    )
    assert word == mapping
    assert elsewhere != word


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        (
            "[redis]",
            [f"8:8: store: must be {KINDS}, or a mapping, got a list"],
        ),
        (
            "{url: 'redis://h'}",
            [f"8:1: store.kind: is required: {KINDS}"],
        ),
        (
            "{kind: rediss}",
            [f"8:15: store.kind: must be {KINDS}, got 'rediss'"],
        ),
        (
            "{kind: redis, url: localhost, pool: 3}",
            [
                "8:27: store.url: must begin with 'redis://' or 'rediss://', got 'localhost'",
                "8:38: store.pool: unknown key of redis; known: kind, url",
            ],
        ),
        (
            "{kind: sqlite, url: 'redis://h'}",
            ["8:23: store.url: unknown key of sqlite; known: kind"],
        ),
        (
            "{kind: postgres, url: 7, lock: table, pool: 0}",
            [
                "8:30: store.url: must be text, got 7",
                "8:39: store.lock: must be 'row' or 'advisory', got 'table'",
                "8:52: store.pool: must be a whole number from 1 to 1000, got 0",
            ],
        ),
        (
            "{kind: redis, url: 'redis://h:port'}",
            [
                "8:27: store.url: is not a URL: port could not be cast to integer value as 'port'",
            ],
        ),
    ],
)
def test_each_problem_of_a_store_is_told_at_its_place(text, problems):
    """All of them at once."""
    assert problems_of(SMALLEST + f"store: {text}\n") == problems


def refused(text):
    with pytest.raises(ScenarioError) as caught:
        parse(text.encode(), CATALOGUE, Path("x.yaml"))
    return str(caught.value).splitlines()


def test_a_strategy_that_locks_the_record_is_refused_with_redis():
    """In the list of strategies and in a deploy; the others of the list are right."""
    text = changed("[single_flight]", "[shared_lock, {name: ours, scope: host_file_lock}]")
    deploy = "faults: [{at: 1m, deploy: {strategy: sql_row_lock, every: 1s}}]\n"
    text = text.replace("run:", f"store: redis\n{deploy}run:") + "  engine: virtual\n"
    why = (
        "needs a lock that lives as long as its holder, which Redis does not have; take sqlite, "
        "host_file or postgres"
    )
    told = "makes no sense with store redis: scope"

    got = refused(text)

    assert got == [
        f"x.yaml:5:27: strategies[1]: ours {told} host_file_lock {why}",
        f"x.yaml:7:38: faults[0].deploy.strategy: sql_row_lock {told} sql_row_lock {why}",
    ]


@pytest.mark.parametrize("preset", ["shared_lock", "lease_cas", "shared_cache_no_lock"])
def test_a_strategy_of_the_fleet_is_refused_without_a_store_of_the_fleet(preset):
    """A lease in a process's own memory keeps nobody else out."""
    scope = preset.removesuffix("_no_lock")
    why = (
        f"{preset} makes no sense with store memory: scope {scope} needs a store that processes "
        "share; memory is each process's own"
    )
    text = changed("[single_flight]", f"[{preset}]") + "store: memory\n"

    assert refused(text) == [f"x.yaml:5:14: strategies[0]: {why}"]


def test_a_url_is_shown_without_its_password():
    """The user's name stays, and so does a URL without one."""
    assert without_password(POSTGRES) == "postgresql://me@db.example:5433/tokens"
    assert without_password(REDIS) == REDIS
