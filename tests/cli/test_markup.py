"""What users name is printed as they wrote it: no command reads a name or a path as markup."""

import ast
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tokenrace.cli.app import app
from tokenrace.cli.plain_console import console_of_lines, console_of_output

ROOT = Path(__file__).parents[2]
ODD = "o[/b] [red]x[link=y]"
SCENARIO = """\
name: small
fleet: {processes: 2, workers: 1}
provider: {live_tokens: 1, lifetime: 10s}
workload: {arrivals: {process: closed, think: exponential 1s}}
strategies: [{preset: check_then_act, name: "a"}, single_flight]
run: {duration: 1m, seeds: 2, engine: virtual}
expect: {single_flight: {failure_rate: <= 100%}}
"""
OWN = """\
class Source:
    def __init__(self, fetch):
        self.fetch = fetch

    async def token(self):
        raise RuntimeError("oh [/b] no [red]")

    async def rejected(self, token):
        return False
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a folder to work in, with a scenario whose name would be markup."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ODD).mkdir(parents=True)
    (tmp_path / ODD / "s[b].yaml").write_text(SCENARIO)
    return tmp_path


def said_by(*words: str) -> str:
    """Run a command; return all that it prints."""
    got = CliRunner().invoke(app, words)
    assert got.exception is None or isinstance(got.exception, SystemExit), got.exception
    return re.sub(r"\s+", "", got.output)


def test_every_command_prints_names_as_they_are(folder):
    """One after the other, each with a file in a folder, and a folder of results, that rich would
    take for tags: a closing tag that nothing opened ends a program that reads them so."""
    file, out = f"{ODD}/s[b].yaml", f"{ODD}/out[/i]"
    shown_out, shown_file = re.sub(r"\s+", "", out), re.sub(r"\s+", "", file)

    assert f"{shown_out}/small/report.html" in said_by("run", file, "--out", out)
    assert shown_out in said_by("report", f"{out}/small")
    assert shown_out in said_by("report", f"{out}/small", "--out", f"{out}/r[/].html")
    said_by("report", f"{out}/small", f"{out}/small", "--out", f"{out}/c[/].html")
    assert shown_out in said_by(
        "sweep", file, "--over", "fleet.processes=1,2", "--seeds", "1", "--out", out
    )
    assert "single_flight" in said_by("compare", file)
    said_by("replay", file, "--strategy", "single_flight", "--seed", "1")
    said_by("blame", file, "--strategy", "single_flight", "--out", f"{out}/blame[/b].svg")
    assert shown_out in said_by("baseline", file, "--out", f"{out}/base[/b].json")
    said_by("check", file, "--baseline", f"{out}/base[/b].json", "--junit", f"{out}/j[/b].xml")
    assert shown_file in said_by("validate", file)
    said_by("schema", "--out", f"{out}/schema[/b].json")
    said_by("strategies", "single_flight")
    said_by("profiles", "zoom-2022")
    said_by("serve", "--scenario", f"{ODD}/missing[/b].yaml")
    said_by("incident", f"{ODD}/none[/b]")


@pytest.mark.parametrize(
    "words",
    [
        ("run", "o[/b].yaml"),
        ("run", "s.yaml", "--strategy", "[/b]"),
        ("run", "s.yaml", "--nope[/b]"),
        ("run", "s.yaml", "--engine", "[/b]"),
        ("report", "[/b]"),
        ("strategies", "[/b]"),
        ("profiles", "[/b]"),
        ("sweep", "s.yaml", "--over", "[/b]=1"),
        ("sweep", "s.yaml", "--over", "fleet.processes=1,2", "--figure", "[/b]"),
        ("sweep", "s.yaml", "--over", "fleet.processes=[/b]"),
        ("blame", "s.yaml", "-s", "single_flight", "--at", "[/b]"),
        ("check", "[/b]"),
        ("check", "s.yaml", "--budget", "[/b]"),
        ("baseline", "[/b]"),
        ("agree", "[/b]"),
        ("incident", "[/b]"),
        ("[/b]",),
    ],
    ids=" ".join,
)
def test_a_wrong_word_is_repeated_as_it_is(folder, words):
    """Of each command."""
    (folder / "s.yaml").write_text(SCENARIO)
    assert "[/b]" in said_by(*words)


def test_what_users_code_raises_is_told_as_it_is(folder):
    """Its text has tags in it, and so does what it is of."""
    (folder / "own.py").write_text(OWN)
    own = SCENARIO.replace("single_flight]", "{name: ours, python: 'own:Source'}]")
    (folder / "s.yaml").write_text(own.partition("expect")[0])

    assert "oh[/b]no[red]" in said_by("run", "s.yaml", "--out", "out")


def test_only_one_file_makes_consoles_and_nobody_reads_markup():
    """So that what is printed tomorrow is printed as it is too. A column of rich's progress reads
    markup unless told otherwise."""
    found = []
    for file in (ROOT / "simulator").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func).rpartition(".")[2]
            words = {each.arg: ast.unparse(each.value) for each in node.keywords}
            if name in ("from_markup", "render_markup") or words.get("markup") == "True":
                found.append(f"{file.name}:{node.lineno}: reads markup")
            if name == "Console" and file.name != "plain_console.py":
                found.append(f"{file.name}:{node.lineno}: makes a console")
            if name == "TextColumn" and words.get("markup") != "False":
                found.append(f"{file.name}:{node.lineno}: a column that reads markup")
    assert found == []


@pytest.mark.parametrize("make", [console_of_output, console_of_lines])
def test_a_console_prints_what_it_is_given(make, capsys):
    """Neither tags nor the names of pictures mean anything."""
    make().print("a[/b] [red] :smile:")

    assert capsys.readouterr().out == "a[/b] [red] :smile:\n"
