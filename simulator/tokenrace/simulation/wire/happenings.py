"""What happens at the provider beside the fleet's requests, in real time."""

import asyncio
from collections.abc import Callable, Iterator
from urllib.parse import urlencode

from msgspec.structs import replace

from tokenrace.clock import Clock, Ticks
from tokenrace.faults.planned import Trial
from tokenrace.faults.schedule import Happening
from tokenrace.fleet.http_ports import basic_auth
from tokenrace.provider.app import Credentials
from tokenrace.provider.messages import TokenRequest
from tokenrace.provider.reading import CALLER_HEADER, HttpRequest
from tokenrace.provider.recorder import Recorder
from tokenrace.server.app import TOKEN_PATH, ZoomApp
from tokenrace.simulation.wire.trials import make_trial


async def let_happen(
    happenings: Iterator[Happening],
    app: ZoomApp,
    recorder: Recorder,
    clock: Clock,
    trial_at: Callable[[Ticks], TokenRequest],
) -> None:
    """Have each of ``happenings`` happen when its time has come; a late one at once. ``trial_at``
    is what whoever makes a trial at an instant asks with."""
    async with asyncio.TaskGroup() as trials:
        for coming in happenings:
            await clock.sleep(coming.at - clock.now())
            if coming.struck is not None:
                recorder.happened([replace(coming.struck, at=clock.now())])
            match coming.what:
                case TokenRequest() as request:
                    app.take_effect(_over_http(request))
                case Trial() as trial:
                    asked = _over_http(trial_at(coming.at))
                    trials.create_task(make_trial(trial, asked, app, recorder, clock))
                case change:
                    app.undergo(change)


def _over_http(request: TokenRequest) -> HttpRequest:
    assert request.client_id is not None
    assert request.client_secret is not None
    assert request.account_id is not None
    credentials = Credentials(
        client_id=request.client_id,
        client_secret=request.client_secret,
        account_id=request.account_id,
    )
    form = {"grant_type": request.grant_type, "account_id": request.account_id}
    return HttpRequest(
        method="POST",
        path=TOKEN_PATH,
        query={},
        headers={
            CALLER_HEADER: request.asked_by,
            "authorization": basic_auth(credentials),
            "content-type": "application/x-www-form-urlencoded",
        },
        body=urlencode(form).encode(),
    )
