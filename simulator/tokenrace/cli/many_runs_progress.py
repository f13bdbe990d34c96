"""How far many runs on all processors have come: a bar with rate and time left on a terminal, a
line now and then anywhere else. Which runs they are is not shown: they end in no order."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from tokenrace.clock import SECOND, Ticks, seconds
from tokenrace.machine_clock import MachineClock

LINE_EVERY: Ticks = 5 * SECOND


class _Rate(ProgressColumn):
    """Runs per second."""

    def render(self, task: Task) -> Text:
        return Text("" if task.speed is None else f"{task.speed:,.0f} runs/s")


class ManyRunsProgress:
    """Shows the runs of a sweep, a check or a baseline on ``console``."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._clock = MachineClock.starting_in(0)
        self._tells_at: Ticks = 0
        self._planned = self._ended = 0
        self._bar = Progress(
            TextColumn("runs", style="bold", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("runs", total=0)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def planned(self, runs: int) -> None:
        """So many runs more are to be made."""
        self._planned += runs
        self._bar.update(self._task, total=self._planned)

    def ended(self) -> None:
        """A run ended, well or not."""
        self._ended += 1
        self._bar.update(self._task, completed=self._ended)
        now = self._clock.now()
        if not self._console.is_terminal and now >= self._tells_at:
            self._tells_at = now + LINE_EVERY
            rate = self._ended / seconds(max(1, now))
            left = (self._planned - self._ended) / rate
            self._console.print(
                f"{self._ended:,} of {self._planned:,} runs, {rate:,.1f} runs/s, "
                f"{left:,.0f} s left",
                highlight=False,
            )
