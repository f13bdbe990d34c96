"""Making one run a second time, to see whether a class of the user's gives the same history.

What cannot be seeded shows then: memory addresses (``id()``), the order of a set of texts, which
follows ``PYTHONHASHSEED``, files, other programs. So the second run is made by a process of its
own, with another ``PYTHONHASHSEED``.
"""

import atexit
import json
import os
import pickle
import subprocess
import sys
import traceback
from contextlib import suppress
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import NoReturn

from tokenrace.clock import seconds
from tokenrace.errors import RunError
from tokenrace.files.temporary_folder import temporary_folder
from tokenrace.python_class import PythonClass
from tokenrace.simulation.plan import RunPlan
from tokenrace.simulation.recording import header_of
from tokenrace.simulation.virtual.engine import VirtualEngine
from tokenrace.simulation.wire.parent_bond import die_with_parent
from tokenrace.trace.files import TraceWriter

NOT_DETERMINISTIC = "your class is not deterministic: under the same seed"
_WHAT_MAY_BE = (
    "id(), hash(), the order of a set of texts, files and other programs differ from run to run"
)
_HASH_SEED = "PYTHONHASHSEED"
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


class _Again:
    """The program that makes runs again, as long as this process lives: it loads once what a run
    needs, and forks for each run."""

    def __init__(self) -> None:
        self._program = self._started()
        atexit.register(self._end)

    def make(self, folder: Path) -> int:
        """Make the run that stands in ``folder``; return the exit status of its process."""
        if self._program.poll() is not None:
            self._program = self._started()
        asked, answers = self._program.stdin, self._program.stdout
        assert asked is not None
        assert answers is not None
        try:
            with suppress(BrokenPipeError):
                asked.write(f"{folder}\n")
                asked.flush()
            answer = answers.readline()
        except BaseException:  # nobody waits for the answer any more: it must not be the next one's
            self._end()
            raise
        return int(answer) if answer else self._program.wait()

    def _started(self) -> "subprocess.Popen[str]":
        other = "2" if os.environ.get(_HASH_SEED) == "1" else "1"
        return subprocess.Popen(  # noqa: S603 - this very program
            [sys.executable, "-c", _PROGRAM],
            env={**os.environ, _HASH_SEED: other, "PYTHONPATH": os.pathsep.join(sys.path)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def _end(self) -> None:
        self._program.kill()
        self._program.communicate()


@cache
def _again() -> _Again:
    return _Again()


def main() -> None:
    """Make again each run that a line of standard input names the folder of; answer each with a
    line: the exit status of the process that made it."""
    die_with_parent()
    nowhere = os.open(os.devnull, os.O_RDWR)
    with os.fdopen(os.dup(1), "w", buffering=1) as answers:
        os.dup2(nowhere, 1)  # the user's code may print
        for line in sys.stdin:
            child = os.fork()
            if not child:
                os.dup2(nowhere, 0)
                _make_here(Path(line.rstrip("\n")))
            _, status = os.waitpid(child, 0)
            answers.write(f"{os.waitstatus_to_exitcode(status)}\n")


def _make_here(folder: Path) -> NoReturn:
    """Make the run that stands in ``folder``, in this process, and end it."""
    code = 1
    try:
        die_with_parent()
        os.dup2(os.open(folder / "errors", os.O_WRONLY | os.O_CREAT, 0o600), 2)
        plan, sys.path, cwd, environment = pickle.loads((folder / "plan").read_bytes())  # noqa: S301 - we wrote it
        os.chdir(cwd)
        os.environ.clear()
        os.environ.update(environment)
        try:
            record(plan, _trace_in(folder))
        except RunError as error:
            (folder / "failed").write_text(str(error))
        code = 0
    except BaseException:  # noqa: BLE001 - it is told, and nothing of it may go on here
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _make_again(plan: RunPlan, folder: Path) -> str:
    """Make the run in a new process, in ``folder``; return why it failed, if it did."""
    here = (plan, sys.path, Path.cwd(), dict(os.environ))
    (folder / "plan").write_bytes(pickle.dumps(here))
    status = _again().make(folder)
    failed, errors = folder / "failed", folder / "errors"
    if failed.exists():
        return failed.read_text()
    if status:
        told = errors.read_text(errors="replace").strip() if errors.exists() else ""
        return told or f"its process ended with exit status {status}"
    return ""


def _trace_in(folder: Path) -> Path:
    return folder / "trace.jsonl"


def _first_difference(trace: Path, other: Path) -> str:
    with trace.open("rb") as lines, other.open("rb") as others:
        next(lines), next(others)  # who made them
        for line, another in zip_longest(lines, others, fillvalue=b""):
            if line != another:
                return _in_words(line, another)
    return ""


def _in_words(line: bytes, another: bytes) -> str:
    first, then = _told(line), _told(another)
    if b"tally" in (line + another) and b"event" not in (line + another):
        return f"{NOT_DETERMINISTIC} the counts of two runs differ; {_WHAT_MAY_BE}"
    return f"{NOT_DETERMINISTIC} two runs first differ in {first} and {then}; {_WHAT_MAY_BE}"


def _told(line: bytes) -> str:
    values = json.loads(line) if line else {}
    if "event" not in values:
        return "its end"
    at, event = seconds(values.pop("at")), values.pop("event").replace("_", " ")
    return f"{event} at {at:g} s ({', '.join(f'{key} {value}' for key, value in values.items())})"
