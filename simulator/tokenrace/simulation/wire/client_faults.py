"""What befalls one life of a client process from within: crashes at a point, its clock, a caller
who is cancelled.

Each leaves its ``FaultStruck`` in the process's own spool, which a SIGKILL does not undo, and is
told to the parent.
"""

import asyncio
import os
import signal
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection

from tokenrace.clock import Clock, Ticks, seconds
from tokenrace.faults.planned import (
    CancelLeader,
    ClockOff,
    Crash,
    Pause,
    Replace,
)
from tokenrace.faults.schedule import ArmedFaults, FleetFaults
from tokenrace.fleet.callers import Callers
from tokenrace.fleet.crash_points import CrashPoint
from tokenrace.fleet.errant_clock import ErrantClock
from tokenrace.simulation.wire.messages import Part, Progress, Struck
from tokenrace.trace.events import EventSink, FaultStruck
from tokenrace.trace.tally import ClientTally


@dataclass(slots=True, kw_only=True)
class ClientFaults:
    """The faults that one life of a process still has before it."""

    faults: FleetFaults
    part: Part
    clock: Clock
    sink: EventSink
    connection: Connection
    tally: ClientTally
    _armed: ArmedFaults = field(init=False)

    def __post_init__(self) -> None:
        self._armed = ArmedFaults.of(
            replace(
                self.faults,
                crashes=tuple(filter(self._is_left, self.faults.crashes)),
                cancellations=tuple(filter(self._is_left, self.faults.cancellations)),
            )
        )

    def crashes(self) -> bool:
        """Return whether the process dies at a point."""
        return bool(self._armed.crashes)

    def cancels(self) -> bool:
        """Return whether a caller will be cancelled."""
        return bool(self._armed.cancellations)

    def may_end_at(self) -> list[Ticks]:
        """Return the instants at which the process may be killed or stopped from outside."""
        befalls_one: list[Crash | Pause | Replace] = [
            *self.faults.crashes,
            *self.faults.pauses,
            *self.faults.replacements,
        ]
        ours = [fault.at for fault in befalls_one if fault.process == self.part.process]
        return sorted([*ours, *(scale.at for scale in self.faults.scalings)])

    def reached(self, point: CrashPoint) -> None:
        """Learn that the process has come to ``point``: die here, if that is planned."""
        crash = self._armed.crash_at(self.part.process, point, self.clock.now())
        if crash is not None:
            self._strike(crash)
            os.kill(os.getpid(), signal.SIGKILL)

    def has_left(self) -> None:
        """Learn nothing: over HTTP a request may still wait for its connection then. The token
        endpoint itself tells when it has really left, ``token_request_left``."""

    def token_request_left(self, callers: Callers) -> None:
        """Learn that a token request has just left: cancel who waits longest, if planned."""
        cancellation = self._armed.cancellation(self.part.process, self.clock.now())
        if cancellation is None:
            return
        self._armed.has_cancelled(cancellation)
        if cancellation.after:
            loop = asyncio.get_running_loop()
            loop.call_later(seconds(cancellation.after), self._cancel, cancellation, callers)
        else:
            self._cancel(cancellation, callers)

    def _cancel(self, cancellation: CancelLeader, callers: Callers) -> None:
        """Cancel who waits longest; where nobody does, wait for the next request."""
        if callers.cancel_longest():
            self._strike(cancellation)
        else:
            self._armed.wait_again(cancellation)

    async def put_off(self, clock: ErrantClock) -> None:
        """Put off ``clock``, the process's own, when that is planned; what an earlier life has met
        is so from the beginning."""
        for off in sorted(self.faults.clocks, key=lambda each: each.at):
            if off.process != self.part.process:
                continue
            await self.clock.sleep(off.at - self.clock.now())
            clock.put_off(since=off.at, offset=off.offset, drift_ppm=off.drift_ppm)
            if self._is_left(off):
                self._strike(off)

    def _is_left(self, fault: Crash | CancelLeader | ClockOff) -> bool:
        return fault.process == self.part.process and fault.fault not in self.part.struck

    def _strike(self, fault: Crash | CancelLeader | ClockOff) -> None:
        at, what = self.clock.now(), fault.describe()
        self.sink.write(FaultStruck(at=at, fault=fault.fault, what=what))
        self.connection.send(Progress(self.tally))
        self.connection.send(Struck(fault.fault))
