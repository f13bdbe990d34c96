"""The control API: finds the route, reads what was sent, sends what the route answers."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from aiohttp import hdrs, web
from pydantic import TypeAdapter

from tokenrace.fields.quoting import hint, shown
from tokenrace.fields.values import Section
from tokenrace.server.connections import JSON_TYPE, while_connected
from tokenrace.server.event_bodies import EVENTS, EventBody
from tokenrace.server.gate import Gate, NotAdmitted
from tokenrace.server.incoming import BodyReader, BodyRefused
from tokenrace.server.openapi import document
from tokenrace.server.page import page
from tokenrace.server.problems import (
    Problems,
    RequestProblem,
    WrongRequest,
    read_json,
    validated,
    wrong,
)
from tokenrace.server.routes import ROUTES, Answered, AnswerKind, Route
from tokenrace.server.served import ServedProvider
from tokenrace.server.zoom_openapi import zoom_document

CONTROL_PATH = "/_control/"
_NO_PAGE = "default-src 'none'; frame-ancestors 'none'"


@cache
def _document(url: str) -> dict[str, Any]:
    return document(ALL_ROUTES, url)


async def _describe(served: ServedProvider, _: None) -> Answered:
    return Answered(200, _document(f"{served.terms.api_url}{CONTROL_PATH.rstrip('/')}"))


async def _describe_zoom(served: ServedProvider, _: None) -> Answered:
    return Answered(200, zoom_document(served.terms.api_url))


ALL_ROUTES: Sequence[Route] = (
    *ROUTES,
    Route(
        method="GET",
        path="zoom-openapi.json",
        summary="The OpenAPI document of the mock Zoom itself.",
        act=_describe_zoom,
        answers={200: AnswerKind("The OpenAPI document of the mock Zoom.", dict[str, Any])},
    ),
    Route(
        method="GET",
        path="openapi.json",
        summary="This document.",
        act=_describe,
        answers={200: AnswerKind("The OpenAPI document of the control API.", dict[str, Any])},
    ),
)
_BY_PATH: Mapping[str, Mapping[str, Route]] = {
    path: {route.method: route for route in ALL_ROUTES if route.path == path}
    for path in dict.fromkeys(route.path for route in ALL_ROUTES)
}


class Control:
    """The control API of ``served``, for those whom ``gate`` lets in."""

    def __init__(self, served: ServedProvider, gate: Gate) -> None:
        self._served = served
        self._gate = gate

    async def answer(self, request: web.BaseRequest, bodies: BodyReader) -> web.Response:
        """Answer one request, whose body ``bodies`` reads. No other page may frame the answer."""
        response = await self._answer(request, bodies)
        response.headers.setdefault("Content-Security-Policy", _NO_PAGE)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["X-Frame-Options"] = "DENY"
        return response

    async def _answer(self, request: web.BaseRequest, bodies: BodyReader) -> web.Response:
        refused = self._gate.refusal(request)
        name = request.path.removeprefix(CONTROL_PATH)
        is_page = not name and request.method == hdrs.METH_GET
        # The page holds no secret, and asks for the token itself: no browser shows one by a link.
        if refused is not None and not (is_page and refused.status == 401):
            return _turned_away(refused)
        by_method = _BY_PATH.get(name)
        if by_method is None:
            return _besides_routes(name, request.method)
        route = by_method.get(request.method)
        if route is None:
            return _wrong_method(by_method)
        return await self._follow(route, request, bodies)

    async def _follow(
        self, route: Route, request: web.BaseRequest, bodies: BodyReader
    ) -> web.Response:
        try:
            asked = await _asked(route, request, bodies)
            answered = await while_connected(request, route.act(self._served, asked))
        except BodyRefused as refused:
            return _problem(refused.status, refused.reason)
        except WrongRequest as wrong_request:
            return _sent(Answered(400, self._problems(wrong_request)), Problems)
        return _sent(answered, route.answers[answered.status].content)

    def _problems(self, wrong_request: WrongRequest) -> Problems:
        """Return what is wrong; it quotes what was sent, in which a secret may be."""
        clean = self._served.redaction.clean
        told = wrong_request.problems
        return Problems([RequestProblem(clean(each.where), clean(each.what)) for each in told])


async def _asked(route: Route, request: web.BaseRequest, bodies: BodyReader) -> object:
    """Return what ``request`` asks of ``route``.

    Raises:
        BodyRefused: its body cannot be read.
        WrongRequest: it asks for something that cannot be.
    """
    if route.query is not None:
        return validated(route.query, dict(request.query))
    if route.body is None:
        return None
    data = read_json(await bodies.read(request))
    return validated(_event_model(data) if route.body is EventBody else route.body, data)


def _event_model(data: object) -> type[Section]:
    """Return the model of the event that ``data`` names."""
    if not isinstance(data, Mapping):
        raise wrong("", "must be a JSON object")
    name = data.get("event")
    if name is None:
        raise wrong("event", "is required")
    if not isinstance(name, str) or name not in EVENTS:
        raise wrong("event", f"unknown event {shown(name)}; {hint(str(name), EVENTS)}")
    return EVENTS[name]


def _turned_away(refused: NotAdmitted) -> web.Response:
    response = _problem(refused.status, refused.what)
    if refused.status == 401:
        response.headers[hdrs.WWW_AUTHENTICATE] = "Bearer"
    return response


def _besides_routes(name: str, method: str) -> web.Response:
    if not name and method == hdrs.METH_GET:
        shown_page = page(ALL_ROUTES)
        policy = {"Content-Security-Policy": shown_page.policy}
        return web.Response(text=shown_page.html, content_type="text/html", headers=policy)
    return _problem(404, f"nothing is here; {hint(name, _BY_PATH)}")


def _wrong_method(by_method: Mapping[str, Route]) -> web.Response:
    response = _problem(405, f"is for {', '.join(by_method)}")
    response.headers[hdrs.ALLOW] = ", ".join(by_method)
    return response


def _problem(status: int, what: str) -> web.Response:
    return _sent(Answered(status, Problems([RequestProblem("", what)])), Problems)


def _sent(answered: Answered, kind: Any) -> web.Response:
    body = _adapter(kind).dump_json(answered.content)
    return web.Response(status=answered.status, body=body, content_type=JSON_TYPE)


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
