"""The files to copy into a CI: they are YAML, and every command in them does what it says."""

import re
import shlex
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from tests.checked import a_scenario, folder, put
from tokenrace.cli.app import app

__all__ = ["folder"]

ROOT = Path(__file__).parents[2]
CI = ROOT / "docs" / "ci"


def steps_of_github():
    """The shell lines of the GitHub workflow."""
    jobs = yaml.safe_load((CI / "github.yml").read_text())["jobs"]
    return [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]


def steps_of_gitlab():
    """The shell lines of the GitLab job."""
    return yaml.safe_load((CI / "gitlab.yml").read_text())["tokens"]["script"]


@pytest.fixture
def checkout(folder):
    """A repository with a scenario and its baseline, in the working folder."""
    put(folder, "scenarios/s.yaml", a_scenario())
    out = CliRunner().invoke(app, ["baseline", "scenarios/", "--out", "results/baseline.json"])
    assert out.exit_code == 0, out.output
    return folder


@pytest.mark.parametrize(
    ("steps", "files"),
    [
        (steps_of_github, {"junit.xml", "check.json"}),
        (steps_of_gitlab, {"junit.xml", "check.json", "check.md"}),
    ],
)
def test_a_job_as_it_is_written_passes_and_leaves_its_files(checkout, steps, files):
    """It installs what is released, then checks."""
    install, command = steps()
    got = CliRunner().invoke(app, shlex.split(command)[1:])

    assert re.fullmatch(r"pip install tokenrace==[\d.]+", install)
    assert command.startswith("tokenrace check ")
    assert got.exit_code == 0, got.output
    assert {path.name for path in checkout.iterdir() if path.is_file()} == files


def test_what_a_job_keeps_is_what_its_check_writes():
    """Or the artifact of a failure would be empty."""
    github = yaml.safe_load((CI / "github.yml").read_text())["jobs"]["check"]["steps"][-1]
    gitlab = yaml.safe_load((CI / "gitlab.yml").read_text())["tokens"]["artifacts"]
    kept = [github["with"]["path"].split(), [*gitlab["paths"], gitlab["reports"]["junit"]]]

    assert github["if"] == "always()"
    assert gitlab["when"] == "always"
    for names, steps in zip(kept, (steps_of_github(), steps_of_gitlab()), strict=True):
        assert all(f" {name} " in steps[-1] for name in names)


def test_the_versions_to_install_are_the_one_that_is_documented():
    """A page of another release would pin another one."""
    page = (CI / "README.md").read_text()
    pinned = re.findall(r"tokenrace==([\d.]+\d)", page + str(steps_of_github() + steps_of_gitlab()))
    version = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)

    assert set(pinned) == {version[1]}


def test_the_hooks_run_on_scenario_files_and_find_what_is_wrong(checkout):
    """The one of this repository, and the one that the page shows."""
    (block,) = re.findall(r"```yaml\n(repos:.*?)```", (CI / "README.md").read_text(), re.DOTALL)
    shown = yaml.safe_load(block)["repos"][0]["hooks"][0]
    (ours,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    put(checkout, "scenarios/bad.yaml", "name: [")

    for hook in (shown, ours):
        entry = shlex.split(hook["entry"])[1:]
        assert re.search(hook["files"], "scenarios/s.yaml")
        assert not re.search(hook["files"], "docs/s.yaml")
        assert CliRunner().invoke(app, [*entry, "scenarios/s.yaml"]).exit_code == 0
        assert CliRunner().invoke(app, [*entry, "scenarios/bad.yaml"]).exit_code == 2
