"""What the processes of a run on the wire say to the one that started them.

A child says ``Ready``, is told to ``Begin``, a client after its ``Part``, and ends with its record.
A child that finds its parent gone ends at once, so that killing ``tokenrace`` leaves no process
behind.
"""

import asyncio
import os
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeVar

from tokenrace.clock import Ticks
from tokenrace.provider.app import Credentials
from tokenrace.strategies.compose import Recipe
from tokenrace.trace.tally import ClientTally, ProviderTally

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ready:
    """The child can begin. ``port`` is where it listens, 0 where nobody calls it.
    ``doors`` are ports that tell the provider which process of the fleet calls: one for each."""

    port: int = 0
    doors: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Hindered:
    """A client cannot get ready yet, and tries again; ``why`` says what is in its way."""

    why: str


@dataclass(frozen=True, slots=True)
class Begin:
    """Tick 0 is ``epoch_ns`` on the machine's monotonic clock; the server listens on ``port``, the
    fleet's broker on ``broker_port``, None where it has none. ``doors`` are as in ``Ready``."""

    epoch_ns: int
    port: int
    broker_port: int | None = None
    doors: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Which process of the fleet a client is, from ``begins_at`` on, and in which of its lives.

    The first life is 1. ``mark`` is for whatever it starts. ``struck`` are the faults that befell
    an earlier one from within.
    """

    process: int
    life: int
    begins_at: Ticks
    recipe: Recipe
    credentials: Credentials
    struck: frozenset[int]
    spool: Path
    mark: str


@dataclass(frozen=True, slots=True)
class Struck:
    """A fault befell a client from within; where that is a crash, these are its last words."""

    fault: int


@dataclass(frozen=True, slots=True)
class Finish:
    """Stop and send your record."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A process that is no part of the fleet has stopped and said all."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What a client has counted so far; the last one stands if the client dies."""

    tally: ClientTally


@dataclass(frozen=True, slots=True)
class ClientRecord:
    """All a client counted."""

    tally: ClientTally


@dataclass(frozen=True, slots=True)
class ServerRecord:
    """All the provider's process has counted so far; the last one stands, whatever ends it."""

    tally: ProviderTally


@dataclass(frozen=True, slots=True)
class Failed:
    """The child met an error of its own; ``text`` is its traceback, or what became of the user's
    program."""

    text: str


async def receive(connection: Connection, expected: type[T]) -> T:
    """Wait for the parent's next message; ends this process if the parent is gone."""
    await _readable(connection)
    try:
        message = connection.recv()
    except (EOFError, OSError):
        os._exit(1)
    assert isinstance(message, expected), message
    return message


async def end_with_parent(connection: Connection) -> None:
    """End this process when the parent is gone; for a child that expects no more messages."""
    await _readable(connection)
    os._exit(1)


async def _readable(connection: Connection) -> None:
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(connection.fileno(), readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(connection.fileno())
