"""What every kind of fault has: a label, a plan and rules; its section of a scenario has them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pydantic import ConfigDict, Field

from tokenrace.clock import Ticks, shrunk
from tokenrace.fields.choices import StrategyChoice
from tokenrace.fields.flaws import Flaw, Loc
from tokenrace.fields.provider_section import ProviderSection
from tokenrace.fields.values import SCALED, EngineName, PositiveSpan, Section
from tokenrace.store_choice import StoreName
from tokenrace.strategies.compose import Recipe

if TYPE_CHECKING:  # its module loads numpy, which a check of a file does without
    from tokenrace.faults.schedule import PlannedFault

OWN_STORE = "impossible with store memory: each process has its own"
REAL_STORE = "only on the virtual engine: on the wire engine the store is real and not far away"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """The scenario that a fault is checked in. ``processes_max`` counts what scale faults add."""

    processes: int
    processes_max: int
    store: StoreName
    engine: EngineName


@dataclass(frozen=True, slots=True, kw_only=True)
class Planning:
    """One fault of a scenario that is planned, ``time_scale`` times as fast as it is written.

    ``written_at`` is its instant as written; ``recipe_of`` builds what a strategy choice names.
    """

    number: int
    written_at: Ticks
    time_scale: float
    processes: int
    provider: ProviderSection
    recipe_of: Callable[[StrategyChoice, float], Recipe]

    @property
    def at(self) -> Ticks:
        """The instant at which it begins in the run."""
        return self.scaled(self.written_at)

    def scaled(self, span: Ticks) -> Ticks:
        """Return ``span`` divided by the time scale."""
        return shrunk(span, self.time_scale)


class Kind(Protocol):
    """One kind of fault with its details."""

    def label(self) -> str:
        """Return what a plot calls this."""
        ...

    def planned(self, planning: Planning) -> "Iterator[PlannedFault]":
        """Yield what an engine makes happen."""
        ...

    def violations(self, at: Loc, setting: Setting) -> Iterator[Flaw]:
        """Yield why this cannot happen in ``setting``; ``at`` is where the file says it."""
        ...

    def over_command(self, at: Loc, why: str) -> Iterator[Flaw]:
        """Yield why this cannot happen to a program of the user's; ``why`` names the program."""
        ...


class FaultSection(Section):
    """The details of one kind of fault. It is possible everywhere unless it says otherwise."""

    def violations(self, at: Loc, setting: Setting) -> Iterator[Flaw]:  # noqa: ARG002 - for others
        """Yield nothing."""
        yield from ()

    def over_command(self, at: Loc, why: str) -> Iterator[Flaw]:  # noqa: ARG002 - for others
        """Yield nothing."""
        yield from ()


class Spell(FaultSection):
    """Something that lasts."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=False)

    duration: PositiveSpan = Field(alias="for", description=f"How long. {SCALED}")


def store_out_of_reach(store: StoreName, engine: EngineName) -> str | None:
    """Return why messages to the store cannot be lost; None where they can."""
    if store == "memory":
        return OWN_STORE
    return REAL_STORE if engine == "wire" else None


def process_violations(process: int, at: Loc, processes: int) -> Iterator[Flaw]:
    """Yield that ``process`` is none of ``processes``, if so."""
    if process >= processes:
        limit = f"must be a process of the fleet, 0 to {processes - 1}"
        yield Flaw((*at, "process"), f"{limit}, got {process}")
