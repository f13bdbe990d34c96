"""Strategies of the user's own: the documented ones run, and what is wrong with others is said."""

import re
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.hand_written_runs import a_header
from tokenrace.cli.app import app
from tokenrace.errors import UserCodeError
from tokenrace.scenario import parse
from tokenrace.simulation.planning import plan_run
from tokenrace.simulation.virtual.engine import VirtualEngine
from tokenrace.simulation.wire.engine import WireEngine
from tokenrace.strategies.catalogue import CATALOGUE
from tokenrace.strategies.user_class import load
from tokenrace.trace.files import TraceWriter
from tokenrace.user_code.python_class import PythonClass

DOCUMENT = Path(__file__).parents[2] / "docs" / "bring-your-own.md"
SCENARIO = """\
name: own
provider: {{live_tokens: 2, lifetime: 1h}}
fleet: {{processes: 2, workers: 3}}
workload: {{arrivals: {{process: closed, think: {think}}}, operations: {{get_user: 1}}}}
network: {{token: 200ms, api: 80ms}}
strategies: [reactive_cas, {{name: ours, python: "{target}"{more}}}]
run: {{duration: {duration}, seeds: 1, engine: virtual}}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with the document's modules, of which nothing stays imported."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path])
    for name, code in re.findall(r"```python\n# (\S+)\n(.*?)```", DOCUMENT.read_text(), re.DOTALL):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(code)
    yield tmp_path
    for module in [name for name in sys.modules if name.partition(".")[0] in ("shop", "bad")]:
        del sys.modules[module]


def written(folder, target, *, duration="3h", think="10s", more="", faults=""):
    """Write the scenario with ``target`` and return its path."""
    file = folder / "own.yaml"
    file.write_text(
        SCENARIO.format(target=target, duration=duration, think=think, more=more) + faults
    )
    return file


def run(folder, target, **scenario):
    """Run the command; return the exit code and what was printed, in one line."""
    written(folder, target, **scenario)
    ended = CliRunner().invoke(app, ["run", "own.yaml", "--out", "out"])
    assert (folder / "out").exists() == (ended.exit_code != 2)  # the other strategy ran, at least
    return ended.exit_code, ended.output.replace("\n", " ")


def counted(folder, target, engine=None, **scenario):
    """Return what one run with ``target`` counted."""
    file = written(folder, target, **scenario)
    read = parse(file.read_bytes(), CATALOGUE, file)
    plan = plan_run(read, read.strategies[1], seed=1, time_scale=1)
    with TraceWriter(folder / "trace", a_header()) as writer:
        return (engine or VirtualEngine()).run(plan, writer, lambda _: None)


def bad(folder, code):
    """Write a module ``bad`` that holds ``code``."""
    (folder / "bad.py").write_text(code)


def test_the_documented_source_refreshes_by_the_wall_clock(folder):
    """Three hours at 3,600 s less 60 s of margin: tokens at 0, 59, 118 and 177 min, twice."""
    run = counted(folder, "shop.tokens:TokenSource")

    assert run.provider.tokens_issued == 2 * 4
    assert sum(run.provider.causes().values()) == 0


def test_options_reach_the_class(folder):
    """With half an hour of margin a token is used for half an hour: two processes, six each, and
    one more where the sixth ends just before the run."""
    run = counted(folder, "shop.tokens:TokenSource", more=", options: {margin: 1800}")

    assert run.provider.tokens_issued in range(12, 15)


def test_the_documented_strategy_shares_a_store(folder):
    """One token serves the whole fleet for its hour, once the cold start's six have been issued."""
    run = counted(folder, "shop.shared:SharedToken", duration="50m")

    assert run.provider.tokens_issued <= 6
    assert run.clients.store_reads >= sum(run.clients.operations["ok"]) > 1_000


def test_a_source_that_hears_of_a_401_recovers(folder):
    """Every token is revoked after 20 minutes; each process is refused, and has another issued."""
    faults = "faults: [{at: 20m, revoke: all}]\n"
    run = counted(folder, "shop.tokens:TokenSource", duration="50m", faults=faults)

    assert run.provider.tokens_issued == 4
    assert 2 <= sum(run.provider.causes().values()) <= 6
    assert sum(run.clients.operations["refused"]) == 0


def test_the_same_class_runs_on_the_wire(folder):
    """In processes of its own, which find the module in the working folder as well."""
    run = counted(
        folder, "shop.tokens:TokenSource", WireEngine(port=0), duration="2s", think="100ms"
    )

    assert run.provider.tokens_issued == 2
    assert sum(run.clients.operations["ok"]) > 10


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("shop.nope:X", r"shop\.nope:X: there is no module shop\.nope in .* or on the path"),
        ("shop.tokens:Nope", r"module shop\.tokens has no Nope"),
        ("asyncio:Lock", r"the class at .*locks\.py:\d+ will not do: expected a class with async"),
        ("asyncio:run", r"the function at .* will not do"),
        ("bad:X", r"importing bad failed: ZeroDivisionError: division by zero"),
    ],
)
def test_what_cannot_be_loaded_is_told_before_the_first_run(folder, target, message):
    """Exit code 2, with the file, the strategy and where the class is."""
    bad(folder, "1 / 0")
    code, output = run(folder, target)

    assert code == 2
    assert re.search(rf"own\.yaml: strategy ours: .*{message}", output)
    assert "run 1 of" not in output


def test_options_that_the_class_does_not_take_are_named(folder):
    """As Python says it, with the class and its line."""
    own = PythonClass(target="shop.tokens:TokenSource", options=(("margn", 3),))

    with pytest.raises(
        UserCodeError,
        match=r"tokens\.py:\d+: it is called with fetch and its "
        r"options: got an unexpected keyword argument 'margn'",
    ):
        load(own)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("return None", r"get_token\(\) must return text, got None"),
        ("return 'made-up-token'", r"returned 'made-up-'\.\.\., which fetch\(\) has not returned"),
        ("raise KeyError('token')", r"File .*bad\.py., line 5, in get_token"),
        ("import time; time.sleep(1)", r"time\.sleep in X\.get_token \(bad\.py:5\) would block"),
        ("import asyncio; await asyncio.Event().wait()", r"deadlock: .*X\.get_token \(bad\.py:5\)"),
        (
            "import asyncio; asyncio.create_task(self.sit()); return await self.fetched()",
            r"leak: the strategy of process 0 has started \d+ tasks .* in X\.sit \(bad\.py:7\)",
        ),
    ],
)
def test_what_goes_wrong_in_a_run_names_the_class_and_the_way_back(folder, body, message):
    """Exit code 1, the seed and the replay command; what is returned wrongly is no bug of ours."""
    bad(
        folder,
        f"class X:\n    def __init__(self, fetch):\n        self._fetch = fetch\n"
        f"    async def get_token(self):\n        {body}\n"
        f"    async def sit(self):\n        import asyncio; await asyncio.sleep(10**6)\n"
        f"    async def fetched(self):\n        return (await self._fetch())['access_token']\n",
    )
    code, output = run(folder, "bad:X", duration="10m")

    assert code == 1
    assert re.search(message, output)
    assert "replay: tokenrace replay own.yaml --strategy ours --seed 1" in output


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("{python: 'a:B'}", "strategies[0].name: is required for a strategy of your own"),
        ("{name: x, python: a.B}", "must be a module and a name in it"),
        ("{name: x, python: 'a:B', preset: single_flight}", "no key of a strategy of your own"),
        ("{name: x, python: 'a:B', options: [1]}", "options: must be a mapping, got a list"),
        ("{name: x, python: 'a:B', options: {a: [1]}}", "must be text, a number, true or false"),
        ("{name: X, python: 'a:B'}", "must be lower-case letters"),
    ],
)
def test_an_entry_that_says_it_wrongly_is_refused(folder, entry, problem):
    """With its line and column, as every problem of a scenario; nothing is imported for it."""
    text = written(folder, "a:B").read_text()
    text = re.sub(r"strategies: .*", f"strategies: [{entry}]", text)
    (folder / "own.yaml").write_text(text)

    ended = CliRunner().invoke(app, ["validate", "own.yaml"])

    assert ended.exit_code == 2
    assert re.search(r"own\.yaml:6:\d+: ", ended.output)
    assert problem in ended.output
