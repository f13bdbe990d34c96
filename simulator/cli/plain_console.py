"""Where the commands print: a terminal as wide as it is, or plain text of a fixed width."""

from rich.console import Console

PLAIN_WIDTH = 110


def console_of_output() -> Console:
    """Return the console on standard output."""
    console = Console()
    return console if console.is_terminal else Console(width=PLAIN_WIDTH)
