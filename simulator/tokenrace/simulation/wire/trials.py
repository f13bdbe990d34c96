"""Trials in real time: a token for somebody outside the fleet, and one call with it."""

import json

from tokenrace.clock import Clock
from tokenrace.faults.planned import Trial
from tokenrace.provider.http import Exchange
from tokenrace.provider.messages import Granted
from tokenrace.provider.reading import CALLER_HEADER, HttpRequest
from tokenrace.provider.recorder import Recorder
from tokenrace.server.app import ZoomApp
from tokenrace.simulation.plan import TRIAL
from tokenrace.trace.events import TokenId, TrialMade


async def make_trial(
    trial: Trial, request: HttpRequest, app: ZoomApp, recorder: Recorder, clock: Clock
) -> None:
    """Send ``request`` for a token and make one call with it; write down how that ended."""
    issued = await app.carry(request)
    token: TokenId | None = None
    answered = issued
    if issued is not None and issued.response is not None and isinstance(issued.reply, Granted):
        token = issued.token
        answered = await app.carry(_call_with(_token_in(issued.response.body)))
    made = TrialMade(at=clock.now(), fault=trial.fault, token=token, status=_status(answered))
    recorder.happened([made])


def _token_in(body: bytes) -> str:
    try:
        return str(json.loads(body)["access_token"])
    except ValueError:  # a fault of the scenario has cut it off
        return ""


def _call_with(token: str) -> HttpRequest:
    return HttpRequest(
        method="GET",
        path="/v2/users/me",
        query={},
        headers={CALLER_HEADER: TRIAL, "authorization": f"Bearer {token}"},
        body=b"",
    )


def _status(answered: Exchange | None) -> int | None:
    return None if answered is None or answered.response is None else answered.response.status
