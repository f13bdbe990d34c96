"""Zoom's HTTP over the provider: a request's bytes in, a response's bytes out. No sockets here.

What the sources leave open is decided so:

* A path we do not serve: 404 with code 2300, on the API and beside it. A method a path does not
  have: 405 with ``Allow``. Neither is a call of the API: no token is looked at.
* No token at all: as for a garbage token, 401 with code 124.
* Basic auth that is missing or malformed: as for a wrong secret, 400 ``invalid_client``.
* Headers of the reported 401 that only an edge network sends (``Server``, ``CF-RAY``) are left out.
  ``WWW-Authenticate`` was not seen, so there is none. ``x-zm-trackingid`` is on every response.

The topic and times of the last ``DETAILS_KEPT`` meetings created are remembered; an older one is
shown with the defaults, created at the epoch.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tokenrace.clock import SECOND, Ticks
from tokenrace.provider import zoom_bodies
from tokenrace.provider.bursts import Dropped, Endpoint, ErrorAnswer, Malformed, Slow
from tokenrace.provider.endpoints import Provider
from tokenrace.provider.messages import Accepted, ApiCall, BodyProblem, Operation, Refused, Reply
from tokenrace.provider.new_meeting import MeetingDetails, read_new_meeting
from tokenrace.provider.reading import (
    HttpRequest,
    asked_by,
    read_token_request,
    route_of,
    shown_token,
)
from tokenrace.provider.redaction import Redaction
from tokenrace.provider.token_format import TokenFormat
from tokenrace.provider.zoom_headers import (
    NO_CONTENT,
    NOT_STORED,
    TYPE,
    UNAUTHORIZED,
    quota_headers,
    retry_after,
)
from tokenrace.trace.events import ProviderEvent, TokenId

DETAILS_KEPT = 10_000
_UNKNOWN_PATH = Refused(status=404, error="2300", message="This API endpoint is not recognized.")
_WRONG_METHOD = Refused(status=405, error="405", message="Method Not Allowed")


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """One response. ``Content-Length`` is left to whoever sends it."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request answered: what to send, what happened, and what a recorder counts.

    ``response`` None closes the connection without one; otherwise it is sent ``late`` ticks later
    than it would be. ``endpoint`` and ``reply`` are None where the request had no effect on the
    token endpoint or the API. ``token`` is the one granted, or shown to the API. ``reached`` is the
    endpoint that the request came to, also where it had no effect.
    """

    response: HttpResponse | None
    endpoint: Endpoint | None = None
    reply: Reply | None = None
    events: Sequence[ProviderEvent] = ()
    late: Ticks = 0
    token: TokenId | None = None
    reached: Endpoint | None = None

    def after(self, events: Sequence[ProviderEvent]) -> "Exchange":
        """Return this with ``events`` before those it has."""
        return replace(self, events=[*events, *self.events])


class ZoomHttp:
    """The provider as HTTP clients meet it."""

    def __init__(
        self,
        provider: Provider,
        *,
        signing_key: bytes,
        epoch: int,
        api_url: str,
        redaction: Redaction | None = None,
    ) -> None:
        """``epoch`` is the Unix time, in seconds, of tick 0; ``api_url`` is told to clients.

        ``redaction`` keeps secrets out of callers' names; without one, it is of the app's own.

        Raises:
            ValueError: ``signing_key`` is too short.
        """
        self.provider = provider
        self.redaction = redaction or Redaction(provider.app.credentials.client_secret)
        self.tokens = TokenFormat(signing_key, provider.app.credentials, epoch)
        self._epoch = epoch
        self._api_url = api_url
        self._answered = 0
        self._details: OrderedDict[int, tuple[MeetingDetails, int]] = OrderedDict()

    def move_to(self, api_url: str) -> None:
        """Tell clients ``api_url`` from now on."""
        self._api_url = api_url

    def handle(self, request: HttpRequest, now: Ticks) -> Exchange:
        """Answer ``request``, which arrives at ``now``."""
        self.redaction.hide(self.provider.standing.secret)
        route = route_of(request.path)
        if route is None:
            return Exchange(self._response(404, TYPE, zoom_bodies.api_refusal(_UNKNOWN_PATH)))
        if request.method not in route.methods:
            headers = {**TYPE, "Allow": ", ".join(route.methods)}
            return Exchange(self._response(405, headers, zoom_bodies.api_refusal(_WRONG_METHOD)))
        operation = route.methods[request.method]
        endpoint: Endpoint = "token" if operation is None else "api"
        struck = self.provider.bursts.strike(endpoint, now)
        match struck.ailment if struck else None:
            case Dropped():
                exchange = Exchange(None)
            case ErrorAnswer() as answer:
                exchange = self._error(request, endpoint, answer.refused(endpoint), now)
            case ailment:
                exchange = _marred(self._act(request, operation, route.target, now), ailment)
        exchange = replace(exchange, reached=endpoint)
        return exchange if struck is None else exchange.after(struck.events)

    def authorize(self, now: Ticks) -> tuple[str, Sequence[ProviderEvent]]:
        """Take the user's consent, which no HTTP is needed for here; return the value of its first
        refresh token, and what happened.

        Raises:
            ValueError: the policy knows no refresh tokens.
        """
        token, events = self.provider.authorize(now)
        return self.tokens.write_refresh(token), events

    def caller(self, request: HttpRequest) -> str:
        """Return the name of who sent ``request``, as the events have it."""
        return asked_by(request, self.redaction)

    def _act(
        self, request: HttpRequest, operation: Operation | None, target: str, now: Ticks
    ) -> Exchange:
        if operation is None:
            return self._issue(request, now)
        return self._call(request, operation, target, now)

    def _error(
        self, request: HttpRequest, endpoint: Endpoint, refused: Refused, now: Ticks
    ) -> Exchange:
        is_token = endpoint == "token"
        body = zoom_bodies.token_refusal(refused) if is_token else zoom_bodies.api_refusal(refused)
        headers = {**(NOT_STORED if is_token else TYPE), **retry_after(refused)}
        events = [refused.issue_refused(now, self.caller(request))] if is_token else []
        response = self._response(refused.status, headers, body)
        return Exchange(response, endpoint, refused, events)

    def _issue(self, request: HttpRequest, now: Ticks) -> Exchange:
        asked = read_token_request(request, self.tokens.read_refresh, self.redaction)
        reply, events = self.provider.issue(asked, now)
        if isinstance(reply, Refused):
            headers = {**NOT_STORED, **retry_after(reply)}
            response = self._response(reply.status, headers, zoom_bodies.token_refusal(reply))
            return Exchange(response, "token", reply, events)
        value = self.tokens.write(
            reply.token, issued_at=reply.issued_at, expires_at=reply.expires_at
        )
        refresh = reply.refresh_token
        refresh_value = None if refresh is None else self.tokens.write_refresh(refresh)
        body = zoom_bodies.grant(reply, value, self._api_url, refresh_value)
        response = self._response(200, NOT_STORED, body)
        return Exchange(response, "token", reply, events, token=reply.token)

    def _call(
        self, request: HttpRequest, operation: Operation, target: str, now: Ticks
    ) -> Exchange:
        asked = read_new_meeting(request.body) if operation == "create_meeting" else None
        shown = shown_token(request)
        in_query = shown is not None and shown.in_query
        call = ApiCall(
            operation=operation,
            token=None if shown is None or in_query else self.tokens.read(shown.value),
            target=target,
            asked_by=self.caller(request),
            shown_in="query" if in_query else "header",
            body_problem=asked if isinstance(asked, BodyProblem) else None,
        )
        reply, events = self.provider.call(call, now)
        if isinstance(reply, Refused):
            headers = UNAUTHORIZED if reply.status == 401 else TYPE
            headers = {**headers, **quota_headers(reply.quota, self._epoch)}
            response = self._response(reply.status, headers, zoom_bodies.api_refusal(reply))
        else:
            if isinstance(asked, MeetingDetails):
                self._keep(reply, asked, now)
            response = self._success(reply, target)
        return Exchange(response, "api", reply, events, token=call.token)

    def _success(self, reply: Accepted, target: str) -> HttpResponse:
        quota = quota_headers(reply.quota, self._epoch)
        if reply.user is None:
            self._details.pop(int(target), None)
            return self._response(reply.status, {**NO_CONTENT, **quota}, b"")
        if reply.meeting is None:
            body = zoom_bodies.user(reply.user, self.provider.app.credentials)
        else:
            details, at = self._details.get(reply.meeting, (MeetingDetails(), self._epoch))
            body = zoom_bodies.meeting(reply.meeting, reply.user, details, at)
        return self._response(reply.status, {**TYPE, **quota}, body)

    def _keep(self, created: Accepted, details: MeetingDetails, now: Ticks) -> None:
        assert created.meeting is not None
        self._details[created.meeting] = (details, self._epoch + now // SECOND)
        if len(self._details) > DETAILS_KEPT:
            self._details.popitem(last=False)

    def _response(self, status: int, headers: Mapping[str, str], body: bytes) -> HttpResponse:
        self._answered += 1
        tracking_id = f"v=2.0;clid=tokenrace;rid=WEB_{self._answered:032x}"
        return HttpResponse(status, {**headers, "x-zm-trackingid": tracking_id}, body)


def _marred(exchange: Exchange, ailment: Slow | Malformed | None) -> Exchange:
    """Return ``exchange`` as it is after its effect, when its answer is on its way."""
    match ailment:
        case Slow(late):
            return replace(exchange, late=late)
        case Malformed() if exchange.response is not None and exchange.response.body:
            return replace(exchange, response=replace(exchange.response, body=b'{"'))
        case _:
            return exchange
