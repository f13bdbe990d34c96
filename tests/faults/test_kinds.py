"""The table of the kinds of fault: each has a label, a plan, a description and who applies it."""

import pytest

from tests.scenario.faulty_scenarios import a_text, read
from tokenrace.clock import MINUTE
from tokenrace.faults.kinds import KINDS, Fault, plan_faults
from tokenrace.faults.planned import SecondMinter
from tokenrace.network.fates import Partition
from tokenrace.provider.bursts import Burst
from tokenrace.simulation.planning import recipe_of
from tokenrace.simulation.wire.apply_faults import applier_of
from tokenrace.strategies.catalogue import CATALOGUE

EXAMPLES = {
    "partition": {"process": 1, "link": "api", "for": "30s"},
    "rotate_secret": {},
    "downgrade_owner": {},
    "transfer_ownership": {},
    "deactivate": {"for": "30s"},
    "revoke": "all",
    "change_provider": {"live_tokens": 3},
    "second_minter": {"rate": "1/s", "for": "30s"},
    "trial": {"every": "1m", "for": "30m"},
    "burst": {"endpoint": "api", "answer": "slow 2s", "for": "30s"},
    "crash": {"process": 1},
    "pause": {"process": 1, "for": "30s"},
    "rolling_restart": {"every": "10s"},
    "scale": {"processes": 4},
    "deploy": {"strategy": "lease_cas", "secret": "newest", "every": "10s"},
    "clock": {"process": 1, "behind": "30s"},
    "cancel_leader": {"process": 1},
    "store_down": {"for": "30s"},
    "store_slow": {"by": "1s", "for": "30s"},
    "replica_lag": {"lag": "1s", "for": "30s"},
    "lose_lock": {},
    "lose_write": {},
}
"""The least that a scenario says of each kind."""


def a_fault(kind):
    """One fault of ``kind``, at 1 min."""
    return Fault.model_validate({"at": "1m", kind: EXAMPLES[kind]}, context=CATALOGUE)


def planned(kind, time_scale):
    """What one fault of ``kind`` plans in a fleet of two processes."""
    scenario = read(a_text())
    return plan_faults(
        [a_fault(kind)],
        time_scale=time_scale,
        processes=2,
        provider=scenario.provider,
        recipe_of=recipe_of,
    )


def test_every_kind_has_an_example():
    """So that the tests below miss none."""
    assert tuple(EXAMPLES) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_fault_is_called_something_on_a_plot(kind):
    """Short enough for a legend."""
    fault = a_fault(kind)

    assert fault.kind == kind
    assert 0 < len(fault.label()) <= 40


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_plans_what_some_process_of_the_wire_engine_applies(kind):
    """And its instant shrinks with the time scale: 1 min is 6 s at ten times the speed."""
    faults = planned(kind, time_scale=10)

    assert faults
    assert all(applier_of(fault) for fault in faults)
    first = faults[0]
    assert getattr(first, "at", getattr(first, "begins", None)) == MINUTE // 10


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_describes_itself_in_a_trace(kind):
    """A partition has no instant at which it strikes; a burst's words are those of its answer; a
    second minter is told of by its name."""
    for fault in planned(kind, time_scale=1):
        if isinstance(fault, SecondMinter):
            assert fault.describe("somebody").startswith("somebody ")
        elif not isinstance(fault, Partition | Burst):
            assert fault.describe()
