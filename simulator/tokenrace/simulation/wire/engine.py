"""The wire engine, as an experiment uses it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from tokenrace.clock import SECOND, Ticks
from tokenrace.files.owned_folder import leave_note, write_note
from tokenrace.files.temporary_folder import temporary_folder
from tokenrace.simulation.counted import Counted
from tokenrace.simulation.plan import RunPlan
from tokenrace.simulation.wire.leftovers import note_of
from tokenrace.simulation.wire.run import Terms, run_on_wire, spools_in
from tokenrace.simulation.wire.spool import merged
from tokenrace.simulation.wire.store_place import place_of, ready_store
from tokenrace.simulation.wire.strikes import first_strikes
from tokenrace.trace.files import TraceWriter


@dataclass(frozen=True, slots=True)
class WireEngine:
    """Real HTTP between real processes, in real time.

    The provider listens on ``port`` or the next free one; 0 means any. A process that has not ended
    ``end_within`` the run's end is killed, and the run is in doubt.
    """

    port: int = 0
    end_within: Ticks = 10 * SECOND
    name: ClassVar[str] = "wire"

    def run(self, plan: RunPlan, writer: TraceWriter, report: Callable[[Ticks], None]) -> Counted:
        """Make one run; its processes write their events apart, and they are merged at the end.

        Raises:
            RunError: a process could not start or failed.
            StoreUnreachable: the store does not answer; no process was started.
        """
        with temporary_folder() as folder:
            place = place_of(plan, folder)
            write_note(folder, note_of(place))
            with ready_store(place, lambda: leave_note(folder)):
                counted = run_on_wire(
                    plan, place, folder, report, Terms(self.port, self.end_within)
                )
            for event in merged(spools_in(folder), first_strikes(folder)):
                writer.write(event)
        return counted
