"""``tokenrace init``: the files with which a repository has its tokens checked."""

import re
import shlex
import sys
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Literal, get_args

import typer

from tokenrace.cli.baseline import Options, make_baseline
from tokenrace.cli.on_trial import AskedScope, OnTrial, asked_for
from tokenrace.cli.suite import fitted_to
from tokenrace.cli.written_files import write_files
from tokenrace.suites.adapted import OURS, strategy_line

CiName = Literal["github", "gitlab", "none"]
WORKFLOWS: dict[CiName, Path] = {
    "github": Path(".github/workflows/tokens.yml"),
    "gitlab": Path(".gitlab-ci.yml"),
}
SCENARIO, BASELINE = Path("scenarios/tokens.yaml"), Path("results/baseline.json")
_CHECK = "tokenrace check scenarios/"
_ARGUMENTS = re.compile(rf"^( +){re.escape(_CHECK)} (--baseline .*)$", re.MULTILINE)
_INSTALLED = "tokenrace==0.1.0"
_TEXT = """\
name: tokens
description: >
  The fleet as it is: change the numbers until they are yours. docs/scenario.md says what they mean.
provider: {{profile: zoom-2022, lifetime: 1h, live_tokens: {live_tokens}}}
fleet: {{processes: 4, workers: 5}}
workload: {{arrivals: {{process: closed, think: exponential 10s}}, operations: {{get_user: 1}}}}
network: {{token: lognormal 300ms p95 900ms, api: lognormal 120ms p95 400ms}}
strategies:
{strategies}
expect:
{expect}
run: {{duration: 70m, seeds: 3, engine: virtual}}
"""
_EXPECTED = "{rate_401: <= 0.5%, failure_rate: <= 0.5%}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to write: for which class, if any, and for whose CI."""

    on_trial: OnTrial | None
    ci: CiName
    is_forced: bool


def somebody_can_answer() -> bool:
    """Return whether a question would be read: in a CI job nobody does."""
    return sys.stdin.isatty()


def asked(
    python: str | None, with_: tuple[str, ...], scope: AskedScope, ci: CiName | None, *, force: bool
) -> Wanted:
    """Return what the options ask for; what they leave open is asked where somebody can answer.

    Raises:
        SimulatorError: as ``asked_for``.
    """
    can_answer = somebody_can_answer()
    if python is None and can_answer:
        question = "Your class, as module:Class (empty: the shipped strategies)"
        python = typer.prompt(question, default="", show_default=False).strip() or None
    if ci is None and can_answer:
        ci = _asked_for_ci()
    return Wanted(
        on_trial=asked_for(python, with_, scope, None), ci=ci or "github", is_forced=force
    )


def _asked_for_ci() -> CiName:
    """Ask until the answer is one of those there are."""
    names: tuple[CiName, ...] = get_args(CiName)
    while True:
        told = typer.prompt("Your CI: github, gitlab or none", default="github").strip().lower()
        for name in names:
            if name == told:
                return name


def write_all(wanted: Wanted) -> None:
    """Write the scenario, the workflow and the baseline, and tell what each is for.

    Raises:
        SimulatorError: something asked for is wrong, or a file is there already: then nothing is
            written.
    """
    contents = {SCENARIO: _scenario(wanted.on_trial)}
    if wanted.ci != "none":
        contents[WORKFLOWS[wanted.ci]] = _workflow(wanted)
    write_files(contents, also=(BASELINE,), is_forced=wanted.is_forced)
    BASELINE.parent.mkdir(exist_ok=True)
    make_baseline([SCENARIO], Options(out=BASELINE))
    for path in contents:
        typer.echo(f"wrote {path}")
    typer.echo(f"Review and commit them, then run: {_command(wanted.on_trial)}")


def _scenario(on_trial: OnTrial | None) -> str:
    if on_trial is None:
        names = ["single_flight", "lease_cas"]
        strategies, live_tokens = [f"  - {name}" for name in names], 8
    else:
        fitted = fitted_to(on_trial)
        names, live_tokens = [OURS], 2 if fitted.scope == "shared" else 8
        strategies = [f"  - {strategy_line(fitted.subject.own)}"]
    return _TEXT.format(
        live_tokens=live_tokens,
        strategies="\n".join(strategies),
        expect="\n".join(f"  {name}: {_EXPECTED}" for name in names),
    )


def _workflow(wanted: Wanted) -> str:
    text = (files("tokenrace.cli") / "ci_files" / f"{wanted.ci}.yml").read_text(encoding="utf-8")
    _, _, below = text.partition("\n")
    head = "# Fails the build when the way tokens are refreshed breaks a promise or gets worse.\n"
    text = f"{head}{below}".replace(_INSTALLED, f"tokenrace=={version('tokenrace')}")
    return _ARGUMENTS.sub(partial(_with_class, wanted.on_trial), text)


def _with_class(on_trial: OnTrial | None, found: re.Match[str]) -> str:
    """Return the lines of the check, those about the class among them."""
    if on_trial is None:
        return found[0]
    indent, rest = found[1], found[2]
    return f"{indent}{_CHECK}\n{indent}{_trial(on_trial)}\n{indent}{rest}"


def _trial(on_trial: OnTrial) -> str:
    return shlex.join([*on_trial.words(), "--suite", on_trial.suite])


def _command(on_trial: OnTrial | None) -> str:
    words = [] if on_trial is None else [_trial(on_trial)]
    return " ".join([_CHECK, *words, f"--baseline {BASELINE}"])
