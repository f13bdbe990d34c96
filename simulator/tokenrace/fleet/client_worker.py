"""A worker whose process brings its own HTTP client: the client gets its tokens, and calls.

What it does about a token that is refused is its own business too. The worker sees one answer per
operation. Which token the client showed, it reads from the request that was really sent.
"""

import asyncio
import json
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple

from tokenrace.clock import Clock, Ticks
from tokenrace.fleet.agenda import Agenda
from tokenrace.fleet.http_ports import request_of
from tokenrace.fleet.ports import Errand
from tokenrace.fleet.waits import WaitedInVain, Waits
from tokenrace.fleet.worker import Ending, failed, refusal
from tokenrace.provider.reading import CALLER_HEADER
from tokenrace.stores.contract import StoreUnavailable
from tokenrace.strategies.contract import TokenUnavailable
from tokenrace.strategies.own_client import OwnClient
from tokenrace.token import Token
from tokenrace.trace.outcomes import Failure
from tokenrace.trace.tally import ClientTally
from tokenrace.user_code.whose_code import described

_SHOWN = "Authorization"
TOKEN_PATH = "/oauth/token"  # noqa: S105 - a path
_NO = {
    "aiohttp": ("ClientResponseError",),
    "httpx": ("HTTPStatusError",),
    "httpx2": ("HTTPStatusError",),
    "authlib.common.errors": ("AuthlibBaseError",),
}
"""What each library raises when it was answered no."""
_NO_ANSWER = {
    "aiohttp": ("ClientError",),
    "httpx": ("TransportError",),
    "httpx2": ("TransportError",),
}
"""What each raises for what a network does to a request, and a provider to its answer."""


_SILENCE = (TimeoutError, ConnectionError, json.JSONDecodeError)


class Answered(NamedTuple):
    """An answer of the API, and the token that was shown to it."""

    status: int
    token: str
    body: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientWorker:
    """One concurrent task of a process whose calls go through ``own``.

    An operation is given up when ``waits`` says so, with all that the client does on the way.
    ``sends`` is entered while it waits. ``adopted`` is told each token when its answer is there.
    """

    own: OwnClient
    api_url: str
    name: str
    agenda: Agenda
    clock: Clock
    tally: ClientTally
    waits: Waits
    adopted: Callable[[Token], None]
    sends: Callable[[], AbstractContextManager[None]]

    async def operate(self, wanted_at: Ticks) -> None:
        """Do one operation that the service wanted at ``wanted_at``, and count how it ended."""
        errand = self.agenda.next()
        outcome, failure = await self._outcome_of(errand, wanted_at)
        self.agenda.ended(errand, outcome)
        now = self.clock.now()
        self.tally.finished(outcome, started_at=wanted_at, at=now, failure=failure)

    async def _outcome_of(self, errand: Errand, wanted_at: Ticks) -> Ending:
        try:
            with self.sends(), self.waits.wait(wanted_at):
                answered = await self._call(errand)
        except WaitedInVain as gave_up:
            self.tally.unknown += gave_up.failure.kind == "timed_out"
            return "unknown", gave_up.failure
        except (TokenUnavailable, StoreUnavailable) as error:
            return failed(error)
        except Exception as error:
            self.tally.first_error = self.tally.first_error or described(error)
            if isinstance(error, _loaded(_NO)):
                return "refused", refusal_in(error)
            if isinstance(error, (*_SILENCE, *_loaded(_NO_ANSWER))):
                self.tally.unknown += 1
                return "unknown", silence_in(error)
            self.waits.is_ending = True  # all others are cancelled for it
            raise
        except asyncio.CancelledError:
            ending = self.waits.end_of_cancelled()
            if ending is None:
                raise
            return ending
        except BaseException:
            self.waits.is_ending = True
            raise
        if answered.token:
            now = self.clock.now()
            self.adopted(Token(answered.token, now, now))
        return self._settle(errand, answered)

    async def _call(self, errand: Errand) -> Answered:
        method, path, body = request_of(errand)
        response = await self.own.client().request(
            method,
            self.api_url + path,
            headers={CALLER_HEADER: self.name},
            **({} if body is None else {"json": body}),
        )
        if self.own.library == "aiohttp":
            async with response:
                content = await response.read()
            status, shown = response.status, response.request_info.headers.get(_SHOWN, "")
        else:
            content = await response.aread()
            status, shown = response.status_code, response.request.headers.get(_SHOWN, "")
        value = shown.partition(" ")[2]
        return Answered(status, value, json.loads(content) if status == 201 else None)

    def _settle(self, errand: Errand, answered: Answered) -> Ending:
        if answered.status >= 400:
            return "refused", refusal(answered.status)
        if errand.operation == "create_meeting" and answered.status == 201:
            self.agenda.created(answered.body["id"])
        return "ok", None


def refusal_in(error: Exception) -> Failure:
    """Return why an operation failed whose client raised ``error`` because it was answered no.

    What the error has is looked at, because no library needs to be there: authlib's has the OAuth
    ``error``, httpx's a ``response`` and a ``request``, aiohttp's a ``status`` and
    ``request_info``.
    """
    oauth = getattr(error, "error", None)
    if isinstance(oauth, str) and oauth:
        return Failure("token_refused", oauth)
    status = getattr(getattr(error, "response", error), "status_code", None)
    status = getattr(error, "status", None) if status is None else status
    if not isinstance(status, int):
        return Failure("user_code", type(error).__name__)
    return Failure("token_refused", str(status)) if _asked(error) == "token" else refusal(status)


def silence_in(error: Exception) -> Failure:
    """Return why an operation has no outcome whose client raised ``error``: it got no answer."""
    if isinstance(error, json.JSONDecodeError):
        return Failure("unreadable_answer", _asked(error))
    is_late = isinstance(error, TimeoutError) or "Timeout" in type(error).__name__
    return Failure("timed_out" if is_late else "connection_lost", _asked(error))


def _asked(error: Exception) -> str:
    """Return which endpoint the request of ``error`` was for; empty where it does not say."""
    try:
        request: Any = error.request  # type: ignore[attr-defined]
    except (AttributeError, RuntimeError):  # httpx's raises where it was never set
        request = getattr(error, "request_info", None)
    path = getattr(getattr(request, "url", None), "path", None)
    if path is None:
        return ""
    return "token" if path == TOKEN_PATH else "api"


def is_an_answer(error: BaseException) -> bool:
    """Return whether ``error`` says that somebody answered no, or did not answer."""
    none = (TokenUnavailable, StoreUnavailable, *_SILENCE, *_loaded(_NO_ANSWER))
    return isinstance(error, (*none, *_loaded(_NO)))


def _loaded(errors: Mapping[str, tuple[str, ...]]) -> tuple[type[Exception], ...]:
    """Return those of ``errors`` whose library has been imported."""
    return tuple(
        getattr(sys.modules[library], name)
        for library, names in errors.items()
        if library in sys.modules
        for name in names
    )
