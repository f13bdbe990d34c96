"""Faults of the store on the wire engine, done to real stores.

All kinds in one run of two seconds per store; what each does to every store is in
``test_mishaps.py``. What is asserted is that each happened, and what it did to the fleet, never how
long it took.
"""

import asyncio
import multiprocessing

from tests.simulation.wire.test_wire_faults import runs_of
from tests.stores.store_servers import postgres_url, redis_url
from tests.stores.store_world import HandClock
from tokenrace.clock import MILLISECOND
from tokenrace.stores.places import PostgresServer, RedisServer, open_store
from tokenrace.trace.events import FaultStruck, TokenIssued

EVERYTHING = """
name: store-faults
provider: {{live_tokens: 50, lifetime: 100h}}
fleet: {{processes: 2, workers: 3}}
workload: {{arrivals: {{process: closed, think: exponential 30s}}}}
network: {{token: 40ms, api: uniform 10ms 30ms, store_timeout: 200ms}}
store: {store}
strategies: [{strategy}]
faults:
  - {{at: 0s, lose_write: {{}}}}
  - {{at: 5m, store_slow: {{by: 30ms, for: 3m}}}}
  - {{at: 10m, store_down: {{for: 5m}}}}
{lose_lock}
run: {{duration: 17m, seeds: 1, time_scale: 600}}
"""
"""Ten minutes are a second, so that the store is down for half a second."""
LOSE_LOCK = "  - {at: 0s, lose_lock: {}}"


def a_run(folder, *, store, strategy, lose_lock=""):
    text = EVERYTHING.format(store=store, strategy=strategy, lose_lock=lose_lock)
    (run,) = runs_of(text, folder)
    return run


def struck_at(run):
    """Each fault's own instant: the store is slow and down when the scenario says so."""
    found = [event for event in run.events() if isinstance(event, FaultStruck)]
    at = {event.fault: event.at for event in found}
    assert len(at) == len(found), "once each"
    assert 500 * MILLISECOND <= at[1] < 800 * MILLISECOND
    assert 1_000 * MILLISECOND <= at[2] < 1_500 * MILLISECOND
    return at


def assert_the_fleet_went_through_it(run):
    """The first write of the one token that would do is lost, so there is a second.

    Each operation begins with a read. While the store is down that fails, and of six workers most
    try; before and afterwards operations succeed.
    """
    issued = [event for event in run.events() if isinstance(event, TokenIssued)]
    ended = {outcome: sum(bins) for outcome, bins in run.clients.operations.items()}
    assert len(issued) >= 2
    assert struck_at(run)[0] >= issued[0].at
    assert ended["ok"] > 20
    assert ended["refused"] >= 3
    assert run.deaths == ()
    assert multiprocessing.active_children() == []


def test_every_fault_strikes_a_sqlite_file_and_the_fleet_goes_on(tmp_path):
    """The lock that is lost is the lease."""
    run = a_run(tmp_path, store="sqlite", strategy="shared_lock", lose_lock=LOSE_LOCK)

    assert_the_fleet_went_through_it(run)
    assert struck_at(run).keys() == {0, 1, 2, 3}


def test_every_fault_strikes_a_redis_and_nothing_is_left_there(tmp_path):
    """The same; and a run takes its keys with it."""
    store = f"{{kind: redis, url: '{redis_url()}'}}"
    run = a_run(tmp_path, store=store, strategy="lease_cas", lose_lock=LOSE_LOCK)

    assert_the_fleet_went_through_it(run)
    assert struck_at(run).keys() == {0, 1, 2, 3}

    async def keys():
        async with open_store(RedisServer(redis_url(), "any"), HandClock()) as store:
            return await store.call("KEYS", "tokenrace_*")

    assert asyncio.run(keys()) == []


def test_faults_strike_a_postgres_whose_record_is_locked_and_nothing_is_left_there(tmp_path):
    """An advisory lock, and a pool smaller than the workers of a process: some wait in vain. A run
    takes its schema with it."""
    store = f"{{kind: postgres, url: '{postgres_url()}', lock: advisory, pool: 2}}"
    run = a_run(tmp_path, store=store, strategy="sql_row_lock", lose_lock=LOSE_LOCK)

    assert_the_fleet_went_through_it(run)
    assert struck_at(run).keys() == {0, 1, 2, 3}

    async def schemas():
        async with (
            open_store(PostgresServer(postgres_url(), "any"), HandClock()) as store,
            store.pool.borrow() as connection,
        ):
            named = "SELECT nspname FROM pg_namespace WHERE starts_with(nspname, 'tokenrace_')"
            return await connection.rows(named)

    assert asyncio.run(schemas()) == []
