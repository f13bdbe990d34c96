"""A command that says what is wrong with an option as a scenario file's problems are said."""

from typing import Any

import typer
from typer.core import TyperCommand


class Worded(TyperCommand):
    """Rewords what pydantic, which reads the options, says of a wrong one. Changes nothing else."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments; as of a command that is not worded."""
        try:
            return super().parse_args(ctx, args)
        except typer.BadParameter as bad:
            from pydantic import ValidationError

            from tokenrace.scenario.wording import of_value

            if isinstance(bad.__cause__, ValidationError):
                bad.message = of_value(bad.__cause__)
            raise
