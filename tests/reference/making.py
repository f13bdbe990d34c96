"""Making a reference run."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from PIL import Image

from tests.reference.places import place_of
from tokenrace.analysis.report.page import REPORT
from tokenrace.cli.asked import Asked, Options, read_request
from tokenrace.cli.progress import Silent
from tokenrace.files.results_folder import whole_or_not_at_all
from tokenrace.gate.counts import RunCounts, counts_of
from tokenrace.run_results import SUMMARY, Made, write_results
from tokenrace.simulation.experiment import run_all

PICTURE = "rate-401-over-time.png"
_WHOLE = {
    Path("scenarios/expiry-stampede.yaml"): (),
    Path("scenarios/deploys/rolling-restart.yaml"): (),
    Path("scenarios/incident/a-storm.yaml"): ("rate-401-over-time.svg",),  # README shows it
    Path("scenarios/leases/paused-holder.yaml"): (),
}
"""Scenarios whose full report is kept, with further plots of some."""
_COLORS = 32
"""A plot has few colours: so many make its file a quarter as large, and look the same."""


def kept_of(file: Path) -> tuple[str, ...]:
    """Return the names of the files that stay of the reference run of the scenario in ``file``."""
    whole = (REPORT, *_WHOLE[file]) if file in _WHOLE else ()
    return (SUMMARY, PICTURE, *whole)


def asked_of(file: Path) -> Asked:
    """Return the runs of the scenario in ``file``: all of its strategies and seeds."""
    return read_request(file, Options(engine="virtual"))


def made_of(asked: Asked, traces: Path) -> Made:
    """Make the runs, their traces in ``traces``."""
    experiment = asked.experiment
    runs = {choice.name: [] for choice in experiment.choices}
    for run in run_all(experiment, asked.engine, traces, Silent()):
        runs[run.header.strategy].append(run)
    return Made(experiment=experiment, engine="virtual", command=asked.command, runs=runs)


def make(file: Path) -> str:
    """Make the reference run of the scenario in ``file``; return the fingerprint of its runs."""
    with (
        tempfile.TemporaryDirectory(prefix="tokenrace-") as folder,
        whole_or_not_at_all(place_of(file)) as partial,
    ):
        made = made_of(asked_of(file), Path(folder))
        write_results(Path(folder), made)
        for name in kept_of(file):
            shutil.copyfile(Path(folder) / name, partial / name)
        _make_small(partial / PICTURE)
    return fingerprint(counts_of(run) for runs in made.runs.values() for run in runs)


def _make_small(picture: Path) -> None:
    """Write the PNG file anew, with a palette."""
    with Image.open(picture) as image:
        few = image.convert("RGB").quantize(_COLORS)
    few.save(picture, "PNG", optimize=True)


def fingerprint(runs: Iterable[RunCounts]) -> str:
    """Return what tells one set of counts from another: those of each strategy's seeds in order."""
    text = json.dumps([asdict(run) for run in runs], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
