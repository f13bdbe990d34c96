"""A class of the user's own that ends the program, as it means to: its runs fail, nothing else."""

import re

import pytest
from typer.testing import CliRunner

from tests.checked import FLEET, a_scenario, check, folder, put
from tokenrace.cli.app import app

__all__ = ["folder"]

ENDS = """\
import os, signal, sys


class AtCall:
    def __init__(self, fetch, how="sys.exit(0)"):
        self._fetch, self._how = fetch, how

    async def get_token(self):
        exec(self._how)


class AtInit(AtCall):
    def __init__(self, fetch):
        sys.exit(0)


class At401(AtCall):
    async def get_token(self):
        return (await self._fetch())["access_token"]

    async def rejected(self, token):
        sys.exit(0)


class Interrupted(AtCall):
    async def get_token(self):
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            pass  # as a bare "except:" does
        return (await self._fetch())["access_token"]
"""


def of_ours(target, *, how=None, engine="virtual"):
    """A scenario of a class of one's own, and of a strategy of ours that is expected to do well."""
    options = "" if how is None else f", options: {{how: '{how}'}}"
    text = a_scenario(strategy=f'{{name: ours, python: "{target}"{options}}}', of=FLEET, seeds=1)
    text = text.replace("expect:\n", f"  - {FLEET}\nexpect:\n")
    if engine == "wire":
        text = text.replace("engine: virtual", "engine: wire").replace("15m", "1s")
        text = text.replace("exponential 10s", "100ms")
    return text


def run(*words):
    """Run the command; return its exit code and what it printed, in one line."""
    ended = CliRunner().invoke(app, [*words])
    return ended.exit_code, re.sub(r"\s+", " ", ended.output)


@pytest.fixture(autouse=True)
def classes(folder):
    """The classes, and modules that end when they are imported."""
    put(folder, "ends.py", ENDS)
    put(folder, "at_import.py", "import sys\nsys.exit(0)\n")
    put(folder, "at_import_hard.py", "import os\nos._exit(0)\n")


TARGETS = {
    "ends:AtCall": "in get_token .*SystemExit: 0",
    "ends:AtInit": 'ends.py", line 14, in __init__ .*SystemExit: 0',
    "ends:At401": 'ends.py", line 22, in rejected .*SystemExit: 0',
    "at_import:X": 'at_import.py", line 2, in <module> .*SystemExit: 0',
    "at_import_hard:X": r"os\._exit in <module> \(at_import_hard.py:2\) would end the program",
}


@pytest.mark.parametrize("target", TARGETS)
def test_a_class_that_ends_fails_its_run_and_the_others_go_on(folder, target):
    """With the strategy, the seed and the line; the exit code is ours, not the class's 0."""
    put(folder, "s.yaml", of_ours(target))
    code, printed = run("run", "s.yaml", "--out", "out")

    assert code == 1
    assert re.search(f"strategy ours, seed 1: .*{TARGETS[target]}", printed)
    assert "replay: tokenrace replay s.yaml --strategy ours --seed 1" in printed
    assert f"pass {FLEET} rate_401 == 0" in printed


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("raise GeneratorExit", "GeneratorExit"),
        ('raise BaseException("mine")', "BaseException: mine"),
        ("os._exit(0)", r"os\._exit in AtCall.get_token \(ends.py:9\) would end the program"),
        ("os.kill(os.getpid(), 9)", r"os\.kill in AtCall.get_token \(ends.py:9\) would end"),
    ],
)
def test_whatever_ends_a_program_is_an_error_of_the_class(folder, how, told):
    """Also what no ``except Exception`` sees, and what asks nobody."""
    put(folder, "s.yaml", of_ours("ends:AtCall", how=how))
    code, printed = run("run", "s.yaml", "--out", "out")

    assert code == 1
    assert re.search(f"strategy ours, seed 1: .*{told}", printed)


def test_a_check_fails_of_it_and_checks_the_other_scenarios(folder):
    """The runs are made by processes that hand such an error back: it must not be raised again."""
    put(folder, "a.yaml", of_ours("ends:AtCall").replace("small", "a"))
    put(folder, "b.yaml", of_ours("at_import:X").replace("small", "b"))
    put(folder, "c.yaml", a_scenario("c"))
    code, lines, _ = check(".")

    assert code == 1
    told = [line.partition("SystemExit: 0")[2] for line in lines if "1 of 1 run failed" in line]
    assert sorted(told) == [" (at_import.py:2)", " (ends.py:9)"]
    assert any(re.match(r"pass +c ", line) for line in lines)


def test_a_comparison_leaves_it_out_and_fails(folder):
    """The others are compared with each other."""
    put(folder, "s.yaml", of_ours("ends:AtInit"))
    code, printed = run("compare", "s.yaml", "--seeds", "2")

    assert code == 1
    assert FLEET in printed
    assert "strategy ours, seed 1: it raised" in printed


@pytest.mark.parametrize("target", ["ends:AtCall", "ends:AtInit", "at_import:X"])
def test_on_the_wire_it_fails_its_run_too(folder, target):
    """There it ends a process of its own, which tells why."""
    put(folder, "s.yaml", of_ours(target, engine="wire"))
    code, printed = run("run", "s.yaml", "--out", "out")

    assert code == 1
    assert re.search("strategy ours, seed 1: process [01] failed: .*SystemExit: 0", printed)
    assert f"pass {FLEET} rate_401 == 0" in printed


RAISES = """\
class Lines:
    def __init__(self, fetch):
        self._fetch = fetch

    async def get_token(self):
        raise ValueError("one\\ntwo")


class Group(Lines):
    async def get_token(self):
        raise ExceptionGroup("all", [KeyError("one")])
"""


@pytest.mark.parametrize(
    ("name", "engine", "told"),
    [
        ("Lines", "wire", "ValueError: one two (raises.py:6)"),
        ("Group", "virtual", "KeyError: 'one'"),
    ],
)
def test_the_finding_is_what_was_raised_and_its_line(folder, name, engine, told):
    """Not the frame that Python draws around a group of errors, as around all on the wire."""
    put(folder, "raises.py", RAISES)
    put(folder, "s.yaml", of_ours(f"raises:{name}", engine=engine))
    code, lines, _ = check("s.yaml", "--engine", engine)

    assert code == 1
    assert f"  fail  ours: 1 of 1 run failed: {told}" in lines


SELF_CANCELLED = """\
import asyncio


class Raises:
    def __init__(self, fetch):
        self._fetch, self._calls = fetch, 0

    async def get_token(self):
        self._calls += 1
        if self._calls % 2 == 0:
            await self.end()
        return (await self._fetch())["access_token"]

    async def end(self):
        raise asyncio.CancelledError


class CancelsItsCaller(Raises):
    async def end(self):
        asyncio.current_task().cancel()
        await asyncio.sleep(0)


class CancelsWhatItAwaits(Raises):
    async def end(self):
        task = asyncio.create_task(asyncio.sleep(1))
        task.cancel()
        await task


class OfPorts:
    def __init__(self, ports):
        self._endpoint, self._calls = ports.endpoint, 0

    async def token(self):
        self._calls += 1
        if self._calls % 2 == 0:
            raise asyncio.CancelledError
        return await self._endpoint.issue()

    async def rejected(self, token, attempt):
        return False
"""


@pytest.mark.parametrize(
    ("name", "engine"),
    [
        ("Raises", "virtual"),
        ("CancelsItsCaller", "wire"),
        ("CancelsWhatItAwaits", "virtual"),
        ("OfPorts", "wire"),
    ],
)
def test_a_call_that_a_class_cancels_by_itself_has_failed(folder, name, engine):
    """Half of them. On the wire they were not counted at all, and their worker did not go on."""
    put(folder, "cancels.py", SELF_CANCELLED)
    text = of_ours(f"cancels:{name}", engine=engine)
    put(folder, "s.yaml", text.replace("live_tokens: 1,", "live_tokens: 1000,"))
    _, printed = run("run", "s.yaml", "--out", "out")

    told = re.search(r"failed ours: CancelledError raised by the client \(([\d,]+)\)", printed)
    calls = re.search(r"│ ours .*?│ ([\d,]+) │ none", printed)
    assert told is not None, printed
    assert calls is not None, printed
    cancelled, issued = (int(each[1].replace(",", "")) for each in (told, calls))
    assert abs(cancelled - issued) <= 4


def test_ctrl_c_ends_the_program_even_if_a_class_catches_it(folder):
    """With 130, as a shell expects it."""
    put(folder, "s.yaml", of_ours("ends:Interrupted"))
    code, printed = run("run", "s.yaml", "--out", "out")

    assert code == 130
    assert "Interrupted" in printed
    assert not (folder / "out" / "small").exists()
