"""The commands of a CI job, ``check`` and ``baseline``, and their options."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from tokenrace.cli.commands.options import Jobs
from tokenrace.cli.commands.trial_options import PythonName, ScopeChoice, SuiteName, With
from tokenrace.cli.exits import EXIT_CODES, told_to_the_user
from tokenrace.errors import SimulatorError

CheckedPaths = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[PATH]...", help="Scenario files, and folders of them."),
]
Paths = Annotated[
    list[Path],
    typer.Argument(metavar="PATH", help="Scenario files, and folders of them.", show_default=False),
]
BaselineFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Fail what got worse since this was made."),
]
JUnitFile = Annotated[Path | None, typer.Option(metavar="FILE", help="Write JUnit XML there.")]
SummaryFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Write Markdown there. $GITHUB_STEP_SUMMARY gets it too."),
]
JsonFile = Annotated[Path | None, typer.Option(metavar="FILE", help="Write JSON there.")]
Budget = Annotated[
    str,
    typer.Option(
        metavar="SPAN",
        help="Time limit, such as 60s. Runs still under way then are ended, and named.",
    ),
]
CheckedEngine = Annotated[
    Literal["virtual", "wire"],
    typer.Option(help="wire: run what names the wire engine on real HTTP, after the others."),
]


def check(
    paths: CheckedPaths = None,
    *,
    python: PythonName = None,
    suite: SuiteName = None,
    with_: With = None,
    scope: ScopeChoice = "auto",
    baseline: BaselineFile = None,
    exact: Annotated[
        bool,
        typer.Option(
            "--exact", help="Fail whatever counts otherwise than the baseline, if better."
        ),
    ] = False,
    require_expect: Annotated[
        bool,
        typer.Option("--require-expect", help="Fail strategies that have no expectation."),
    ] = False,
    junit: JUnitFile = None,
    summary: SummaryFile = None,
    json: JsonFile = None,
    jobs: Jobs = None,
    budget: Budget = "1h",
    engine: CheckedEngine = "virtual",
) -> None:
    """Run all scenarios and fail where an expectation does, or a strategy got worse.

    With --python a class of your own is tried on every known failure mode, without a scenario and
    without a baseline: tokenrace check --python shop.tokens:Source --suite known-modes. What it is
    held to is true of every right class, whatever its leeway and its back-off; tokenrace suite
    lists it.

    On virtual time, on every processor; with --engine wire the scenarios that name the wire engine
    follow on real HTTP, one run at a time. Exit code 1: something failed, 2: the input is wrong, 3:
    the runs cannot tell, 70: tokenrace crashed.
    """
    with told_to_the_user():
        from tokenrace.cli.check import Options, check_paths
        from tokenrace.cli.on_trial import asked_for

        on_trial = asked_for(python, with_ or (), scope, suite)
        if not paths and on_trial is None:
            raise SimulatorError("name scenario files or folders, or --python module:Class")
        options = Options(
            baseline=baseline,
            exact=exact,
            require_expect=require_expect,
            junit=junit,
            summary=summary,
            json=json,
            jobs=jobs,
            budget=budget,
            engine=engine,
            on_trial=on_trial,
        )
        verdict = check_paths(paths or [], options)
        raise typer.Exit(EXIT_CODES[verdict])


def baseline(
    paths: Paths,
    *,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The baseline.")] = Path(
        "results/baseline.json"
    ),
    allow_broken: Annotated[
        bool,
        typer.Option("--allow-broken", help="Accept runs that break what is expected of them."),
    ] = False,
    jobs: Jobs = None,
) -> None:
    """Take what the scenarios come to now as the baseline of tokenrace check.

    On virtual time. Shows what changed. Refuses runs that break what is expected of them. The
    scenarios of an older baseline that are not among these stay in it.
    """
    with told_to_the_user():
        from tokenrace.cli.baseline import Options, make_baseline

        make_baseline(paths, Options(out=out, jobs=jobs, allow_broken=allow_broken))
