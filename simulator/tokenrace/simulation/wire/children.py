"""Starting, watching and ending the processes of one run on the wire."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Self

from tokenrace.errors import RunError, RunLost
from tokenrace.simulation.wire.first_errors import ErrorOutput, errors_kept_in, last_error
from tokenrace.simulation.wire.messages import Failed, Hindered, Ready
from tokenrace.simulation.wire.parent_bond import LEFT_TO_THE_PARENT

START_UP_S = 60.0
GRACE_S = 2.0
LOOK_EVERY_S = 0.2
STOPPED = "T"
STANDS_STILL = "it was stopped by a signal"
_KILL = signal.SIGKILL
_SPAWN = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True, eq=False)
class Child:
    """One process this one started. ``in_flight`` is memory it shares with us; ``errors`` is where
    it writes what went wrong before it began."""

    process: BaseProcess
    connection: Connection
    in_flight: Any
    errors: Path

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.process.name

    def signal(self, number: signal.Signals) -> bool:
        """Send a signal; returns whether it was alive to get it."""
        # Asked first: what is alive or not waited for yet keeps its process id.
        if not self.process.is_alive():
            return False
        _send(self.process, number)
        return True

    def kill(self) -> None:
        """Kill it, whatever it does."""
        if self.process.is_alive():
            _send(self.process, _KILL)

    def state(self) -> str:
        """Return the letter that Linux has for what it does; "" elsewhere."""
        stat = Path(f"/proc/{self.process.pid}/stat")
        try:
            text = stat.read_text(encoding="ascii", errors="replace")
        except OSError:
            return ""
        return text.rpartition(")")[2].split()[0]

    def unanswered(self) -> int:
        """Return how many of its requests have no answer yet; after its death, ever."""
        return int(self.in_flight.value)


class Children:
    """The processes of one run, which keep what they need in ``folder``.

    Leaving the block, by whatever exception, ends every one that is still there at once, whatever
    it does.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._all: list[Child] = []

    def start(self, name: str, target: Callable[..., None], seat: object) -> Child:
        """Start ``target(seat, connection, in_flight)`` in a new process."""
        ours, theirs = _SPAWN.Pipe()
        in_flight = _SPAWN.Value("q", 0, lock=False)
        errors = self._folder / f"{len(self._all)}.errors"
        with _interrupts_ignored(), errors_kept_in(errors) as output:
            args = (output, target, seat, theirs, in_flight)
            process = _SPAWN.Process(target=_begin, args=args, name=name)
            process.daemon = True
            process.start()
        theirs.close()
        child = Child(process, ours, in_flight, errors)
        self._all.append(child)
        return child

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with _held_back():
            for child in self._all:
                child.connection.close()
            for child in self._all:
                child.kill()  # nothing gentler ends one that stands still
            for child in self._all:
                child.process.join()


def await_ready(children: Sequence[Child], still_wanted: Callable[[], None]) -> list[Ready]:
    """Wait until every one of ``children`` can begin; call ``still_wanted`` meanwhile.

    Raises:
        RunLost: one of them died or did not get ready in ``START_UP_S``.
        RunError: one of them failed.
    """
    return [_ready(child, still_wanted) for child in children]


def _ready(child: Child, still_wanted: Callable[[], None]) -> Ready:
    said = ""
    for _ in range(round(START_UP_S / LOOK_EVERY_S)):
        if not child.connection.poll(LOOK_EVERY_S):
            still_wanted()
            continue
        match next_message(child):
            case Ready() as ready:
                return ready
            case Hindered(why):
                said = why
            case None:
                raise RunLost(f"{child.name} died while starting ({describe_exit(child)})")
            case other:
                raise AssertionError(other)
    said = said or last_error(child.errors)
    raise RunLost(
        f"{child.name} did not start within {START_UP_S:.0f} s"
        + (f": {STANDS_STILL}" if child.state() == STOPPED else "")
        + (f"; its last output: {said}" if said else "")
    )


def tell(child: Child, message: object) -> None:
    """Send ``message``. A child that has just died does not get it: ``next_message`` says so."""
    with suppress(OSError):
        child.connection.send(message)


def next_message(child: Child) -> object | None:
    """Return the next message of ``child``; None when it died and there is no more.

    Raises:
        RunError: the child met an error of its own.
    """
    try:
        message: object = child.connection.recv()
    except (EOFError, OSError):
        return None
    if isinstance(message, Failed):
        raise RunError(f"{child.name} failed:\n{message.text}")
    return message


def readable(children: Sequence[Child], timeout_s: float) -> list[Child]:
    """Wait at most ``timeout_s`` for messages; return the children that have one or have died."""
    connections = wait([child.connection for child in children], timeout_s)
    return [child for child in children if child.connection in connections]


def describe_exit(child: Child) -> str:
    """Return how ``child``, which is dead or dying, ended, in words."""
    child.process.join(GRACE_S)
    said = last_error(child.errors)
    return _exit_in_words(child.process.exitcode) + (f"; its last output: {said}" if said else "")


def _exit_in_words(code: int | None) -> str:
    if code is None:
        return "it closed its connection"
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"exit status {code}"


def _begin(
    output: ErrorOutput | None,
    target: Callable[..., None],
    seat: object,
    connection: Connection,
    in_flight: object,
) -> None:
    if output is not None:
        output.restore()
    target(seat, connection, in_flight)


def _send(process: BaseProcess, number: signal.Signals) -> None:
    """Send a signal to ``process``, and to its whole group if it leads one: to a program of the
    user's and what that has started."""
    pid = process.pid
    assert pid is not None
    if os.getpgid(pid) == pid:
        os.killpg(pid, number)
    else:
        os.kill(pid, number)


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Ignore what a terminal sends. A process started meanwhile does from its first instruction."""
    before = {each: signal.signal(each, signal.SIG_IGN) for each in LEFT_TO_THE_PARENT}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@contextmanager
def _held_back() -> Iterator[None]:
    """Take no signal that would end this process before the block has: then it comes."""
    came: list[int] = []

    def note(number: int, _: object) -> None:
        came.append(number)

    before = {each: signal.signal(each, note) for each in (*LEFT_TO_THE_PARENT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
        for number in dict.fromkeys(came):
            os.kill(os.getpid(), number)
