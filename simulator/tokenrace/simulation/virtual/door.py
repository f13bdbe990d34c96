"""The provider's door on virtual time: whom something concerns is brought up to date before it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from msgspec import Struct

from tokenrace.clock import Ticks
from tokenrace.engine.loop import VirtualLoop
from tokenrace.faults.planned import Trial
from tokenrace.faults.schedule import Happening
from tokenrace.provider.bursts import Dropped, ErrorAnswer, Malformed, Slow
from tokenrace.provider.endpoints import Provider
from tokenrace.provider.messages import Granted, Refused, TokenRequest
from tokenrace.provider.recorder import Recorder
from tokenrace.simulation.virtual.touches import Touches
from tokenrace.simulation.virtual.world import World
from tokenrace.trace.outcomes import Silence


class Reached(Struct, frozen=True, gc=False):
    """What becomes of a request that reached the token endpoint.

    ``reply`` is why where the caller gets no answer it can read; ``late`` is how much later than
    otherwise it hears.
    """

    reply: Granted | Refused | Silence
    late: Ticks = 0


@dataclass(frozen=True, slots=True)
class Door:
    """Through which token requests, and what happens to the app, reach ``provider``.

    Calls of the API need no door: they end no token.
    """

    provider: Provider
    recorder: Recorder
    touches: Touches

    def issue(self, request: TokenRequest, now: Ticks) -> Reached:
        """Let ``request`` take effect, unless something at the provider keeps it from that."""
        self.recorder.token_requested(now)
        struck = self.provider.bursts.strike("token", now)
        if struck is None:
            return Reached(self._issue(request, now))
        match struck.ailment:
            case ErrorAnswer() as answer:
                refused = answer.refused("token")
                live = self.provider.ledger.live_count(now)
                self.recorder.happened(struck.events)
                events = [refused.issue_refused(now, request.asked_by)]
                self.recorder.issue_answered(now, refused, events, live)
                return Reached(refused)
            case Dropped():
                self.recorder.happened(struck.events)
                return Reached("connection_lost")
            case Malformed():
                self.recorder.happened(struck.events)
                self._issue(request, now)
                return Reached("unreadable_answer")
            case Slow(late):
                self.recorder.happened(struck.events)
                return Reached(self._issue(request, now), late)

    def _issue(self, request: TokenRequest, now: Ticks) -> Granted | Refused:
        if self.touches.anybody_rests_on_a_token():
            for token in self.provider.endangered(request, now):
                self.touches.before_token_ends(token)
        reply, events = self.provider.issue(request, now)
        live = self.provider.ledger.live_count(now)
        self.recorder.issue_answered(now, reply, events, live)
        return reply


def door_of(world: World) -> Door:
    """Return the door to the provider of ``world``."""
    return Door(world.provider, world.recorder, world.touches)


def let_happen(
    happenings: Iterator[Happening],
    loop: VirtualLoop,
    door: Door,
    before_change: Callable[[], None],
    begin_trial: Callable[[Trial], None],
) -> None:
    """Have each of ``happenings`` happen in its time; call ``before_change`` before one that
    changes the app, and leave a trial to ``begin_trial``."""

    def await_next() -> None:
        coming = next(happenings, None)
        if coming is not None:
            loop.post_first(coming.at, happen, coming)

    def happen(coming: Happening) -> None:
        if coming.struck is not None:
            door.recorder.happened([coming.struck])
        if isinstance(coming.what, TokenRequest):
            door.issue(coming.what, coming.at)
        elif isinstance(coming.what, Trial):
            begin_trial(coming.what)
        else:
            before_change()
            door.recorder.happened(door.provider.undergo(coming.what, coming.at))
        await_next()

    await_next()
