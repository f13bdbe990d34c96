"""Everything this package raises on purpose.

Three kinds of trouble, three treatments:

* The provider says no: a ``Refused`` *value* (``provider/messages.py``). It is data we count.
* The user's input is wrong or the run cannot go on: a ``SimulatorError`` from this file. Its text
  is shown to the user as it stands, so it says what to do.
* Our own code is wrong: ``assert`` or ``ValueError``. Nobody catches those.

Every class keeps its data in ``args``, so that it survives pickling between processes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenrace.passwords import with_passwords_hidden


class SimulatorError(Exception):
    """Base of every error a caller may want to catch. Its text is written for the user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong with a scenario file.

    ``line`` and ``column`` count from 1 and point at the offending value, or at the key where a
    value is missing; both are 0 where the file cannot be read at all. ``key`` is the dotted path as
    the user wrote it, empty for the whole file.
    """

    line: int
    column: int
    key: str
    message: str


class ScenarioError(SimulatorError):
    """A scenario file does not describe a scenario we can run.

    Attributes:
        path: The file.
        problems: Every problem found, in file order.
    """

    def __init__(self, path: Path, problems: Sequence[Problem]) -> None:
        self.path = path
        self.problems = tuple(problems)
        super().__init__(path, self.problems)

    def __str__(self) -> str:
        return "\n".join(self._line(problem) for problem in self.problems)

    def _line(self, problem: Problem) -> str:
        place = f":{problem.line}:{problem.column}" if problem.line else ""
        key = f"{problem.key}: " if problem.key else ""
        return f"{self.path}{place}: {key}{problem.message}"


class ResultsError(SimulatorError):
    """The results folder cannot be written or read."""


class NotInstalledError(SimulatorError):
    """A library that only some need is not installed.

    Attributes:
        what: What needs it.
        package: How to ask a package index for it.
    """

    def __init__(self, what: str, package: str) -> None:
        self.what = what
        self.package = package
        super().__init__(what, package)

    def __str__(self) -> str:
        return (
            f"{self.what} needs {self.package}, which is not installed: pip install {self.package}"
        )


class StoreUnreachable(SimulatorError):  # noqa: N818
    """The server that a run has its store on does not answer, so that the run could not begin."""


class UserCodeError(SimulatorError):
    """A class of the user's own is not what a strategy must be.

    Attributes:
        target: How the scenario names it.
        why: What is wrong with it, and what was expected.
    """

    def __init__(self, target: str, why: str) -> None:
        self.target = target
        self.why = why
        super().__init__(target, why)

    def __str__(self) -> str:
        return f"{self.target}: {self.why}"


class RunError(SimulatorError):
    """A run could not start or could not go on."""


class RunLost(RunError):  # noqa: N818
    """A run could not start or go on because of the machine: a process of ours died or stood still.

    Nobody can tell from it what a strategy is worth.
    """


class RunFailed(RunError):  # noqa: N818
    """One run of an experiment could not go on.

    Attributes:
        strategy: Its name in the results.
        seed: The run's seed.
        reason: What went wrong, with a traceback where code raised.
        is_lost: It was the machine: the run says nothing about the strategy.
    """

    def __init__(self, strategy: str, seed: int, reason: str, *, is_lost: bool = False) -> None:
        self.strategy = strategy
        self.seed = seed
        self.reason = with_passwords_hidden(reason)  # users' exceptions quote addresses
        self.is_lost = is_lost
        super().__init__(strategy, seed, self.reason)

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), self.args, {"is_lost": self.is_lost}

    def __str__(self) -> str:
        return f"strategy {self.strategy}, seed {self.seed}: {self.reason}"


def error_of_all(failed: Sequence[RunFailed], texts: Sequence[str]) -> RunError:
    """Return one error for all that ``failed``, with their ``texts``: lost only where all are."""
    text = "\n".join(texts)
    return RunLost(text) if all(each.is_lost for each in failed) else RunError(text)


class UnsupportedOnVirtualTime(SimulatorError):  # noqa: N818
    """Code on virtual time asked for something that only real time has; the text says what."""


class DeadlockError(SimulatorError):
    """Tasks wait for what can never happen: nothing is due that could wake them.

    Attributes:
        waiting: One line for each waiting task: whose it is, its name, where it waits.
    """

    def __init__(self, waiting: Sequence[str]) -> None:
        self.waiting = tuple(waiting)
        super().__init__(self.waiting)

    def __str__(self) -> str:
        lines = "\n".join(f"  {line}" for line in self.waiting)
        return f"deadlock: tasks wait, and nothing is due that could wake them\n{lines}"


class LivelockError(SimulatorError):
    """Tasks go on and on at one instant, so that time never moves.

    Attributes:
        spinning: One line for each such task: whose it is, its name, where it goes round.
    """

    def __init__(self, spinning: Sequence[str]) -> None:
        self.spinning = tuple(spinning)
        super().__init__(self.spinning)

    def __str__(self) -> str:
        lines = "\n".join(f"  {line}" for line in self.spinning)
        return f"livelock: tasks go on without waiting, and time stands still\n{lines}"


class BlockedLoopError(SimulatorError):
    """Code on virtual time made a call that blocks in real time; the text names the call."""
