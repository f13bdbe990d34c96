"""How a request can fare badly at the provider: errors, silence, slow and broken answers."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal, assert_never

from tokenrace.clock import Ticks, seconds
from tokenrace.provider.messages import Refused

Endpoint = Literal["token", "api"]


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """The request is answered with ``status``, an error, and has no effect."""

    status: int
    retry_after: Ticks | None = None

    def refused(self, endpoint: Endpoint) -> Refused:
        """Return the answer. Its texts are ours: no source shows such a body of Zoom's."""
        oauth = (
            "too_many_requests" if self.status == HTTPStatus.TOO_MANY_REQUESTS else "server_error"
        )
        return Refused(
            status=self.status,
            error=oauth if endpoint == "token" else str(self.status),
            message=HTTPStatus(self.status).phrase,
            retry_after=self.retry_after,
        )


@dataclass(frozen=True, slots=True)
class Dropped:
    """The connection is closed without an answer, and the request has no effect."""


@dataclass(frozen=True, slots=True)
class Slow:
    """The request takes effect; its answer comes ``by`` later than otherwise."""

    by: Ticks


@dataclass(frozen=True, slots=True)
class Malformed:
    """The request takes effect; its answer is cut in the middle, and is no JSON."""


Ailment = ErrorAnswer | Dropped | Slow | Malformed


def in_words(ailment: Ailment) -> str:
    """Return what ``ailment`` makes an endpoint do."""
    match ailment:
        case ErrorAnswer():
            return f"answers {ailment.status}"
        case Dropped():
            return "closes connections without an answer"
        case Slow():
            return f"answers {seconds(ailment.by):g} s late"
        case Malformed():
            return "sends answers that are no JSON"
        case _:
            assert_never(ailment)
