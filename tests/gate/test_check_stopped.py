"""A check that does not come to its end: stopped by a signal, out of time, or by a bug of ours."""

import json
import os
import select
import signal
import subprocess
import sys
from xml.etree import ElementTree as ET

import pytest
import typer

from tests.checked import FLEET, a_scenario, folder, put
from tokenrace.cli.exits import CRASHED, told_to_the_user
from tokenrace.clock import Ticks
from tokenrace.gate.cases import read_cases
from tokenrace.gate.checking import Check, Terms
from tokenrace.gate.running import CaseRuns, make_on_wire
from tokenrace.simulation.wire.engine import WireEngine

__all__ = ["folder"]

SPINS = """
import os

class Source:
    def __init__(self, fetch): ...

    async def get_token(self):
        told = os.open("told", os.O_WRONLY)
        os.write(told, b"spinning")
        os.close(told)
        while True:
            pass
"""


class Unwatched:
    """Looks at nothing."""

    def planned(self, runs: int) -> None:
        """So many runs more are to be made."""

    def ended(self) -> None:
        """A run ended."""


@pytest.fixture
def spinning(folder):
    """A check under way: of three scenarios the first two are made, and the last never ends."""
    put(folder, "mine.py", SPINS)
    os.mkfifo(folder / "told")
    told = os.open(folder / "told", os.O_RDONLY | os.O_NONBLOCK)
    put(folder, "a.yaml", a_scenario("a", seeds=1))
    put(folder, "b.yaml", a_scenario("b", seeds=1))
    ours = '{name: ours, python: "mine:Source"}'
    put(folder, "c.yaml", a_scenario("c", strategy=ours, of="ours", seeds=1))
    words = [
        "check",
        ".",
        "--jobs",
        "1",
        "--junit",
        "j.xml",
        "--json",
        "c.json",
        "--summary",
        "s.md",
    ]
    # A shell starts background jobs with SIGINT ignored, and children inherit that.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen(
        [sys.executable, "-m", "tokenrace", *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        signal.signal(signal.SIGINT, before)
        assert select.select([told], [], [], 120)[0], process.poll()
        yield process
        process.kill()
    os.close(told)


@pytest.mark.parametrize(
    ("number", "code", "why"),
    [
        (signal.SIGTERM, 143, "the check was ended by a signal"),
        (signal.SIGINT, 130, "the check was interrupted"),
    ],
)
def test_a_check_that_is_stopped_writes_what_it_has(spinning, folder, number, code, why):
    """How CI jobs are cancelled. The first scenario passed; what was not made says why."""
    spinning.send_signal(number)
    output, errors = spinning.communicate(timeout=60)
    found = json.loads((folder / "c.json").read_text())
    suites = ET.parse(folder / "j.xml").getroot()

    assert spinning.returncode == code
    assert "Traceback" not in output + errors
    assert (found["verdict"], found["stopped"]) == ("inconclusive", why)
    assert [case["verdict"] for case in found["cases"]][::2] == ["pass", "inconclusive"]
    assert f"ours: 1 of 1 run not made: seed 1: {why}" in output
    assert [(suite.get("name"), suite.get("errors")) for suite in suites][::2] == [
        ("a", "0"),
        ("c", "2"),
    ]
    assert why in (folder / "s.md").read_text()


def test_the_budget_ends_the_run_that_is_under_way_on_the_wire(folder):
    """A program that ignores SIGTERM, and a program that it has started, of a run of ten hours. The
    time is over as soon as the latter has said that it is there; a pipe ends with its writers."""
    pipe = folder / "pipe"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    script = (
        f"trap '' TERM; (trap '' TERM; echo here; exec sleep 36000) > {pipe} & wait; sleep 36000"
    )
    text = a_scenario(strategy=f'{{name: ours, command: ["sh", "-c", "{script}"]}}', of="ours")
    text = text.replace("duration: 15m", "duration: 10h").replace("engine: virtual", "engine: wire")
    put(folder, "s.yaml", text)
    (case,) = read_cases([folder / "s.yaml"], "wire").cases
    made = CaseRuns(case)

    def left() -> Ticks | None:
        return 0 if select.select([reading], [], [], 0)[0] else None

    make_on_wire(made.cells(), WireEngine(), folder, left, Unwatched())

    assert made.missing("ours") == [1, 2]
    os.set_blocking(reading, True)
    with os.fdopen(reading) as stream:
        assert set(stream.read().split()) == {"here"}


def test_a_crash_of_ours_is_no_verdict(capsys):
    """Exit code 70: neither good nor bad was found."""
    with pytest.raises(typer.Exit) as ended, told_to_the_user():
        raise AssertionError("two and two are five")

    assert (ended.value.exit_code, CRASHED) == (70, 70)
    said = capsys.readouterr().err.splitlines()
    assert said[-2] == "AssertionError: two and two are five"
    assert said[-1].startswith("tokenrace crashed, which is a bug of tokenrace: please report it")


def test_what_was_judged_before_a_stop_stands(folder):
    """Nothing was made; the findings are those of a check without any time, and say why."""
    put(folder, "s.yaml", a_scenario())
    check = Check(read_cases([folder / "s.yaml"], "virtual").cases, Terms(), Unwatched())
    check.stopped("somebody stopped it")
    (case,) = check.checked()

    assert [each.verdict for each in case.findings] == ["inconclusive", "inconclusive"]
    assert case.findings[0].sentence() == (
        f"{FLEET}: 2 of 2 runs not made: seed 1, 2: somebody stopped it"
    )
