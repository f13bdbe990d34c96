"""Settings every test shares, and the law that every run of every test is held to."""

import pytest
from hypothesis import settings

from tests.fifo_law import FifoLaw, is_bound
from tokenrace.simulation.virtual import run as virtual_run
from tokenrace.simulation.wire.engine import WireEngine

# Derandomised: a red test is red for everyone. No deadline: machines differ.
settings.register_profile("tokenrace", derandomize=True, deadline=None, database=None)
settings.load_profile("tokenrace")


@pytest.fixture(autouse=True)
def broken_law(monkeypatch):
    """Hold every run of either engine, however a test makes it, to the FIFO law.

    Runs in processes of their own, as of a command that a test starts, are out of reach.
    """
    broken: list[str] = []

    def under_law(plan, sink):
        return FifoLaw(plan.policy.live_tokens, sink, broken) if is_bound(plan) else sink

    make_world, run_on_wire = virtual_run._world, WireEngine.run

    def world(plan, loop, sink, **settings):
        return make_world(plan, loop, under_law(plan, sink), **settings)

    def run(engine, plan, writer, report):
        return run_on_wire(engine, plan, under_law(plan, writer), report)

    monkeypatch.setattr(virtual_run, "_world", world)
    monkeypatch.setattr(WireEngine, "run", run)
    yield broken
    assert not broken, broken[0]
