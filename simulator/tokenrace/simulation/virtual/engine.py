"""The virtual engine, as an experiment uses it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

from tokenrace.clock import Ticks
from tokenrace.engine.ties import Fifo, TiePolicy
from tokenrace.errors import RunError, SimulatorError
from tokenrace.program_end import signals_watched
from tokenrace.simulation.counted import Counted
from tokenrace.simulation.plan import RunPlan
from tokenrace.simulation.virtual.run import run_on_virtual_time
from tokenrace.trace.events import EventSink
from tokenrace.user_code.whose_code import traced


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualEngine:
    """Everything on one loop, in virtual time. The same plan gives the same history."""

    skips_calm: bool = True
    ties: TiePolicy = field(default_factory=Fifo)
    name: ClassVar[str] = "virtual"

    def run(self, plan: RunPlan, writer: EventSink, report: Callable[[Ticks], None]) -> Counted:
        """Make one run.

        Raises:
            RunError: with the traceback, where the strategy raised or the run cannot go on.
        """
        with signals_watched() as signals:
            try:
                counted = run_on_virtual_time(
                    plan, writer, report, ties=self.ties, skips_calm=self.skips_calm
                )
            except SimulatorError as error:
                signals.check()
                raise RunError(str(error)) from None
            except BaseException as error:  # noqa: BLE001 - a strategy may raise anything
                signals.check()
                raise RunError(f"it raised:\n{traced(error)}") from None
            signals.check()
        return counted
