"""The lives of the fleet's processes in one run: who lives now, and what each life came to.

Decides nothing: the conductor says who begins and who is killed, the watch who has ended.
"""

import signal
from dataclasses import dataclass, field
from pathlib import Path

from tokenrace.clock import Ticks
from tokenrace.fleet.names import process_name
from tokenrace.provider.app import Credentials
from tokenrace.simulation.plan import RunPlan
from tokenrace.simulation.wire.children import Child, describe_exit, tell
from tokenrace.simulation.wire.marked_processes import end_marked
from tokenrace.simulation.wire.messages import Begin, Part
from tokenrace.simulation.wire.spares import Spares
from tokenrace.simulation.wire.stuck import told_in, why_it_was_killed
from tokenrace.strategies.compose import Recipe
from tokenrace.trace.events import ProcessEnded
from tokenrace.trace.tally import ClientTally, bin_width


@dataclass(slots=True, eq=False)
class Life:
    """One life of ``process``, from its start to its death or the run's end.

    ``mark`` is what everything it starts inherits.
    ``is_killed``: it is as good as dead, by the fault ``killed_by``, None at the run's end.
    ``again_after`` is how long after its death the next life begins; None where none does.
    ``stands_until`` is when it goes on, in a pause. ``stuck`` says why it had to be killed, where
    it did not end with the run.
    """

    process: int
    child: Child
    tally: ClientTally
    mark: str
    is_killed: bool = False
    killed_by: int | None = None
    again_after: Ticks | None = None
    stands_until: Ticks = 0
    stuck: str = ""


@dataclass(slots=True)
class Outfit:
    """What the next life of a process begins with; ``struck`` are faults that are over for it."""

    recipe: Recipe
    credentials: Credentials
    lives: int = 0
    struck: set[int] = field(default_factory=set)


def spool_of(folder: Path, process: int, life: int) -> Path:
    """Return where one life of a client ``process`` writes its events."""
    return folder / f"{process_name(process)}-{life}.jsonl"


def mark_of(folder: Path) -> str:
    """Return what everything that a run in ``folder`` has started is marked with."""
    return f"{folder.name}/"


class Lives:
    """All lives of one run. ``tallies`` has those of lives that have ended."""

    def __init__(self, plan: RunPlan, spares: Spares, begin: Begin, folder: Path) -> None:
        self._plan = plan
        self._spares = spares
        self._begin = begin
        self._folder = folder
        self._of_child: dict[Child, Life] = {}
        self._outfits: dict[int, Outfit] = {}
        self.tallies: list[ClientTally] = []

    @property
    def children(self) -> list[Child]:
        """Those who may have something to say, be it that they are dead."""
        return [*self._of_child, *self._spares.waiting]

    @property
    def all(self) -> list[Life]:
        """Every life that has not ended, those that are killed included."""
        return [*self._of_child.values()]

    def of(self, process: int) -> Life | None:
        """Return the life of ``process`` that nobody has killed."""
        lives = [life for life in self.all if life.process == process and not life.is_killed]
        assert len(lives) <= 1, process
        return lives[0] if lives else None

    def of_child(self, child: Child) -> Life | None:
        """Return the life that ``child`` leads; None while it waits for one."""
        return self._of_child.get(child)

    def outfit(self, process: int) -> Outfit:
        """Return what the next life of ``process`` begins with, to be changed by a deploy."""
        plan = self._plan
        return self._outfits.setdefault(process, Outfit(plan.recipe, plan.app.credentials))

    def begin(self, process: int, at: Ticks) -> int:
        """Begin the next life of ``process``, which has none; return its number, from 1."""
        assert self.of(process) is None, process
        outfit, child = self.outfit(process), self._spares.take()
        outfit.lives += 1
        child.process.name = f"process {process}"
        part = Part(
            process=process,
            life=outfit.lives,
            begins_at=at,
            recipe=outfit.recipe,
            credentials=outfit.credentials,
            struck=frozenset(outfit.struck),
            spool=spool_of(self._folder, process, outfit.lives),
            mark=f"{mark_of(self._folder)}{process}-{outfit.lives}/",
        )
        tell(child, part)
        tell(child, self._begin)
        tally = ClientTally(width=bin_width(self._plan.duration))
        self._of_child[child] = Life(process, child, tally, mark=part.mark)
        return outfit.lives

    def kill(self, life: Life) -> bool:
        """Kill ``life``; returns whether it was alive."""
        if life.child.signal(signal.SIGKILL):
            life.is_killed = True
        return life.is_killed

    def end_stuck(self, life: Life, after: Ticks) -> None:
        """Kill ``life``, which should have ended by itself so long ago; ``died`` will say what it
        did instead."""
        if not life.stuck:
            spool = spool_of(self._folder, life.process, self.outfit(life.process).lives)
            life.stuck = why_it_was_killed(life.child, after, told_in(spool))
            life.child.kill()

    def abandon(self, life: Life) -> None:
        """Take ``life`` for ended, whatever it does: the run cannot go on."""
        life.tally.unknown += life.child.unanswered()
        self.ended(life)

    def ended(self, life: Life) -> None:
        """Learn that ``life`` has said all it had to say."""
        del self._of_child[life.child]
        self.tallies.append(life.tally)

    def died(self, life: Life, at: Ticks) -> ProcessEnded:
        """Learn that ``life`` died; the requests it had under way are unknown."""
        reason = life.stuck or describe_exit(life.child)
        end_marked(life.mark)
        in_flight = life.child.unanswered()
        life.tally.unknown += in_flight
        self.ended(life)
        return ProcessEnded(
            at=at,
            process=life.process,
            in_flight=in_flight,
            reason=reason,
            fault=life.killed_by,
        )

    def lost(self, spare: Child) -> None:
        """Learn that one died that waited for a life."""
        self._spares.lost(spare)
