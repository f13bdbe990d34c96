"""Runs one scenario on virtual time and prints the digest of its trace's bytes.

A program of its own, so that other Pythons and other hash seeds can run it: needs numpy, pydantic,
PyYAML and time-machine only.
"""

import hashlib
import sys
import tempfile
from pathlib import Path

from tokenrace.engine.ties import Fifo, Shuffled
from tokenrace.scenario import load
from tokenrace.simulation.planning import plan_run
from tokenrace.simulation.virtual.run import run_on_virtual_time
from tokenrace.strategies.catalogue import CATALOGUE
from tokenrace.trace.files import TraceHeader, TraceWriter


def main(scenario_file: str) -> None:
    scenario = load(Path(scenario_file), CATALOGUE)
    digest = hashlib.sha256()
    for choice in scenario.strategies:
        for ties in (Fifo(), Shuffled(7)):
            digest.update(_trace(scenario, choice, ties))
    sys.stdout.write(digest.hexdigest())


def _trace(scenario, choice, ties) -> bytes:
    plan = plan_run(scenario, choice, 3, 1)
    header = TraceHeader(
        scenario=plan.scenario,
        strategy=plan.strategy,
        seed=plan.seed,
        engine="virtual",
        duration=plan.duration,
        lifetime=plan.policy.lifetime,
        time_scale=1.0,
        version="probe",
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trace.jsonl"
        with TraceWriter(path, header) as writer:
            counted = run_on_virtual_time(
                plan, writer, lambda at: None, ties=ties, skips_calm=isinstance(ties, Fifo)
            )
            writer.finish(counted.provider, counted.clients)
        return path.read_bytes()


if __name__ == "__main__":
    main(sys.argv[1])
