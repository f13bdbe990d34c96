"""What befalls one life of a client process from within: crashes at a point, its clock, a caller
who is cancelled.

Each leaves its ``FaultStruck`` in the process's own spool, which a SIGKILL does not undo, and is
told to the parent.
"""

import os
import signal
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

from simulator.clock import Clock, Ticks
from simulator.fleet.callers import Callers
from simulator.fleet.crash_points import CrashPoint
from simulator.fleet.errant_clock import ErrantClock
from simulator.simulation.fleet_faults import Crash, FleetFaults, Pause, Replace
from simulator.simulation.wire.messages import Part, Progress, Struck
from simulator.trace.events import EventSink, FaultStruck
from simulator.trace.tally import ClientTally


@dataclass(slots=True, kw_only=True)
class ClientFaults:
    """The faults that one life of a process still has before it."""

    faults: FleetFaults
    part: Part
    clock: Clock
    sink: EventSink
    connection: Connection
    tally: ClientTally
    _struck: set[int] = field(init=False)

    def __post_init__(self) -> None:
        self._struck = set(self.part.struck)

    def reached(self, point: CrashPoint) -> None:
        """Learn that the process has come to ``point``: die here, if that is planned."""
        for crash in self.faults.crashes:
            if crash.point == point and self._strikes(crash.fault, crash.process, crash.at):
                self._strike(crash.fault, f"process {crash.process} dies: {point}")
                os.kill(os.getpid(), signal.SIGKILL)

    def has_left(self) -> None:
        """Learn nothing: over HTTP a request may still wait for its connection then. The token
        endpoint itself tells when it has really left, ``token_request_left``."""

    def crashes(self) -> bool:
        """Return whether the process dies at a point."""
        return any(
            crash.process == self.part.process
            and crash.point is not None
            and crash.fault not in self._struck
            for crash in self.faults.crashes
        )

    def may_end_at(self) -> list[Ticks]:
        """Return the instants at which the process may be killed or stopped from outside."""
        befalls_one: list[Crash | Pause | Replace] = [
            *self.faults.crashes,
            *self.faults.pauses,
            *self.faults.replacements,
        ]
        ours = [fault.at for fault in befalls_one if fault.process == self.part.process]
        return sorted([*ours, *(scale.at for scale in self.faults.scalings)])

    def cancels(self) -> bool:
        """Return whether a caller will be cancelled."""
        return any(
            cancellation.process == self.part.process and cancellation.fault not in self._struck
            for cancellation in self.faults.cancellations
        )

    def token_request_left(self, callers: Callers) -> None:
        """Learn that a token request has just left: cancel who waits longest, if planned."""
        for cancellation in self.faults.cancellations:
            fault, process = cancellation.fault, cancellation.process
            if self._strikes(fault, process, cancellation.at) and callers.cancel_longest():
                self._strike(
                    fault, f"process {process}: the caller who has waited longest gives up"
                )

    async def put_off(self, clock: ErrantClock) -> None:
        """Put off ``clock``, the process's own, when that is planned; what an earlier life has met
        is so from the beginning."""
        for off in sorted(self.faults.clocks, key=lambda each: each.at):
            if off.process != self.part.process:
                continue
            await self.clock.sleep(off.at - self.clock.now())
            clock.put_off(since=off.at, offset=off.offset, drift_ppm=off.drift_ppm)
            if off.fault not in self._struck:
                self._strike(off.fault, f"the clock of process {off.process} is off")

    def _strikes(self, fault: int, process: int, at: Ticks) -> bool:
        is_ours = process == self.part.process and fault not in self._struck
        return is_ours and self.clock.now() >= at

    def _strike(self, fault: int, what: str) -> None:
        self._struck.add(fault)
        self.sink.write(FaultStruck(at=self.clock.now(), fault=fault, what=what))
        self.connection.send(Progress(self.tally))
        self.connection.send(Struck(fault))
