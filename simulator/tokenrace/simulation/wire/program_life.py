"""One life of a client process that is a program of the user's: started, watched, ended.

It makes its calls by itself and tells us nothing; what came of them is the provider's record.
"""

import asyncio
import os
import signal
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from tokenrace.clock import seconds
from tokenrace.machine_clock import MachineClock
from tokenrace.simulation.plan import RunPlan
from tokenrace.simulation.wire.messages import Begin, Part
from tokenrace.simulation.wire.parent_bond import LEFT_TO_THE_PARENT, die_with_parent
from tokenrace.stores.places import HostFile, Place, PostgresServer, RedisServer, SqliteFile
from tokenrace.user_code.command import Command

TERM_GRACE_S = 1.0
"""How long a program has to end after SIGTERM, at the run's end."""
LINES_KEPT = 10
_LINE_MAX = 500
_PIPE_S = 0.2
"""How long what an ended program has left running may keep its output open."""


@dataclass(frozen=True, slots=True)
class ProgramLife:
    """One life. This process leads a group, in which the program is, so that one signal reaches
    all of it."""

    plan: RunPlan
    part: Part
    begin: Begin
    clock: MachineClock
    place: Place
    command: Command

    async def until_the_end(self) -> str | None:
        """Run the program until the run's end; return why it failed, None if it did not.

        One that ends by itself with status 0 has done what it had to do.
        """
        os.setpgid(0, 0)
        await self.clock.sleep(self.part.begins_at - self.clock.now())
        try:
            program = await asyncio.create_subprocess_exec(
                *self.command.words,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env={**os.environ, **self._environment()},
                preexec_fn=_begin_program,
            )
        except OSError as error:
            return f"{self.command}: cannot be started: {error.strerror}"
        return await self._watch(program)

    async def _watch(self, program: asyncio.subprocess.Process) -> str | None:
        started_at = self.clock.now()
        lines: deque[str] = deque(maxlen=LINES_KEPT)
        assert program.stdout is not None
        reading = asyncio.create_task(_keep_last(program.stdout, lines))
        left = seconds(max(0, self.plan.duration - started_at))
        try:
            status = await asyncio.wait_for(program.wait(), left)
        except TimeoutError:
            await _end(program)
            return None
        finally:
            await asyncio.wait([reading], timeout=_PIPE_S)  # noqa: TID251 - one task, no order
            reading.cancel()
        if status == 0:
            return None
        lasted = seconds(self.clock.now() - started_at)
        said = "\n".join(f"  {line}" for line in lines) or "  (nothing)"
        return f"{self.command}: {_ended(status)} after {lasted:.1f} s; it said last:\n{said}"

    def _environment(self) -> Mapping[str, str]:
        base = f"http://127.0.0.1:{self.begin.doors[self.part.process]}"
        credentials, fleet = self.part.credentials, self.plan.fleet
        store = _store_url(self.place)
        return {
            "TOKENRACE_API_URL": base,
            "TOKENRACE_TOKEN_URL": f"{base}/oauth/token",
            "TOKENRACE_ACCOUNT_ID": credentials.account_id,
            "TOKENRACE_CLIENT_ID": credentials.client_id,
            "TOKENRACE_CLIENT_SECRET": credentials.client_secret,
            "TOKENRACE_PROCESS": str(self.part.process),
            "TOKENRACE_PROCESSES": str(fleet.processes),
            "TOKENRACE_WORKERS": str(fleet.workers),
            "TOKENRACE_SEED": str(self.plan.seed),
            "TOKENRACE_DURATION_S": f"{seconds(self.plan.duration):g}",
            **({} if store is None else {"TOKENRACE_STORE_URL": store}),
        }


def end_group() -> NoReturn:
    """End this process and whatever its program has left running."""
    os.killpg(0, signal.SIGKILL)
    raise AssertionError("SIGKILL has no return")


def _begin_program() -> None:
    for number in LEFT_TO_THE_PARENT:
        signal.signal(number, signal.SIG_DFL)
    die_with_parent()


async def _keep_last(output: asyncio.StreamReader, lines: deque[str]) -> None:
    """Read all of ``output``, which may be no text; keep its last lines, cut if long."""
    rest = b""
    while chunk := await output.read(65_536):
        *whole, rest = (rest + chunk).split(b"\n")
        lines.extend(map(_readable, whole[-LINES_KEPT:]))
        rest = rest[:_LINE_MAX]
    if rest:
        lines.append(_readable(rest))


def _readable(line: bytes) -> str:
    text = line[:_LINE_MAX].decode(errors="replace").expandtabs().rstrip()
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


async def _end(program: asyncio.subprocess.Process) -> None:
    program.terminate()
    try:
        await asyncio.wait_for(program.wait(), TERM_GRACE_S)
    except TimeoutError:
        program.kill()
        await program.wait()


def _ended(status: int) -> str:
    if status < 0:
        return f"was ended by {signal.Signals(-status).name}"
    return f"ended with exit status {status}"


def _store_url(place: Place) -> str | None:
    match place:
        case SqliteFile(path):
            return f"sqlite:///{path}"
        case HostFile(path):
            return path.as_uri()
        case RedisServer(url=url) | PostgresServer(url=url):
            return url
        case _:
            return None
