"""The command ``serve`` and its options."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from tokenrace.cli.exits import told_to_the_user

Profile = Annotated[
    str | None,
    typer.Option(help="Whose rules, as tokenrace profiles lists them. Default: zoom-2022."),
]
LiveTokens = Annotated[
    str | None,
    typer.Option(metavar="N", help="How many tokens may be live at once; none for no cap."),
]
RulesFrom = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Take the rules of a scenario's provider.")
]
Plan = Annotated[
    Literal["none", "free", "pro", "business"] | None,
    typer.Option(help="Limit API calls as Zoom does for accounts of this plan."),
]
Port = Annotated[
    int, typer.Option(min=0, max=65_535, help="The port, or the next free one; 0: any.")
]
Host = Annotated[
    str | None,
    typer.Option(
        metavar="ADDR", help="Listen there, not on loopback; /_control/ then needs a token."
    ),
]
Journal = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write every request there, as JSON lines.")
]


def serve(
    *,
    profile: Profile = None,
    live_tokens: LiveTokens = None,
    scenario: RulesFrom = None,
    plan: Plan = None,
    port: Port = 8787,
    host: Host = None,
    journal: Journal = None,
) -> None:
    """Serve the provider to any client, until Ctrl-C or SIGTERM (exit code 0).

    Prints the lines that point a client at it. Under /_control/ it can be made to misbehave, and
    tells what happened and why; /_control/openapi.json says how.
    """
    with told_to_the_user():
        from tokenrace.cli.serve import Options, serve_until_stopped

        options = Options(
            profile=profile,
            live_tokens=live_tokens,
            scenario=scenario,
            plan=plan,
            port=port,
            host=host,
            journal=journal,
        )
        raise typer.Exit(serve_until_stopped(options))
