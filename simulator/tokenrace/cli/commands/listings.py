"""The commands that show what a scenario can name: ``profiles`` and ``strategies``."""

from typing import Annotated

import typer

from tokenrace.cli.exits import told_to_the_user


def profiles(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Show this one in full.", show_default=False),
    ] = None,
) -> None:
    """List the real providers whose rules the simulated one can follow, or show one in full.

    Each says how many tokens live at once, what a new one does to the others, where that is
    known from and how well.
    """
    with told_to_the_user():
        from tokenrace.cli.plain_console import console_of_output
        from tokenrace.cli.profiles import show_profile, show_profiles

        if name is None:
            show_profiles(console_of_output())
        else:
            show_profile(console_of_output(), name)


def strategies(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Show this one in full.", show_default=False),
    ] = None,
) -> None:
    """List the ways of refreshing tokens that a scenario can race, or show one in full.

    Each says what it is made of, what it promises, what it does not do, and whose default each
    number is.
    """
    with told_to_the_user():
        from tokenrace.cli.plain_console import console_of_output
        from tokenrace.cli.strategies import show_strategies, show_strategy

        if name is None:
            show_strategies(console_of_output())
        else:
            show_strategy(console_of_output(), name)
