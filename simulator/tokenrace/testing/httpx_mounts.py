"""The mock Zoom under httpx and httpx2: as a transport of one client, or under every client.

respx intercepts httpx alone, so httpx2 has only the transport. Nothing here waits, so one handler
answers clients that block and clients that await. Each library is imported when it is asked for:
whoever tests with another one need not install it.
"""

import importlib
from collections.abc import Callable
from types import ModuleType
from typing import Any

from tokenrace.errors import NotInstalledError
from tokenrace.provider.reading import HttpRequest
from tokenrace.testing.mock_zoom import MockZoom

ZOOM_HOSTS = r"(^|\.)zoom\.us$"


def transport(zoom: MockZoom) -> Any:
    """Return an ``httpx.MockTransport``, for its clients of both kinds: all hosts are ``zoom``.

    Raises:
        NotInstalledError: httpx is not installed.
    """
    return _transport(zoom, "transport", "httpx")


def httpx2_transport(zoom: MockZoom) -> Any:
    """Return an ``httpx2.MockTransport``, for its clients of both kinds: all hosts are ``zoom``.

    Raises:
        NotInstalledError: httpx2 is not installed.
    """
    return _transport(zoom, "httpx2_transport", "httpx2")


def zoom_router(zoom: MockZoom) -> Any:
    """Return a ``respx.MockRouter``, to be entered: meanwhile every httpx client finds ``zoom`` at
    Zoom.

    A request to another host fails the test, unless a route is added for it.

    Raises:
        NotInstalledError: respx is not installed.
    """
    respx = _library("zoom_router", "respx", "'tokenrace[testing]'")
    router = respx.mock(assert_all_called=False)
    answer = _answer_by(zoom, _library("zoom_router", "httpx", "httpx"))
    router.route(host__regex=ZOOM_HOSTS).mock(side_effect=answer)
    return router


def _transport(zoom: MockZoom, what: str, name: str) -> Any:
    library = _library(what, name, name)
    return library.MockTransport(_answer_by(zoom, library))


def _library(what: str, name: str, package: str) -> ModuleType:
    """Return the library ``name``, which ``what`` needs and ``package`` brings."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise NotInstalledError(what, package) from error


def _answer_by(zoom: MockZoom, library: ModuleType) -> Callable[[Any], Any]:
    """Return what answers requests of ``library``, which is httpx or has its names."""

    def answer(request: Any) -> Any:
        response = zoom.answer(_as_asked(request))
        if response is None:
            raise library.RemoteProtocolError("Server disconnected without sending a response.")
        return library.Response(response.status, headers=response.headers, content=response.body)

    return answer


def _as_asked(request: Any) -> HttpRequest:
    return HttpRequest(
        method=request.method,
        path=request.url.path,
        query=dict(
            reversed(request.url.params.multi_items())
        ),  # of a repeated one the first counts
        headers={name.lower(): value for name, value in request.headers.items()},
        body=request.content,
    )
