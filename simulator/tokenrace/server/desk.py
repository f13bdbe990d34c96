"""Where every request comes in, and what is sent back."""

from aiohttp import hdrs, web

from tokenrace.server.connections import refusal
from tokenrace.server.control import CONTROL_PATH, Control
from tokenrace.server.incoming import BodyReader, BodyRefused, as_asked, hang_up
from tokenrace.server.sending import WholeAnswer
from tokenrace.server.served import ServedProvider


class Desk:
    """Answers requests with ``served``, and those to the control API with ``control``.

    Each takes effect when the whole of it has come.
    """

    def __init__(self, served: ServedProvider, control: Control, bodies: BodyReader) -> None:
        self._served = served
        self._control = control
        self._bodies = bodies

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        if request.path == CONTROL_PATH.rstrip("/"):  # as people type it
            return web.Response(status=308, headers={hdrs.LOCATION: CONTROL_PATH})
        if request.path.startswith(CONTROL_PATH):
            return await self._control.answer(request, self._bodies)
        try:
            body = await self._bodies.read(request)
        except BodyRefused as refused:
            return refusal(refused.status, refused.reason)
        exchange = self._served.answer(as_asked(request, body))
        if exchange.response is None:
            return hang_up(request)
        if exchange.late:
            await self._served.clock.sleep(exchange.late)
        return WholeAnswer(exchange.response)
