"""Where the commands print: a terminal as wide as it is, or plain text of a fixed width."""

from rich.console import Console

PLAIN_WIDTH = 110


def console_of_output() -> Console:
    """Return the console on standard output."""
    return _plain_unless_terminal(Console())


def console_of_progress() -> Console:
    """Return the console on standard error, where progress is shown: what a command found can be
    piped without it."""
    return _plain_unless_terminal(Console(stderr=True))


def _plain_unless_terminal(console: Console) -> Console:
    return console if console.is_terminal else Console(width=PLAIN_WIDTH, stderr=console.stderr)
