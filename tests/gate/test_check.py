"""``tokenrace check`` as a user and a CI job meet it, on virtual time."""

import json
import re
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from tests.checked import FLEET, LONE, a_scenario, check, folder, put
from tokenrace.cli.app import app
from tokenrace.clock import MINUTE
from tokenrace.gate.baseline_file import read_baseline

__all__ = ["folder"]


def test_all_is_well(folder):
    """A line for the scenario, the verdict, exit code 0."""
    put(folder, "s.yaml", a_scenario())
    code, lines, errors = check("s.yaml")

    assert (code, errors) == (0, [])
    assert "pass          small  2 runs, 2 checked" in lines
    assert re.fullmatch(r"pass  1 scenario, 2 runs in \d+\.\d s: 1 pass", lines[-2])
    assert lines[-1] == "again  tokenrace check s.yaml"


def test_a_failure_tells_seed_replay_and_why_its_first_401_was_one(folder):
    """Exit code 1; the command leads to that very 401."""
    put(folder, "s.yaml", a_scenario(strategy=LONE))
    code, lines, _ = check("s.yaml")
    at = next(n for n, line in enumerate(lines) if line.startswith("  fail  "))
    failed, place, back, first, issued, displaced, holders = lines[at : at + 7]
    command = back.partition("again: ")[2].split()
    replayed = CliRunner().invoke(app, command[1:]).stdout.splitlines()

    assert code == 1
    assert re.fullmatch(r"  fail  check_then_act: expected rate_401 == 0, measured .*: .*", failed)
    assert place == "    s.yaml:9:20"
    assert re.fullmatch(r"    seed [12], again: tokenrace replay s.yaml --strategy .*", back)
    instant, _, what = first.removeprefix("    its first 401: ").partition(": ")
    assert next(line for line in replayed if "gets 401" in line).split() == [
        instant,
        *what.replace("got", "gets").split(),
    ]
    assert re.fullmatch(r"      token \d+ was issued to p\d at [\d:.]+", issued)
    assert re.fullmatch(r"      at .* token \d+ took its place, which p\d had asked for", displaced)
    assert re.fullmatch(
        r"      p\d held it when it ended; p\d still did when the call was refused", holders
    )


def counted(folder, strategy, expect, seeds=3):
    """Check what is expected of a strategy; return the way back of what failed, and the 401 rate
    of each seed."""
    put(folder, "s.yaml", a_scenario(strategy=strategy, expect=expect, seeds=seeds))
    check("s.yaml", "--json", "c.json")
    CliRunner().invoke(
        app, ["baseline", "s.yaml", "--jobs", "1", "--out", "b.json", "--allow-broken"]
    )
    findings = json.loads((folder / "c.json").read_text())["cases"][0]["findings"]
    counts = {run.seed: run.counts for run in read_baseline(folder / "b.json").runs}
    rates = {seed: sum(run.causes.values()) / run.responses for seed, run in counts.items()}
    return findings[1]["way_back"], rates


@pytest.mark.parametrize(
    ("expect", "badness"),
    [
        ("rate_401: <= 0.1%", lambda rate: rate),
        ("rate_401: at least 99%", lambda rate: -rate),
        ("rate_401: == 100%", lambda rate: 1 - rate),
    ],
)
def test_a_failure_leads_to_the_seed_that_is_furthest_from_what_was_expected(
    folder, expect, badness
):
    """Of three."""
    back, rates = counted(folder, LONE, expect)

    assert len(set(rates.values())) == 3
    assert back["seed"] == max(rates, key=lambda seed: badness(rates[seed]))


def test_the_401_that_is_blamed_is_one_that_was_counted(folder):
    """Of the part that the expectation is about, not the first of all."""
    back, _ = counted(folder, LONE, "rate_401 after 10m: == 0")

    assert back["blame"][0] >= "00:10:00"
    assert back["chain"][-1]["at"] >= 10 * MINUTE


def test_where_no_call_got_a_401_the_tokens_are_explained(folder):
    """Too many tokens, and each of them good: two in a quarter of an hour that last ten minutes,
    the second taken a minute before the end of the first."""
    back, rates = counted(folder, FLEET, "tokens_issued: == 0")

    assert set(rates.values()) == {0}
    assert back["observed"][0].startswith(
        "2 tokens issued: 1 while the newest token was in the second half of its life, "
    )
    assert back["chain"] == []


def rates_of(folder, seeds):
    """The 401 rate of each seed, with what is expected out of the way."""
    _, rates = counted(folder, LONE, "rate_401: <= 100%", seeds=seeds)
    return rates


def test_runs_that_cannot_tell_are_exit_code_3(folder):
    """Two seeds, and the bound is their mean, to a thousandth of a point: no number would do."""
    mean = sum(rates_of(folder, 2).values()) / 2
    put(folder, "s.yaml", a_scenario(strategy=LONE, expect=f"rate_401: <= {100 * mean:.4f}%"))
    code, lines, _ = check("s.yaml")

    assert code == 3
    assert any("no number of seeds up to 1,000 is likely to settle it" in line for line in lines)
    assert lines[-2].startswith("inconclusive  1 scenario, 2 runs in ")


def test_seeds_that_settle_it_are_run_by_themselves(folder):
    """Two seeds cannot tell, as an interval of two reaches 12.7 errors; those that follow can. The
    bound is well above the mean of forty, and the same seeds are taken every time."""
    rates = rates_of(folder, 40)
    mean = sum(rates.values()) / 40
    spread = (sum((rate - mean) ** 2 for rate in rates.values()) / 39) ** 0.5
    bound = (rates[1] + rates[2]) / 2 + 2 * spread + abs(rates[1] - rates[2])
    put(folder, "s.yaml", a_scenario(strategy=LONE, expect=f"rate_401: <= {100 * bound:.3f}%"))
    told = [check("s.yaml", "--json", f"{name}.json") for name in ("a", "b")]
    first, second = (json.loads((folder / f"{name}.json").read_text()) for name in ("a", "b"))
    (case,) = first["cases"]

    assert [code for code, _, _ in told] == [0, 0]
    assert case["runs"] > 2
    (note,) = case["notes"]
    assert re.fullmatch(r"check_then_act: seeds? 3 .*to settle what is expected on average", note)
    assert [each["measured"] for each in case["findings"]] == [
        each["measured"] for each in second["cases"][0]["findings"]
    ]


def test_one_bad_seed_breaks_an_invariant_and_is_named_with_the_way_to_it(folder):
    """Three seeds whose counts differ: the bound is that of the middle one."""
    _, rates = counted(folder, LONE, "rate_401: <= 100%")
    low, middle, high = sorted(rates, key=rates.get)
    bound = 100 * (rates[middle] + rates[high]) / 2
    expect = f"rate_401 in every run: <= {bound:.4f}%"
    put(folder, "s.yaml", a_scenario(strategy=LONE, expect=expect, seeds=3))
    code, lines, _ = check("s.yaml")
    failed = next(line for line in lines if line.startswith("  fail  "))

    assert code == 1
    assert re.search(rf": in 1 of 3 runs: seed {high} \([\d.]+ %\)$", failed)
    again = f"seed {high}, again: tokenrace replay s.yaml --strategy check_then_act --seed {high}"
    assert f"    {again}" in lines
    put(folder, "s.yaml", a_scenario(strategy=LONE, expect="rate_401: == 0", seeds=3))
    code, lines, _ = check("s.yaml", "--junit", "j.xml", "--summary", "s.md", "--json", "c.json")
    other = f"--strategy check_then_act --seed {low}"
    assert any(line.startswith(f"    seed {low} (") and line.endswith(other) for line in lines)
    assert other in (folder / "j.xml").read_text()
    assert other in (folder / "s.md").read_text()
    broken = json.loads((folder / "c.json").read_text())["cases"][0]["findings"][1]["broken"]
    assert [each["seed"] for each in broken] == [high, middle, low]


def test_the_worst_of_all_wins(folder):
    """One of each: fail. The fault does not happen, as nobody asks for a token then."""
    put(folder, "a.yaml", a_scenario("a"))
    fault = "faults: [{at: 2m, burst: {endpoint: token, answer: 503, for: 1s}}]\n"
    put(folder, "b.yaml", a_scenario("b") + fault)
    put(folder, "c.yaml", a_scenario("c", strategy=LONE))
    code, lines, _ = check(".")

    assert code == 1
    assert lines[-2].endswith(": 1 pass, 1 fail, 1 inconclusive")


def test_folders_are_searched_and_what_is_no_scenario_is_passed_over(folder):
    """Only YAML, nothing hidden, each file once; other people's YAML is named."""
    put(folder, "all/b.yml", a_scenario("b"))
    put(folder, "all/deep/a.yaml", a_scenario("a"))
    put(folder, "all/.hidden/x.yaml", "nonsense: [")
    put(folder, "all/compose.yaml", "services: {}\n")
    put(folder, "all/README.md", "# read me")
    (folder / "all/deep/round").symlink_to(folder / "all")
    put(folder, "all/schema.json", "{}")
    code, lines, _ = check("all", "all/b.yml")

    assert code == 0
    assert [line.split()[1] for line in lines if line.startswith("pass   ")] == ["b", "a"]
    assert "note  all/compose.yaml is no scenario: passed over" in lines


def test_two_scenarios_of_one_name_are_told_by_their_files(folder):
    """The name is not what tells them apart."""
    put(folder, "x/s.yaml", a_scenario())
    put(folder, "y/s.yaml", a_scenario())
    _, lines, _ = check(".")

    assert {line.split()[1] for line in lines if "checked" in line} == {"x/s.yaml", "y/s.yaml"}


def test_every_wrong_input_is_told_before_the_first_run(folder):
    """Files, code, baseline, budget, places to write to: exit code 2, nothing run or written."""
    put(folder, "bad.yaml", a_scenario(strategy="shared_lok", expect="rate: == 0"))
    put(folder, "folder/broken.yaml", "name: [")
    put(folder, "code.yaml", a_scenario(strategy='{name: ours, python: "mine:Absent"}', of="ours"))
    put(folder, "mine.py", "class Present: ...\n")
    put(folder, "base.json", "{")
    code, lines, errors = check(
        "bad.yaml",
        "folder",
        "code.yaml",
        "missing.yaml",
        *("--baseline", "base.json", "--budget", "60", "--junit", "folder"),
        *("--summary", "none/s.md"),
    )

    assert (code, lines) == (2, [])
    assert [error.partition("? known")[0] for error in errors] == [
        "--junit: folder is a folder; name a file",
        "--summary: there is no folder none to write s.md in",
        "bad.yaml:7:5: strategies[0]: unknown strategy 'shared_lok'; did you mean 'shared_lock'",
        "bad.yaml:9:16: expect.shared_lok.rate: unknown figure; did you mean 'rate_401'?",
        "folder/broken.yaml:1:8: is not YAML: expected the node content, but found '<stream end>'",
        "code.yaml:7:5: strategy ours: mine:Absent: module mine has no Absent",
        "missing.yaml: no such file",
        (
            "base.json: damaged, or no baseline of ours: Expecting property name enclosed in "
            "double quotes: line 1 column 2 (char 1). It is left as it is: restore it, or move it "
            "away and make it anew"
        ),
        "--budget: needs a unit, such as 30s, 5m or 1h; got '60'",
    ]


def test_a_folder_without_scenarios_is_wrong_input(folder):
    """A gate that checks nothing must not open."""
    put(folder, "empty/README.md", "")

    assert check("empty") == (
        2,
        [],
        ["empty: there is no scenario (.yaml, .yml) in it"],
    )


def test_a_github_job_gets_its_summary_and_annotations(folder, monkeypatch):
    """The summary is added to what other steps wrote; files are named from the checkout."""
    put(folder, "repo/s.yaml", a_scenario(strategy=LONE))
    put(folder, "step.md", "Before.\n")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(folder / "step.md"))
    monkeypatch.setenv("GITHUB_WORKSPACE", str(folder / "repo"))
    _, lines, _ = check("repo", "--summary", "own.md")

    assert (folder / "step.md").read_text() == f"Before.\n{(folder / 'own.md').read_text()}"
    assert lines[-1].startswith("::error file=s.yaml,line=9,col=20,title=small%3A fail::")


def test_a_github_job_is_shown_the_lines_of_wrong_input(folder, monkeypatch):
    """Each problem of each file, and what is of no file; exit code 2 and the plain text stay."""
    put(folder, "repo/a.yaml", a_scenario().replace("workers: 1", "workers: 0"))
    put(folder, "repo/b.yaml", a_scenario(strategy='{name: ours, python: "mine:Gone"}', of="ours"))
    put(folder, "repo/c.yaml", "fleet: [")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(folder / "repo"))
    code, lines, errors = check("repo", "--budget", "soon")

    assert code == 2
    assert [line.partition("::")[2].rpartition("::")[0] for line in lines[:-1]] == [
        "error file=a.yaml,line=3,col=32,title=wrong input",
        "error file=b.yaml,line=7,col=5,title=wrong input",
        "error file=c.yaml,line=1,col=9,title=wrong input",
    ]
    assert lines[-1].startswith("::error title=wrong input::--budget: ")
    assert errors[0].startswith("repo/a.yaml:3:32: fleet.workers: ")
    assert lines[0].endswith(errors[0].removeprefix("repo/a.yaml:3:32: "))
    monkeypatch.delenv("GITHUB_ACTIONS")
    assert check("repo", "--budget", "soon") == (2, [], errors)


def test_the_files_that_were_asked_for_are_there(folder):
    """JUnit XML, Markdown, JSON, on a failure as well."""
    put(folder, "s.yaml", a_scenario(strategy=LONE))
    check("s.yaml", "--junit", "j.xml", "--summary", "s.md", "--json", "c.json")
    suite = ET.parse(folder / "j.xml").getroot()[0]

    assert suite.get("failures") == "1"
    assert (folder / "s.md").read_text().startswith("## tokenrace check failed\n")
    assert json.loads((folder / "c.json").read_text())["verdict"] == "fail"


@pytest.mark.parametrize(
    ("words", "environment", "said"),
    [
        (("--json", "/dev/full"), {}, "/dev/full: cannot be written: No space left on device"),
        (
            (),
            {"GITHUB_STEP_SUMMARY": "."},
            "$GITHUB_STEP_SUMMARY: .: cannot be written: Is a directory",
        ),
    ],
)
def test_a_file_that_cannot_be_written_is_said_after_what_was_found(
    folder, monkeypatch, words, environment, said
):
    """What was found is not lost with it; exit code 2."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    put(folder, "s.yaml", a_scenario())
    code, lines, errors = check("s.yaml", *words)

    assert (code, errors) == (2, [said])
    assert lines[-1] == "again  tokenrace check s.yaml"


def test_who_names_the_wire_engine_is_told_that_time_is_virtual(folder):
    """The same file gives the same verdict every time; --engine wire is the other way."""
    put(folder, "s.yaml", a_scenario().replace(", engine: virtual", ", engine: wire"))
    code, lines, _ = check("s.yaml")

    assert code == 0
    assert (
        "note  1 scenario names the wire engine and ran on virtual time, where the same seed gives "
        "the same run; --engine wire runs on real HTTP"
    ) in lines


def test_on_the_wire_a_scenario_that_names_it_follows_the_others(folder):
    """Real HTTP, a lifetime of ten minutes in one second; the blame is read from the trace."""
    put(folder, "a.yaml", a_scenario("a", seeds=1))
    wire = a_scenario("b", strategy=LONE, seeds=1).replace(
        "engine: virtual", "engine: wire, time_scale: 600"
    )
    put(folder, "b.yaml", wire)
    CliRunner().invoke(app, ["baseline", ".", "--jobs", "1", "--out", "b.json", "--allow-broken"])
    code, lines, _ = check(".", "--engine", "wire", "--baseline", "b.json")

    assert code == 1
    assert "pass          a  1 run, 3 checked" in lines
    assert "fail          b  1 run on the wire, 3 checked" in lines
    unlike = "the baseline is of the virtual engine, these runs of the other"
    assert f"  inconclusive  check_then_act: not compared: {unlike}" in lines
    back = "seed 1, again: tokenrace run b.yaml --engine wire --strategy check_then_act --seed 1"
    assert f"    {back}" in lines
    assert any(re.search(r"its first 401: .* got 401 with token \d+: evicted", x) for x in lines)
    assert lines[-1] == "again  tokenrace check . --baseline b.json --engine wire"
