"""How far an experiment has come: a bar on a terminal, plain lines anywhere else."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from tokenrace.clock import Ticks


class Silent:
    """Shows nothing of an experiment."""

    def began(self, strategy: str, seed: int, duration: Ticks) -> None:
        """A run began."""

    def reached(self, at: Ticks) -> None:
        """The run under way has come to ``at``."""

    def ended(self) -> None:
        """The run under way ended."""


class ShownProgress:
    """Shows every run of an experiment of ``runs`` runs on ``console``."""

    def __init__(self, console: Console, runs: int) -> None:
        self._console = console
        self._runs = runs
        self._done = 0
        self._strategy, self._seed = "", 0
        self._duration: Ticks = 1
        self._bar = Progress(
            TextColumn("{task.description:<40}", style="bold", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("starting", total=runs)

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

    def began(self, strategy: str, seed: int, duration: Ticks) -> None:
        """A run began."""
        self._strategy, self._seed = strategy, seed
        self._duration = duration
        self._bar.update(self._task, description=self._run)
        if not self._console.is_terminal:
            self._console.print(
                f"run {self._done + 1} of {self._runs}: {self._run} ({duration / 1e6:.0f} s)",
                highlight=False,
            )

    def reached(self, at: Ticks) -> None:
        """The run under way has come to ``at``."""
        self._bar.update(self._task, completed=self._done + at / self._duration)

    def ended(self) -> None:
        """The run under way ended."""
        self._done += 1
        self._bar.update(self._task, completed=self._done)

    @property
    def _run(self) -> str:
        return f"{self._strategy}, seed {self._seed}"
