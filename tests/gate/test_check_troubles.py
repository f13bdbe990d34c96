"""``tokenrace check`` where runs go wrong: code of the user's own, faults, too little time."""

import json
import re

from typer.testing import CliRunner

from tests.checked import FLEET, LONE, a_scenario, check, folder, put
from tests.stores.store_servers import free_port
from tokenrace.cli.app import app

__all__ = ["folder"]


def test_a_strategy_that_raises_fails_and_the_others_are_judged(folder):
    """With the user's traceback; what is expected of it cannot be told."""
    put(
        folder,
        "mine.py",
        "class Raises:\n    def __init__(self, fetch): ...\n"
        "    async def get_token(self): raise LookupError('no \\x1b[31m secret')\n",
    )
    text = a_scenario(strategy='{name: ours, python: "mine:Raises"}', of="ours")
    put(
        folder,
        "s.yaml",
        text.replace("expect:\n", f"  - {FLEET}\nexpect:\n  {FLEET}: {{rate_401: == 0}}\n"),
    )
    code, lines, _ = check("s.yaml", "--json", "out.json")
    findings = json.loads((folder / "out.json").read_text())["cases"][0]["findings"]

    assert code == 1
    assert (
        "  fail  ours: 2 of 2 runs failed: LookupError: no \ufffd[31m secret (mine.py:3)" in lines
    )
    assert any('mine.py", line 3, in get_token' in line for line in lines)
    assert "    seed 1, again: tokenrace replay s.yaml --strategy ours --seed 1" in lines
    assert [(each["strategy"], each["kind"], each["verdict"]) for each in findings] == [
        ("ours", "runs", "fail"),
        ("ours", "expectation", "inconclusive"),
        (FLEET, "runs", "pass"),
        (FLEET, "expectation", "pass"),
    ]


def test_a_strategy_that_ends_its_process_fails_and_no_other_does(folder):
    """Twice for each run, as it may have been the machine's fault."""
    code = "import os\nclass Ends:\n    def __init__(self, fetch): ...\n"
    put(folder, "mine.py", code + "    async def get_token(self): os._exit(7)\n")
    text = a_scenario(strategy='{name: ours, python: "mine:Ends"}', of="ours", seeds=1)
    other = f"  - {FLEET}\nexpect:\n  {FLEET}: {{rate_401: == 0}}\n"
    put(folder, "s.yaml", text.replace("expect:\n", other))
    code, lines, _ = check("s.yaml")
    troubles = [line for line in lines if line.startswith("  fail  ")]

    assert code == 1
    assert len(troubles) == 1
    assert "ours: 1 of 1 run failed: the process that made it died, twice" in troubles[0]


def test_an_error_without_end_is_told_by_its_end(folder):
    """A million letters, of which a terminal and a summary get the last."""
    code = "class Raises:\n    def __init__(self, fetch): ...\n"
    code += "    async def get_token(self): raise LookupError('x' * 10**6 + ' the end')\n"
    put(folder, "mine.py", code)
    put(folder, "s.yaml", a_scenario(strategy='{name: ours, python: "mine:Raises"}', of="ours"))
    _, lines, _ = check("s.yaml", "--summary", "s.md")

    assert any(line.endswith("xxx the end (mine.py:3)") for line in lines)
    assert len("\n".join(lines)) < 50_000
    assert len((folder / "s.md").read_text()) < 50_000


def test_a_fault_that_does_not_happen_is_inconclusive(folder):
    """A burst of errors when nobody asks for a token."""
    fault = "faults: [{at: 2m, burst: {endpoint: token, answer: 503, for: 1s}}]\n"
    put(folder, "s.yaml", a_scenario() + fault)
    code, lines, _ = check("s.yaml")

    assert code == 3
    assert any("shared_lock, seed 1: fault 1 (" in line for line in lines)


def test_what_the_budget_leaves_out_is_named(folder):
    """A class that never returns takes all the time there is; what was made before is judged, and
    there is no time to look for why its first 401 was one."""
    put(
        folder,
        "mine.py",
        "class Endless:\n    def __init__(self, fetch): ...\n"
        "    async def get_token(self):\n        while True: pass\n",
    )
    put(folder, "a.yaml", a_scenario("a", strategy=LONE))
    endless = '{name: ours, python: "mine:Endless"}'
    put(folder, "b.yaml", a_scenario("b", strategy=endless, of="ours"))
    code, lines, _ = check(".", "--budget", "5s")
    left_out = "2 of 2 runs not made: seed 1, 2: the budget of 5s was over"

    assert code == 1
    assert "fail          a  2 runs, 2 checked" in lines
    assert "    its first 401 was not looked for: the time was over" in lines
    assert f"  inconclusive  ours: {left_out}" in lines
    assert "    seed 1, again: tokenrace replay b.yaml --strategy ours --seed 1" in lines
    assert lines[-2].startswith("fail  2 scenarios, 2 of 4 runs in ")


def test_a_check_that_nobody_limited_has_a_limit():
    """An hour, which no test can wait for: the user is told of it where the option is."""
    told = CliRunner().invoke(app, ["check", "--help"], env={"COLUMNS": "200"}).stdout

    assert "[default: 1h]" in " ".join(told.split())


def test_without_any_time_nothing_is_made_on_either_engine(folder):
    """A millisecond: all is named, nothing is right or wrong."""
    put(folder, "a.yaml", a_scenario("a"))
    put(folder, "b.yaml", a_scenario("b").replace("engine: virtual", "engine: wire"))
    code, lines, _ = check(".", "--engine", "wire", "--budget", "1ms")
    left_out = "shared_lock: 2 of 2 runs not made: seed 1, 2: the budget of 1ms was over"

    assert code == 3
    assert lines.count(f"  inconclusive  {left_out}") == 2


def test_a_store_that_is_not_there_stops_no_other_scenario(folder):
    """Nobody can tell what its strategies are worth: inconclusive, not wrong input."""
    text = a_scenario(seeds=1).replace("engine: virtual", "engine: wire")
    store = f"store: {{kind: redis, url: 'redis://127.0.0.1:{free_port()}'}}\n"
    put(folder, "a.yaml", text + store)
    put(folder, "b.yaml", a_scenario("other", seeds=1))
    code, lines, _ = check(".", "--engine", "wire")

    assert code == 3
    assert any("store redis: cannot be reached at redis://127.0.0.1:" in line for line in lines)
    assert any(re.match(r"pass +other ", line) for line in lines), lines
