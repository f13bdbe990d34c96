"""What happens at the provider in a run, beside the fleet's requests, as values and as a timeline.

Either engine takes the timeline's entries one by one and makes each happen at its instant.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from tokenrace.arrivals import Poisson, gaps
from tokenrace.clock import Ticks
from tokenrace.provider.bursts import Burst
from tokenrace.provider.lifecycle import Change
from tokenrace.provider.messages import TokenRequest
from tokenrace.rng import Streams
from tokenrace.trace.events import FaultStruck


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedChange:
    """``change`` happens to the app at ``at``, as one of the scenario's faults."""

    at: Ticks
    fault: int
    change: Change


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondMinter:
    """Somebody outside the fleet has the app's credentials, and asks for tokens at random.

    From ``begins`` to ``ends``, exclusive. Its requests take no time and it uses no token.
    """

    fault: int
    begins: Ticks
    ends: Ticks
    rate_hz: float

    def asks_at(self, streams: Streams) -> Iterator[Ticks]:
        """Yield the instants at which it asks."""
        pauses = streams.spans(f"minter/{self.fault}", gaps(Poisson(self.rate_hz), 1))
        at = self.begins + pauses.next()
        while at < self.ends:
            yield at
            at += pauses.next()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Somebody outside the fleet, with the app's newest secret, tries whether the app works.

    At ``begins`` and ``every`` so often until ``ends``, exclusive: has a token issued and makes one
    call with it as soon as it is there.
    """

    fault: int
    begins: Ticks
    ends: Ticks
    every: Ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderFaults:
    """All that goes wrong at the provider in one run."""

    changes: tuple[PlannedChange, ...] = ()
    minters: tuple[SecondMinter, ...] = ()
    bursts: tuple[Burst, ...] = ()
    trials: tuple[Trial, ...] = ()


class Happening(NamedTuple):
    """``what`` happens at ``at``; ``struck`` is what a trace says of it, if anything."""

    at: Ticks
    what: Change | TokenRequest | Trial
    struck: FaultStruck | None


def timeline(
    faults: ProviderFaults, request: TokenRequest, streams: Streams
) -> Iterator[Happening]:
    """Yield what happens, in order; a second minter sends ``request`` in its own name."""
    changes = sorted(faults.changes, key=lambda planned: planned.at)
    minters = (_mints(minter, request, streams) for minter in faults.minters)
    trials = map(_tries, faults.trials)
    yield from heapq.merge(map(_happening, changes), *minters, *trials, key=lambda each: each.at)


def _happening(planned: PlannedChange) -> Happening:
    struck = FaultStruck(at=planned.at, fault=planned.fault, what="the app changes")
    return Happening(planned.at, planned.change, struck)


def _mints(minter: SecondMinter, request: TokenRequest, streams: Streams) -> Iterator[Happening]:
    for number, at in enumerate(minter.asks_at(streams)):
        what = f"{request.asked_by} asks for its first token"
        struck = FaultStruck(at=at, fault=minter.fault, what=what)
        yield Happening(at, request, None if number else struck)


def _tries(trial: Trial) -> Iterator[Happening]:
    for at in range(trial.begins, trial.ends, trial.every):
        first = FaultStruck(at=at, fault=trial.fault, what="somebody tries a token of their own")
        yield Happening(at, trial, first if at == trial.begins else None)
