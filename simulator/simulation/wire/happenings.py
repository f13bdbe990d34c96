"""What happens at the provider beside the fleet's requests, in real time."""

from collections.abc import Iterator
from urllib.parse import urlencode

from msgspec.structs import replace

from simulator.clock import Clock
from simulator.fleet.http_ports import basic_auth
from simulator.provider.app import Credentials
from simulator.provider.messages import TokenRequest
from simulator.provider.reading import CALLER_HEADER, HttpRequest
from simulator.provider.recorder import Recorder
from simulator.server.app import TOKEN_PATH, ZoomApp
from simulator.simulation.provider_faults import Happening


async def let_happen(
    happenings: Iterator[Happening], app: ZoomApp, recorder: Recorder, clock: Clock
) -> None:
    """Have each of ``happenings`` happen when its time has come; a late one at once."""
    for coming in happenings:
        await clock.sleep(coming.at - clock.now())
        if coming.struck is not None:
            recorder.happened([replace(coming.struck, at=clock.now())])
        if isinstance(coming.what, TokenRequest):
            app.take_effect(_over_http(coming.what))
        else:
            app.undergo(coming.what)


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
