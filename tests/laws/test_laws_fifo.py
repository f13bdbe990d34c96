"""O1, the FIFO law: every run of every test is held to it (tests/conftest.py); that would show a
fault, and is not a formality."""

from dataclasses import replace
from itertools import islice

import pytest

from tests.fifo_law import FifoLaw
from tests.simulation.virtual_runs import ROTATION, Kept, a_plan, a_run
from tokenrace.clock import SECOND
from tokenrace.faults.planned import PlannedChange
from tokenrace.faults.schedule import ProviderFaults
from tokenrace.provider.ledger import Ledger
from tokenrace.provider.lifecycle import RevokeTokens
from tokenrace.trace.events import CallRefused, TokenEvicted, TokenIssued, TokenRevoked


def held_to(cap, *events):
    """Return what the law says against a history."""
    broken = []
    law = FifoLaw(cap, Kept(), broken)
    for event in events:
        law.write(event)
    return broken


def issued(token, at, expires_at=100):
    return TokenIssued(at=at, token=token, expires_at=expires_at, asked_by="p0")


def evicted(token, displaced_by, at):
    return TokenEvicted(
        at=at, token=token, displaced_by=displaced_by, asked_by="p0", valid_until=at
    )


def refused(token, cause, at):
    return CallRefused(at=at, token=token, cause=cause, asked_by="p0.w0")


def test_a_history_by_the_law_passes():
    """N = 2. Token 3 ends 1 at its issue; 2 expires at 100 unevicted, and 4 finds it gone."""
    assert not held_to(
        2,
        issued(1, at=0),
        issued(2, at=10),
        evicted(1, displaced_by=3, at=20),
        issued(3, at=20, expires_at=120),
        refused(1, "evicted", at=20),
        refused(2, "expired", at=100),
        issued(4, at=110, expires_at=210),
        refused(3, "expired", at=120),
    )


@pytest.mark.parametrize(
    "last",
    [
        [refused(2, "evicted", at=21)],  # M - k = 3 - 2 < 2: it is live
        [refused(2, "expired", at=99)],  # one tick too soon
        [refused(1, "expired", at=100)],  # its first end is its end
        [issued(5, at=30)],  # token 4 is missing
        [issued(4, at=30)],  # it evicts nobody, and M - 2 = 2
        [evicted(3, displaced_by=4, at=30), issued(4, at=30)],  # the newer one
        [evicted(2, displaced_by=4, at=100), issued(4, at=100)],  # expired, so takes no place
        [evicted(2, displaced_by=4, at=29), issued(4, at=30)],  # before its successor is there
    ],
)
def test_a_history_against_the_law_is_noticed(last):
    """N = 2; tokens 1, 2 and 3 were issued by the law, and then something is wrong."""
    lawful = [issued(1, 0), issued(2, 10), evicted(1, displaced_by=3, at=20), issued(3, 20, 120)]

    assert not held_to(2, *lawful)
    assert held_to(2, *lawful, *last)


def keeps_one_too_many(ledger, now, slot, gone):
    """Evict as if the cap were one higher."""
    live = [record.token for record in ledger.live_tokens(now)]
    return live[: max(0, len(live) - ledger._policy.live_tokens)]


def evicts_the_newest(ledger, now, slot, gone):
    """Evict from the wrong end."""
    too_many = ledger.live_count(now) + 1 - ledger._policy.live_tokens
    return list(islice((record.token for record in ledger.newest_live(now)), max(0, too_many)))


def evicts_nobody(ledger, now, slot, gone):
    """Have no cap."""
    return []


@pytest.mark.parametrize("fault", [keeps_one_too_many, evicts_the_newest, evicts_nobody])
def test_a_fault_planted_in_the_provider_breaks_the_law(fault, broken_law, monkeypatch):
    """Three processes share two live tokens: this test asks for nothing but the run."""
    monkeypatch.setattr(Ledger, "_over_cap", fault)
    a_run(a_plan(processes=3, workers=2, cap=2))

    assert broken_law
    broken_law.clear()


def test_a_provider_that_refuses_live_tokens_breaks_the_law(broken_law, monkeypatch):
    """One that accepts dead ones would not: a call that succeeds leaves no event."""
    monkeypatch.setattr(Ledger, "state", lambda ledger, token, now: "evicted")
    a_run(a_plan(processes=3, workers=2, cap=3))

    assert "CallRefused" in broken_law[0]
    broken_law.clear()


@pytest.mark.parametrize("preset", ["reactive_cas", "reactive_unconditional", "lease_cas"])
def test_the_law_holds_through_revocations(preset, broken_law):
    """A revoked token gives its place back; five processes with a cap of 3 and 4 revocations."""
    revoked = tuple(
        PlannedChange(at=at * ROTATION + SECOND, fault=0, change=RevokeTokens(which=which))
        for at, which in ((2, "newest"), (3, "all"), (5, "newest"), (6, "newest"))
    )
    plan = replace(
        a_plan(preset, processes=5, workers=2, cap=3),
        provider_faults=ProviderFaults(changes=revoked),
    )
    events, _ = a_run(plan)

    assert sum(isinstance(event, TokenRevoked) for event in events) >= 4
    assert not broken_law
