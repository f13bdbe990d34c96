"""What a process does that does not end: so that its death can be explained."""

import faulthandler
import re
import signal
import threading
from pathlib import Path

from tokenrace.clock import Ticks, seconds
from tokenrace.simulation.wire.children import STANDS_STILL, STOPPED, Child
from tokenrace.user_code.whose_code import is_the_users

ANSWER_WITHIN_S = 0.5
_LOOK_EVERY_S = 0.02
_FRAME = re.compile(r'File "(?P<file>.*)", line (?P<line>\d+) in (?P<function>\S+)')


def told_in(spool: Path) -> Path:
    """Return where the process that writes its events to ``spool`` tells where it is."""
    return spool.with_suffix(".place")


def tell_on_demand(path: Path) -> None:
    """Write where this process is to ``path``, whenever it gets SIGUSR1, whatever it does."""
    file = path.open("wb")  # stays open as long as this process lives
    faulthandler.register(signal.SIGUSR1, file=file, all_threads=False)


def why_it_was_killed(child: Child, after: Ticks, path: Path | None = None) -> str:
    """Return in words what ``child`` does instead of ending, so long ``after`` the run's end.

    It may tell where it is in ``path``, if it has opened that.
    """
    return f"killed {seconds(after):g} s after the run's end: {_what_it_does(child, path)}"


def _what_it_does(child: Child, path: Path | None) -> str:
    state = child.state()
    if state == STOPPED:
        return STANDS_STILL
    place = _place(child, path)
    where = f" in {place}" if place else ""
    if state == "R":
        return f"it was busy{where} and did not respond"
    return f"it waited{where} and did not end"


def _place(child: Child, path: Path | None) -> str:
    """Return the innermost line of the user's own code that ``child`` is in; "" if none is."""
    if path is None or not path.exists() or not child.signal(signal.SIGUSR1):
        return ""
    pause = threading.Event()
    for _ in range(round(ANSWER_WITHIN_S / _LOOK_EVERY_S)):
        pause.wait(_LOOK_EVERY_S)
        if path.stat().st_size:
            break
    for frame in _FRAME.finditer(path.read_text(encoding="utf-8", errors="replace")):
        if is_the_users(frame["file"]):
            return f"{_short(frame['file'])}:{frame['line']} ({frame['function']})"
    return ""


def _short(file: str) -> str:
    try:
        return str(Path(file).relative_to(Path.cwd()))
    except (ValueError, OSError):
        return file
