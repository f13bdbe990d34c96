"""What happens at the provider in a run: in which order, and on both engines."""

from collections import Counter

import pytest

from tokenrace.clock import HOUR, MINUTE, SECOND
from tokenrace.engine.ties import Fifo
from tokenrace.faults.planned import PlannedChange, SecondMinter
from tokenrace.faults.schedule import ProviderFaults, timeline
from tokenrace.provider.lifecycle import RevokeTokens, TransferOwnership
from tokenrace.provider.messages import TokenRequest
from tokenrace.rng import Streams
from tokenrace.scenario import parse
from tokenrace.simulation.planning import plan_run
from tokenrace.simulation.virtual.run import run_on_virtual_time
from tokenrace.simulation.wire.engine import WireEngine
from tokenrace.strategies.catalogue import CATALOGUE
from tokenrace.trace.events import AppChanged, FaultStruck, IssueRefused, TokenIssued, TokenRevoked
from tokenrace.trace.files import TraceHeader, TraceWriter, read_events
from tokenrace.trace.histogram import bucket_bounds

OUTSIDER = TokenRequest(
    client_id="id", client_secret="s", grant_type="g", account_id="a", asked_by="outsider"
)


def test_changes_and_mints_come_in_the_order_of_their_instants():
    """However they are written down."""
    faults = ProviderFaults(
        changes=(
            PlannedChange(at=30 * MINUTE, fault=0, change=TransferOwnership()),
            PlannedChange(at=10 * MINUTE, fault=1, change=RevokeTokens()),
        ),
        minters=(SecondMinter(fault=2, begins=5 * MINUTE, ends=HOUR, rate_hz=0.01),),
    )
    happenings = list(timeline(faults, OUTSIDER, Streams(1)))
    instants = [happening.at for happening in happenings]
    mints = [happening for happening in happenings if happening.what is OUTSIDER]

    assert instants == sorted(instants)
    assert [each.at for each in happenings if each.what is not OUTSIDER] == [
        10 * MINUTE,
        30 * MINUTE,
    ]
    assert all(5 * MINUTE <= each.at < HOUR for each in mints)
    assert [each.struck is not None for each in mints] == [True] + [False] * (len(mints) - 1)


def test_a_second_minter_asks_as_often_as_it_is_said_to():
    """1 a second for an hour: 3,600, give or take 5 sigma (Poisson: 300)."""
    minter = SecondMinter(fault=0, begins=0, ends=HOUR, rate_hz=1.0)

    assert abs(sum(1 for _ in minter.asks_at(Streams(7))) - 3_600) < 300


FAULTS = """\
name: faulty
provider: {live_tokens: 2, lifetime: 100s}
fleet: {processes: 2, workers: 2}
workload: {arrivals: {process: closed, think: 10ms}, operations: {get_user: 1}}
network: {token: 10ms, api: 10ms}
strategies: [single_flight]
faults:
  - {at: 20s, burst: {endpoint: api, answer: 503, count: 3, for: 60s}}
  - {at: 30s, burst: {endpoint: api, answer: dropped, count: 2, for: 60s}}
  - {at: 40s, burst: {endpoint: api, answer: malformed, count: 4, for: 60s}}
  - {at: 50s, burst: {endpoint: api, answer: slow 300ms, count: 1, for: 60s}}
  - {at: 60s, second_minter: {rate: 30/s, for: 1s}}
  - {at: 70s, revoke: all}
  - {at: 80s, rotate_secret: {}}
run: {duration: 130s, engine: virtual, time_scale: 50}
"""


class Kept(list):
    """A sink that keeps every event."""

    write = list.append


def on_virtual_time(plan, folder):
    """Return the events and what was counted."""
    kept = Kept()
    counted = run_on_virtual_time(plan, kept, lambda at: None, ties=Fifo())
    return kept, counted


def on_the_wire(plan, folder):
    """Return the events and what was counted."""
    header = TraceHeader(
        scenario=plan.scenario,
        strategy=plan.strategy,
        seed=plan.seed,
        engine="wire",
        duration=plan.duration,
        lifetime=plan.policy.lifetime,
        time_scale=50,
        version="0",
    )
    with TraceWriter(folder / "trace.jsonl", header) as writer:
        counted = WireEngine(port=0).run(plan, writer, lambda at: None)
        writer.finish(counted.provider, counted.clients)
    return list(read_events(folder / "trace.jsonl")), counted


@pytest.mark.parametrize("run", [on_virtual_time, on_the_wire])
def test_every_fault_happens_on_both_engines(run, tmp_path):
    """What each must leave behind: the struck requests are counted, so it is exact, and each burst
    has more than a second of real time to meet as many as it strikes.

    Three answers of 503; two connections closed and four answers cut short, which nobody can read:
    six unknown. The tokens are revoked, the second minter evicts, and with the secret rotated
    nobody is issued a token when the old ones have expired.
    """
    scenario = parse(FAULTS.encode(), CATALOGUE, tmp_path / "x.yaml")
    plan = plan_run(scenario, scenario.strategies[0], seed=1, time_scale=50)
    events, counted = run(plan, tmp_path)
    struck = {event.fault for event in events if isinstance(event, FaultStruck)}
    asked_by = Counter(event.asked_by for event in events if isinstance(event, TokenIssued))
    refused = {event.error for event in events if isinstance(event, IssueRefused)}

    assert struck == set(range(7))
    assert counted.provider.statuses[503] == 3
    assert counted.clients.unknown == 6
    assert asked_by["second-minter"] > 5
    assert any(isinstance(event, TokenRevoked) for event in events)
    assert any(isinstance(event, AppChanged) for event in events)
    assert refused == {"invalid_client"}
    assert bucket_bounds(max(counted.clients.latency.counts()))[1] > SECOND // 4
