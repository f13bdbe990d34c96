"""Runs on the wire engine that take seconds, and a watcher that meddles with one."""

from pathlib import Path

from tokenrace.clock import Ticks
from tokenrace.scenario import parse
from tokenrace.simulation.experiment import Experiment, run_all
from tokenrace.simulation.wire.engine import WireEngine
from tokenrace.strategies.catalogue import CATALOGUE
from tokenrace.trace.files import RecordedRun

THINKING = "{process: closed, think: exponential 1m}"
SMALL = """
name: small
provider: {{live_tokens: {cap}, lifetime: 1h}}
fleet: {{processes: {processes}, workers: 3}}
workload:
  arrivals: {arrivals}
  operations: {{create_meeting: 1, delete_meeting: 1}}
network: {{token: 40ms, api: uniform 10ms 30ms}}
faults: {faults}
strategies: [{strategy}]
run: {{duration: {duration}, seeds: 1, time_scale: 1200}}
"""


def a_scenario(
    strategy: str,
    *,
    cap: int = 1,
    processes: int = 3,
    arrivals: str = THINKING,
    duration: str = "80m",
    faults: str = "[]",
):
    text = SMALL.format(
        strategy=strategy,
        cap=cap,
        processes=processes,
        arrivals=arrivals,
        duration=duration,
        faults=faults,
    )
    return parse(text.encode(), CATALOGUE, Path("small.yaml"))


class Silent:
    """A watcher that acts once, when a run has come far enough."""

    def __init__(self, at: Ticks = -1, act=lambda: None):
        self._at = at
        self._act = act

    def began(self, strategy, seed, duration):
        """A run began."""

    def reached(self, at):
        """Act once."""
        if 0 <= self._at <= at:
            self._at = -1
            self._act()

    def ended(self):
        """A run ended."""


def one_run(
    scenario, folder: Path, watcher: Silent | None = None, engine: WireEngine | None = None
) -> RecordedRun:
    experiment = Experiment(
        scenario=scenario, choices=scenario.strategies, seeds=(1,), time_scale=1_200
    )
    (run,) = run_all(experiment, engine or WireEngine(), folder, watcher or Silent())
    return run
