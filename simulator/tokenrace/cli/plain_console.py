"""Where the commands print: a terminal as wide as it is, or plain text of a fixed width.

The one place that makes a console (``tests/cli/test_markup.py``). What is printed is text: a name
or a path such as ``o[/b]`` is never read as markup, nor ``:smile:`` as a picture. Style comes from
``Text`` and ``style=``.
"""

from rich.console import Console

PLAIN_WIDTH = 110


def console_of_output() -> Console:
    """Return the console on standard output."""
    return _plain_unless_terminal(Console(markup=False, emoji=False))


def console_of_progress() -> Console:
    """Return the console on standard error, where progress is shown: what a command found can be
    piped without it."""
    return _plain_unless_terminal(Console(stderr=True, markup=False, emoji=False))


def console_of_lines() -> Console:
    """Return the console on standard output for lines of any length, none of them folded."""
    return Console(highlight=False, soft_wrap=True, markup=False, emoji=False)


def _plain_unless_terminal(console: Console) -> Console:
    if console.is_terminal:
        return console
    return Console(width=PLAIN_WIDTH, stderr=console.stderr, markup=False, emoji=False)
