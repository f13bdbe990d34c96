"""Trials on virtual time: a token for somebody outside the fleet, and one call with it."""

from collections.abc import Callable
from dataclasses import dataclass

from tokenrace.clock import Ticks
from tokenrace.faults.planned import Trial
from tokenrace.network.links import LinkStream, stream_of
from tokenrace.provider.messages import ApiCall, Granted, TokenRequest
from tokenrace.simulation.plan import TRIAL
from tokenrace.simulation.virtual.door import Door
from tokenrace.simulation.virtual.world import World
from tokenrace.trace.events import TokenId, TrialMade

ANY_USER = "me"


@dataclass(frozen=True, slots=True)
class Trials:
    """Makes trials over links of their own; what befalls the fleet's messages spares them."""

    world: World
    door: Door
    token_trips: LinkStream
    api_trips: LinkStream

    def begin(self, trial: Trial) -> None:
        """Send the request for a token."""
        loop = self.world.loop
        ways = self.token_trips.next(loop.now)
        loop.post_first(loop.now + ways.there, self._ask, (trial, ways.back))

    def _ask(self, asked: tuple[Trial, Ticks]) -> None:
        trial, back = asked
        loop = self.world.loop
        reached = self.door.issue(self._request(), loop.now)
        if not isinstance(reached.reply, Granted):
            status = None if isinstance(reached.reply, str) else reached.reply.status
            self._made(trial, None, status)
            return
        leaves_at = loop.now + back + reached.late
        arrives_at = leaves_at + self.api_trips.next(leaves_at).there
        loop.post_first(arrives_at, self._call, (trial, reached.reply.token))

    def _call(self, called: tuple[Trial, TokenId]) -> None:
        trial, token = called
        world, now = self.world, self.world.loop.now
        call = ApiCall(operation="get_user", token=token, target=ANY_USER, asked_by=TRIAL)
        reply, events = world.provider.call(call, now)
        world.recorder.call_answered(now, reply, events)
        self._made(trial, token, reply.status)

    def _made(self, trial: Trial, token: TokenId | None, status: int | None) -> None:
        now = self.world.loop.now
        made = TrialMade(at=now, fault=trial.fault, token=token, status=status)
        self.world.recorder.happened([made])

    def _request(self) -> TokenRequest:
        plan, now = self.world.plan, self.world.loop.now
        return plan.token_request(TRIAL, plan.newest_credentials(now))


def trials_of(world: World, door: Door) -> Callable[[Trial], None]:
    """Return what begins a trial in ``world``."""
    links, streams = world.plan.links, world.streams
    token_trips = stream_of(links, "token", streams, TRIAL, TRIAL)
    api_trips = stream_of(links, "api", streams, TRIAL, TRIAL)
    return Trials(world, door, token_trips, api_trips).begin
