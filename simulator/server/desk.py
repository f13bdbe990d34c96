"""Where every request comes in, and what is sent back."""

from aiohttp import web

from simulator.server.connections import refusal
from simulator.server.control import CONTROL_PATH, Control
from simulator.server.incoming import BodyRefused, as_asked, hang_up, read_body
from simulator.server.served import ServedProvider

BODY_S = 20.0
"""How long a body may take to come."""


class Desk:
    """Answers requests with ``served``, and those to the control API with ``control``.

    Each takes effect when the whole of it has come.
    """

    def __init__(self, served: ServedProvider, control: Control, body_s: float = BODY_S) -> None:
        self._served = served
        self._control = control
        self._body_s = body_s

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        if request.path.startswith(CONTROL_PATH):
            return await self._control.answer(request, self._body_s)
        try:
            body = await read_body(request, self._body_s)
        except BodyRefused as refused:
            return refusal(refused.status, refused.reason)
        exchange = self._served.answer(as_asked(request, body))
        if exchange.response is None:
            return hang_up(request)
        if exchange.late:
            await self._served.clock.sleep(exchange.late)
        sent = exchange.response
        return web.Response(status=sent.status, headers=sent.headers, body=sent.body)
