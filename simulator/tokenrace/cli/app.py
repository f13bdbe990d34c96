"""``tokenrace`` itself: which commands it has, in the order its help shows them."""

from importlib.metadata import version
from typing import Annotated

import typer

from tokenrace.cli.commands.blame import blame
from tokenrace.cli.commands.check import baseline, check
from tokenrace.cli.commands.incident import incident
from tokenrace.cli.commands.init import init
from tokenrace.cli.commands.listings import profiles, strategies
from tokenrace.cli.commands.report import report
from tokenrace.cli.commands.runs import agree, compare, replay, run
from tokenrace.cli.commands.scenario_files import schema, validate
from tokenrace.cli.commands.serve import serve
from tokenrace.cli.commands.suite import suite
from tokenrace.cli.commands.sweep import sweep
from tokenrace.cli.commands.worded import Worded

app = typer.Typer(
    name="tokenrace",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="Which way of refreshing access tokens survives a provider that keeps only a few of them "
    "live? Write the fleet down as a scenario file and race the strategies.\n\n"
    "Start with: `tokenrace run scenarios/expiry-stampede.yaml`",
)


def _show_version(*, asked: bool) -> None:
    if asked:
        typer.echo(f"tokenrace {version('tokenrace')}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    asked: Annotated[
        bool,
        typer.Option(
            "--version", help="Show the version and exit.", is_eager=True, callback=_show_version
        ),
    ] = False,
) -> None:
    """Options of ``tokenrace`` itself."""


app.command(cls=Worded)(run)
app.command(cls=Worded)(replay)
app.command(cls=Worded)(blame)
app.command(cls=Worded)(agree)
app.command(cls=Worded)(serve)
app.command(cls=Worded)(compare)
app.command(cls=Worded)(sweep)
app.command(cls=Worded)(incident)
app.command(cls=Worded)(check)
app.command(cls=Worded)(suite)
app.command(cls=Worded)(init)
app.command(cls=Worded)(baseline)
app.command(cls=Worded)(report)
app.command(cls=Worded)(validate)
app.command(cls=Worded)(profiles)
app.command(cls=Worded)(strategies)
app.command(cls=Worded)(schema)
