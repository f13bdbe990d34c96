"""What the provider is asked and what it answers, as values. HTTP comes on top of this."""

from typing import Literal, NamedTuple

from msgspec import Struct

from tokenrace.clock import Ticks
from tokenrace.provider.refresh_tokens import RefreshToken
from tokenrace.trace.events import Cause, IssueRefused, TokenId

Operation = Literal["create_meeting", "get_meeting", "delete_meeting", "get_user"]


class FieldProblem(NamedTuple):
    """One field of a request body that the API will not take, by its dotted name."""

    field: str
    message: str


class BodyProblem(Struct, frozen=True, gc=False):
    """Why the API will not take a request's body; ``fields`` is empty when it is no JSON object."""

    message: str
    fields: tuple[FieldProblem, ...] = ()


class TokenRequest(Struct, frozen=True, kw_only=True, gc=False):
    """``POST /oauth/token``. A field is None where the caller left it out.

    ``slot`` is Zoom's ``token_index`` of 2022; only a policy with slots looks at it.
    ``refresh_token`` is ``NO_REFRESH_TOKEN`` where the caller showed one that is none of ours.
    """

    client_id: str | None
    client_secret: str | None
    grant_type: str | None
    account_id: str | None
    asked_by: str
    slot: str | None = None
    refresh_token: RefreshToken | None = None


class ApiCall(Struct, frozen=True, kw_only=True, gc=False):
    """One call of the API.

    ``token`` is None where the caller showed no token of ours; ``shown_in`` says where it put what
    it showed, because the API reads headers only. ``target`` is the user id for ``create_meeting``
    and ``get_user``, the meeting id otherwise. ``body_problem`` is what the reader of the request
    found wrong with its body; the provider decides when that matters.
    """

    operation: Operation
    token: TokenId | None
    target: str
    asked_by: str
    shown_in: Literal["header", "query"] = "header"
    body_problem: BodyProblem | None = None


class Granted(Struct, frozen=True, kw_only=True, gc=False):
    """The token endpoint said yes.

    ``expires_in`` is in whole seconds, as on the wire; ``expires_at`` is on the provider's clock.
    ``is_new`` is False where a token that was live already is returned once more.
    ``refresh_token`` is what the client is told to use from now on; None where it is told nothing.
    """

    token: TokenId
    expires_at: Ticks
    expires_in: int
    scope: str
    issued_at: Ticks
    is_new: bool = True
    refresh_token: RefreshToken | None = None


class Quota(Struct, frozen=True, kw_only=True, gc=False):
    """What is left of a limit of the API. ``kind`` is given where it refused the call.

    ``resumes_at`` is the tick at which calls are answered again, where the provider says so.
    ``tells_all`` False: clients are told the category alone.
    """

    category: str
    limit: int
    remaining: int
    tells_all: bool
    kind: Literal["QPS", "Daily-limit"] | None = None
    resumes_at: Ticks | None = None


class Accepted(Struct, frozen=True, kw_only=True, gc=False):
    """The API did it.

    ``meeting`` is the id of the meeting created or read, if any. ``user`` is its host, or the user
    read, with ``me`` resolved; None for a delete. ``quota`` is None where calls are not limited.
    """

    status: Literal[200, 201, 204]
    meeting: int | None = None
    user: str | None = None
    quota: Quota | None = None


class Refused(Struct, frozen=True, kw_only=True, gc=False):
    """The provider said no. A value, not an exception: refusals are what we measure.

    ``error`` is the token endpoint's OAuth code (RFC 6749 section 5.2) or the API's number as
    text; ``fields`` names what is wrong with a body; ``cause`` is given exactly for the API's 401
    and is never sent to the client; ``retry_after`` is a span in ticks, None where the provider
    sent no header.
    """

    status: int
    error: str
    message: str
    fields: tuple[FieldProblem, ...] = ()
    cause: Cause | None = None
    retry_after: Ticks | None = None
    quota: Quota | None = None

    def issue_refused(self, at: Ticks, asked_by: str) -> IssueRefused:
        """Return the event of a token request of ``asked_by`` that was answered with this."""
        return IssueRefused(at=at, status=self.status, error=self.error, asked_by=asked_by)


Request = TokenRequest | ApiCall
Reply = Granted | Accepted | Refused
