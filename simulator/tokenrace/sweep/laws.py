"""Curves that theory draws into the picture of a sweep, where one applies.

Each law knows for which fields, strategies and workload it holds, and is silent for any other.
Where they come from: docs/sweeps.md.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tokenrace.analysis.surface import Curve, Scale
from tokenrace.arrivals import Closed
from tokenrace.clock import seconds
from tokenrace.simulation.plan import RunPlan
from tokenrace.simulation.storm_law import (
    poisson_below,
    round_trips,
    storm_onset,
    storm_threshold,
)
from tokenrace.strategies.composition import Composition
from tokenrace.strategies.control import MutexDoubleChecked
from tokenrace.strategies.early_trigger import XFetch
from tokenrace.strategies.fleet_scope import SharedCache
from tokenrace.strategies.flight import SingleFlight
from tokenrace.strategies.lease_scope import SharedLock
from tokenrace.strategies.on_401 import Ignore, Issue
from tokenrace.strategies.scope import Process
from tokenrace.strategies.trigger import EveryCall

CAP, PROCESSES, WORKERS = "provider.live_tokens", "fleet.processes", "fleet.workers"
TOKEN_TRIP = "network.token"  # noqa: S105 - a field's path


@dataclass(frozen=True, slots=True)
class Question:
    """What a law is asked: the fields of the picture, the figure it shows, and a plan of one run.

    Of the plan only what the fields do not change counts.
    """

    x: Scale
    y: Scale | None
    figure: str
    plan: RunPlan

    def scales(self) -> Mapping[str, Scale]:
        """Return the fields by their paths."""
        return {scale.path: scale for scale in (self.x, self.y) if scale is not None}

    @property
    def made(self) -> Composition:
        """What the strategy is made of."""
        made = self.plan.recipe
        assert isinstance(made, Composition), "nobody knows what a user's own is made of"
        return made

    def setting(self, name: str) -> str:
        """Return the path of a setting of the strategy."""
        return f"strategies.{self.plan.strategy}.{name}"


def curves(question: Question) -> list[Curve]:
    """Return what theory has to say; nothing of a strategy that is the user's own."""
    if not isinstance(question.plan.recipe, Composition):
        return []
    return [curve for law in _LAWS for curve in law(question)]


def _holder_rule(asked: Question) -> Iterator[Curve]:
    """A fleet of P processes that each keep a token of their own and react to nothing: with a cap
    of N < P a share of 1 - N/P of the requests is refused."""
    made = asked.made
    alone = isinstance(made.scope, Process) and isinstance(made.on_401, Ignore)
    locked = isinstance(made.control, MutexDoubleChecked | SingleFlight)
    if not (alone and locked) or asked.figure != "rate_401":
        return
    if asked.scales().keys() == {CAP, PROCESSES}:
        ends = _common(asked.x, asked.y)
        yield Curve("holder rule: cap = processes", tuple((end, end) for end in ends))
    elif asked.scales().keys() == {CAP}:
        holders = asked.plan.fleet.processes
        yield _over(asked.x, "holder rule: 1 - N/P", lambda cap: max(0.0, 1 - cap / holders))
    elif asked.scales().keys() == {PROCESSES} and (kept := asked.plan.policy.live_tokens):
        yield _over(asked.x, "holder rule: 1 - N/P", lambda count: max(0.0, 1 - kept / count))


def _storm_law(asked: Question) -> Iterator[Curve]:
    """A fleet that shares one store and has a token issued on every 401: with so many workers a
    storm feeds itself to the end of the run."""
    made, fleet = asked.made, asked.plan.fleet
    if not (isinstance(made.scope, SharedCache) and isinstance(made.on_401, Issue)):
        return
    size = asked.scales().keys() - {CAP}
    if not isinstance(fleet.arrivals, Closed) or len(size) != 1 or CAP not in asked.scales():
        return
    (path,) = size
    others = {PROCESSES: fleet.workers, WORKERS: fleet.processes}.get(path)
    caps = asked.scales()[CAP].numbers()
    if others is None or caps is None:
        return
    points = [(storm_threshold(asked.plan, round(cap)) / others, cap) for cap in caps]
    yield _turned(asked, "storm law: lasts as long as the run", points)
    onset = [(storm_onset(asked.plan, round(cap)) / others, cap) for cap in caps]
    yield _turned(asked, "storm law: can feed itself at all", onset)


def _fresh_token_law(asked: Question) -> Iterator[Curve]:
    """One worker that asks for a token before every call, beside a second minter: its call is
    refused where N tokens or more are issued while its own is on the way, P(Poisson(rate * age) >=
    N), age being the answer's way back and the call's way there."""
    fleet, minters = asked.plan.fleet, asked.plan.provider_faults.minters
    cap = asked.plan.policy.live_tokens
    is_alone = fleet.size() == 1 and isinstance(asked.made.trigger, EveryCall)
    if not is_alone or cap is None or len(minters) != 1 or asked.figure != "rate_401":
        return
    if asked.scales().keys() == {f"faults.{minters[0].fault}.second_minter.rate"}:
        token, api, _ = round_trips(asked.plan)
        age = seconds(round(token + api)) / 2
        yield _over(
            asked.x,
            "fresh-token law: P(Poisson(rate x age) >= N)",
            lambda rate: 1 - poisson_below(cap, rate * age),
        )


def _turned(asked: Question, label: str, points: Sequence[tuple[float, float]]) -> Curve:
    """Return the curve through ``points``, of a size and a cap each, as the picture has them."""
    return Curve(label, tuple((b, a) if asked.x.path == CAP else (a, b) for a, b in points))


def _xfetch_law(asked: Question) -> Iterator[Curve]:
    """E[issues per rotation] = e^(1/beta), where the calls are many against one token call."""
    made = asked.made
    if not (isinstance(made.trigger, XFetch) and isinstance(made.scope, SharedCache)):
        return
    if asked.scales().keys() == {asked.setting("beta")} and asked.figure == "tokens_per_lifetime":
        yield _over(asked.x, "XFetch: e^(1/beta)", lambda beta: math.exp(1 / beta))


def _lock_law(asked: Question) -> Iterator[Curve]:
    """A lock that lapses while its holder waits for the token endpoint lets another one in."""
    made = asked.made
    fields = {asked.setting("lock_ttl"), TOKEN_TRIP}
    if isinstance(made.scope, SharedLock) and asked.scales().keys() == fields:
        ends = _common(asked.x, asked.y)
        yield Curve("lock_ttl = token latency", tuple((end, end) for end in ends))


_LAWS: Sequence[Callable[[Question], Iterator[Curve]]] = (
    _holder_rule,
    _storm_law,
    _fresh_token_law,
    _xfetch_law,
    _lock_law,
)


def _common(x: Scale, y: Scale | None) -> list[float]:
    """Return numbers, a few for each value, between the ends that both scales have."""
    numbers = x.numbers(), None if y is None else y.numbers()
    if numbers[0] is None or numbers[1] is None:
        return []
    low, high = max(each[0] for each in numbers if each), min(each[-1] for each in numbers if each)
    inside = {*numbers[0], *numbers[1], low, high}
    return sorted(number for number in inside if low <= number <= high)


def _over(scale: Scale, label: str, law: Callable[[float], float]) -> Curve:
    numbers = scale.numbers() or ()
    return Curve(label, tuple((number, law(number)) for number in numbers if number))
