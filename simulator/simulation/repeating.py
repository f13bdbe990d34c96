"""Making one run a second time, to see whether a class of the user's gives the same history.

What cannot be seeded shows then: memory addresses (``id()``), the order of a set of texts, which
follows ``PYTHONHASHSEED``, files, other programs. So the second run is made by a process of its
own, with another ``PYTHONHASHSEED``.
"""

import json
import os
import pickle
import subprocess
import sys
from itertools import zip_longest
from pathlib import Path

from simulator.clock import seconds
from simulator.errors import RunError
from simulator.python_class import PythonClass
from simulator.simulation.plan import RunPlan
from simulator.simulation.recording import header_of
from simulator.simulation.virtual.engine import VirtualEngine
from simulator.simulation.wire.parent_bond import die_with_parent
from simulator.temporary_folder import temporary_folder
from simulator.trace.files import TraceWriter

NOT_DETERMINISTIC = "your class is not deterministic: under the same seed"
_WHAT_MAY_BE = (
    "id(), hash(), the order of a set of texts, files and other programs differ from run to run"
)
_PROGRAM = f"import {__name__} as again; again.main()"


def has_own_class(plan: RunPlan) -> bool:
    """Return whether code of the user's runs in ``plan``."""
    deployed = [replacement.recipe for replacement in plan.fleet_faults.replacements]
    return any(isinstance(recipe, PythonClass) for recipe in (plan.recipe, *deployed))


def record(plan: RunPlan, path: Path) -> None:
    """Make the run of ``plan`` on virtual time and leave its trace at ``path``.

    Raises:
        RunError: it could not go on.
        ResultsError: the trace cannot be written.
    """
    with TraceWriter(path, header_of(plan)) as writer:
        counted = VirtualEngine().run(plan, writer, lambda _: None)
        writer.finish(counted.provider, counted.clients)


def how_another_differs(plan: RunPlan, trace: Path) -> str:
    """Make the run of ``plan`` again and return how it differs from the one that left ``trace``:
    where first. Empty where it does not.

    Raises:
        ResultsError: there is no place for the files of a run.
    """
    with temporary_folder() as folder:
        failure = _make_again(plan, folder)
        if failure:
            last = failure.strip().splitlines()[-1]
            return f"{NOT_DETERMINISTIC} one run went well and the next failed: {last}"
        return _first_difference(trace, _trace_in(folder))


def how_two_differ(plan: RunPlan) -> str:
    """Make the run of ``plan`` twice and return how one differs from the other, as above."""
    with temporary_folder() as folder:
        trace = _trace_in(folder)
        try:
            record(plan, trace)
        except RunError as error:
            last = str(error).strip().splitlines()[-1]
            return f"{NOT_DETERMINISTIC} one run went well and the next failed: {last}"
        return how_another_differs(plan, trace)


def main() -> None:
    """Make the run that stands in the folder named by the first argument."""
    die_with_parent()
    folder = Path(sys.argv[1])
    plan, sys.path = pickle.loads((folder / "plan").read_bytes())  # noqa: S301 - we wrote it
    try:
        record(plan, _trace_in(folder))
    except RunError as error:
        (folder / "failed").write_text(str(error))


def _make_again(plan: RunPlan, folder: Path) -> str:
    """Make the run in a new process, in ``folder``; return why it failed, if it did."""
    (folder / "plan").write_bytes(pickle.dumps((plan, sys.path)))
    other = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    words = [sys.executable, "-c", _PROGRAM, str(folder)]
    ended = subprocess.run(  # noqa: S603 - this very program
        words,
        env={**os.environ, "PYTHONHASHSEED": other, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    failed = folder / "failed"
    if failed.exists():
        return failed.read_text()
    if ended.returncode:
        told = ended.stderr.decode(errors="replace").strip()
        return told or f"its process ended with exit status {ended.returncode}"
    return ""


def _trace_in(folder: Path) -> Path:
    return folder / "trace.jsonl"


def _first_difference(trace: Path, other: Path) -> str:
    with trace.open() as lines, other.open() as others:
        next(lines), next(others)  # who made them
        for line, another in zip_longest(lines, others, fillvalue=""):
            if line != another:
                return _in_words(line, another)
    return ""


def _in_words(line: str, another: str) -> str:
    first, then = _told(line), _told(another)
    if "tally" in (line + another) and "event" not in (line + another):
        return f"{NOT_DETERMINISTIC} the counts of two runs differ; {_WHAT_MAY_BE}"
    return f"{NOT_DETERMINISTIC} two runs first differ in {first} and {then}; {_WHAT_MAY_BE}"


def _told(line: str) -> str:
    values = json.loads(line) if line else {}
    if "event" not in values:
        return "its end"
    at, event = seconds(values.pop("at")), values.pop("event").replace("_", " ")
    return f"{event} at {at:g} s ({', '.join(f'{key} {value}' for key, value in values.items())})"
