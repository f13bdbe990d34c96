"""Faults of the fleet on the wire engine: real processes killed, stopped, started and misled.

All at once in a few runs of seconds. What is asserted is who did what and in which order, never how
long it took: the machine may be busy.
"""

import multiprocessing
from collections import Counter
from pathlib import Path

import pytest

from tests.simulation.wire.wire_runs import Silent
from tokenrace.clock import SECOND
from tokenrace.scenario import parse
from tokenrace.simulation.experiment import Experiment, run_all
from tokenrace.simulation.virtual.engine import VirtualEngine
from tokenrace.simulation.wire.engine import WireEngine
from tokenrace.strategies.catalogue import CATALOGUE
from tokenrace.trace.events import (
    FaultStruck,
    IssueRefused,
    ProcessEnded,
    ProcessStarted,
    TokenIssued,
)
from tokenrace.trace.files import read_trace

EVERYTHING = """
name: everything
provider: {live_tokens: 50, lifetime: 100h}
fleet: {processes: 2, workers: 3}
workload: {arrivals: {process: closed, think: exponential 30s}}
network: {token: 40ms, api: uniform 10ms 30ms}
strategies: [single_flight]
faults:
  - {at: 0s, crash: {process: 0, when: before_issue, restart: 50ms}}
  - {at: 0s, crash: {process: 1, when: issued_not_stored, restart: 50ms}}
  - {at: 10m, cancel_leader: {process: 1}}
  - {at: 10m, crash: {process: 0, restart: 50ms}}
  - {at: 10m, clock: {process: 1, ahead: 1000s, drift_ppm: 1000}}
  - {at: 18m, scale: {processes: 3}}
  - {at: 19m, pause: {process: 0, for: 200ms}}
  - {at: 27m, rolling_restart: {every: 6m}}
  - {at: 40m, scale: {processes: 2}}
  - {at: 40m, rotate_secret: {overlap: 0s}}
  - {at: 41m, deploy: {secret: newest, strategy: mint_per_call, every: 6m}}
  - {at: 55m, pause: {process: 0, for: 1h}}
run: {duration: 56m, seeds: 1, time_scale: 600}
"""
"""Ten minutes are a second. A lifetime is ten minutes of the machine, so that no token expires but
on a clock that is off."""


def runs_of(text: str, folder: Path, engine=None):
    scenario = parse(text.encode(), CATALOGUE, Path("x.yaml"))
    experiment = Experiment(
        scenario=scenario,
        choices=scenario.strategies,
        seeds=(1,),
        time_scale=scenario.run.time_scale,
    )
    yield from run_all(experiment, engine or WireEngine(), folder, Silent())


def of_kind(run, kind):
    return [event for event in run.events() if isinstance(event, kind)]


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    (run,) = runs_of(EVERYTHING, tmp_path_factory.mktemp("everything"))
    return run


def test_every_fault_strikes_and_nobody_dies_of_anything_else(everything):
    """Ten faults once each; the rolling restart and the deploy once for each of two processes."""
    struck = Counter(event.fault for event in of_kind(everything, FaultStruck))

    assert struck == {number: 2 if number in (7, 10) else 1 for number in range(12)}
    assert everything.deaths == ()
    assert read_trace(everything.trace).deaths == ()
    assert multiprocessing.active_children() == []


def test_every_death_was_asked_for_by_a_fault_and_all_but_one_are_followed_by_a_life(everything):
    """Process 2 goes for good when the fleet is scaled down."""
    ended = [(event.process, event.fault) for event in of_kind(everything, ProcessEnded)]
    started = [(event.process, event.life) for event in of_kind(everything, ProcessStarted)]

    assert sorted(ended) == [(0, 0), (0, 3), (0, 7), (0, 10), (1, 1), (1, 7), (1, 10), (2, 8)]
    assert sorted(started) == [
        *[(0, life) for life in (2, 3, 4, 5)],
        *[(1, life) for life in (2, 3, 4)],
        (2, 1),
    ]
    assert {event.reason for event in of_kind(everything, ProcessEnded)} == {"killed by SIGKILL"}


def test_each_life_asks_for_one_token_and_a_clock_that_is_ahead_for_one_more(everything):
    """Up to the deploy every life of a process has one token issued, with these exceptions.

    Process 0 dies before its first request: its lives 2, 3 and 4 have 3 issued. Process 1 dies with
    its first token not stored, lives 2 and 3 have one each, and when its clock goes 1,000 s ahead
    the token, which lasts 600 s, looks expired to life 2: 4. Process 2: 1.
    """
    deployed_at = next(e.at for e in of_kind(everything, FaultStruck) if e.fault == 10)
    before = [event for event in of_kind(everything, TokenIssued) if event.at < deployed_at]

    assert Counter(event.asked_by for event in before) == {"p0": 3, "p1": 4, "p2": 1}
    assert len(of_kind(everything, TokenIssued)) > len(before) + 10  # one per call from then on


def test_a_deploy_brings_the_secret_that_was_rotated(everything):
    """With the old one nothing would be issued after the rotation, which has no overlap."""
    struck_at = {event.fault: event.at for event in of_kind(everything, FaultStruck)}
    after = [event for event in of_kind(everything, TokenIssued) if event.at > struck_at[10]]

    assert {event.asked_by for event in after} == {"p0", "p1"}
    assert of_kind(everything, IssueRefused) == []


def test_requests_of_the_killed_and_the_caller_who_is_cancelled_are_unknown(everything):
    """The caller is one operation; a killed process's requests under way are no operations.

    Its flight is detached, so nobody who waits with it is refused.
    """
    in_flight = sum(event.in_flight for event in of_kind(everything, ProcessEnded))

    assert sum(everything.clients.operations["unknown"]) == 1
    assert sum(everything.clients.operations["refused"]) == 0
    assert everything.clients.unknown >= in_flight
    assert sum(everything.clients.operations["ok"]) > 100


def of_processes(run):
    """Return what befell processes, in words, who died of what, who was started, in any order."""
    return (
        Counter((event.fault, event.what) for event in of_kind(run, FaultStruck)),
        sorted((event.process, event.fault) for event in of_kind(run, ProcessEnded)),
        sorted((event.process, event.life) for event in of_kind(run, ProcessStarted)),
    )


def test_the_same_befalls_the_same_processes_on_virtual_time(everything, tmp_path):
    """One seed, one scenario, two engines: the lives are the same, told in the same words."""
    (virtual,) = runs_of(EVERYTHING, tmp_path, VirtualEngine())

    assert of_processes(everything) == of_processes(virtual)


HOLDER = """
name: holder
provider: {live_tokens: 5, lifetime: 100h}
fleet: {processes: 2, workers: 6, start: 10m}
workload: {arrivals: {process: closed, think: 30s}}
network: {token: 100ms, api: 20ms}
strategies: [{preset: shared_lock, control: leader_flight, on_401: mint_if_same, lock_ttl: 1500ms}]
faults:
  - {at: 0s, cancel_leader: {process: 0}}
  - {at: 0s, crash: {process: 0, when: stored_not_released, restart: 1h}}
  - {at: 4m, revoke: all}
run: {duration: 24m, seeds: 1, time_scale: 600}
"""
"""Process 0 is alone for half a second."""


@pytest.fixture(scope="module")
def holder(tmp_path_factory):
    (run,) = runs_of(HOLDER, tmp_path_factory.mktemp("holder"))
    return run


def test_followers_are_refused_when_the_leader_they_follow_is_cancelled(holder):
    """All six workers of process 0 need a token at one instant, and the first of them leads.

    Cancelled, it ends as unknown and takes those who have joined it by then along. Whoever comes
    next leads a second flight; the first token is issued all the same, for nobody.
    """
    assert sum(holder.clients.operations["unknown"]) == 1
    assert 1 <= sum(holder.clients.operations["refused"]) <= 5
    assert [event.asked_by for event in of_kind(holder, TokenIssued)] == ["p0", "p0", "p1"]


def test_a_process_that_dies_with_the_lock_keeps_all_from_a_new_token_until_it_lapses(holder):
    """Process 0 stores its second token and dies holding the lease, for 1.5 s.

    It is revoked before process 1 starts, half a second on, which finds it and cannot ask for
    another before the lease lapses. The lease was taken before that second token was asked for.
    """
    _, stored, after = of_kind(holder, TokenIssued)

    assert [(event.process, event.fault) for event in of_kind(holder, ProcessEnded)] == [(0, 1)]
    assert after.at - stored.at > SECOND
    assert of_kind(holder, ProcessStarted) == []
