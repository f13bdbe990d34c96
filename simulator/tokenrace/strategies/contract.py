"""The seam between a strategy and everything else.

A strategy is plain asyncio and sees three ports: the ``TokenEndpoint``, a store, a ``Clock``. The
same code runs against real HTTP and on virtual time, and cannot ask which.
"""

from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

from tokenrace.clock import Ticks
from tokenrace.token import Token
from tokenrace.trace.outcomes import Failure, Outcome, Silence

STORE_UNAVAILABLE = "store_unavailable"
"""The ``error`` of a strategy whose store did not answer."""


@dataclass(frozen=True, slots=True)
class Denied:
    """The token endpoint said no, or gave no answer at all (``status`` None, ``error`` empty).

    Without an answer nobody knows whether a token was issued. ``status`` None with an ``error`` is
    the strategy's own: ``lease_timeout`` or ``lock_timeout`` (it waited in vain for its turn to
    ask), ``mint_deadline`` (it waited in vain for an answer while it had the lease),
    ``leader_cancelled`` (it followed a caller who was), ``refresh_under_way`` (it does not wait for
    somebody else's), ``store_unavailable``, or ``no_other_token`` (its broker has only a refused
    one).
    ``retry_after`` is in ticks. ``silence`` says why no answer came, where none did.
    """

    status: int | None
    error: str
    retry_after: Ticks | None = None
    silence: Silence = "timed_out"

    @property
    def is_unanswered(self) -> bool:
        """Whether a request was sent that nobody knows the outcome of."""
        return self.status is None and not self.error

    @property
    def failure(self) -> Failure:
        """Why an operation fails that gets no token for this."""
        if self.is_unanswered:
            return Failure(self.silence, "token")
        if self.status is not None:
            return Failure("token_refused", f"{self.status} {self.error}".rstrip())
        if self.error == STORE_UNAVAILABLE:
            return Failure("store_unavailable")
        return Failure("no_token", self.error)


class TokenEndpoint(Protocol):
    """Asks the provider for tokens, on behalf of one process."""

    async def issue(self) -> Token | Denied:
        """Ask for a new token. Cancelling the caller does not undo an issue under way."""
        ...


class TokenUnavailable(Exception):  # noqa: N818
    """A strategy has no token to give, so the operation that asked ends with ``outcome``."""

    def __init__(self, denied: Denied) -> None:
        self.denied = denied
        super().__init__(denied)

    @property
    def outcome(self) -> Outcome:
        """``refused``; ``unknown`` where no answer came."""
        return "unknown" if self.denied.is_unanswered else "refused"


class Held(NamedTuple):
    """What a strategy would hand out now, without doing anything.

    It would hand out ``token`` to every caller before the instant ``until`` (exclusive), with no
    side effect, and each time read the store ``store_reads`` times on the way (0 or 1).
    """

    token: Token
    until: Ticks
    store_reads: int


class Strategy(Protocol):
    """How one process keeps a usable token. One instance per process, shared by its workers."""

    async def token(self) -> Token:
        """Return a token believed live, refreshing first if need be.

        Raises:
            TokenUnavailable: there is none, and the strategy has stopped trying.
        """
        ...

    async def rejected(self, token: Token, attempt: int) -> bool:
        """Learn that the API refused ``token`` with 401, and say whether to call once more.

        ``attempt`` counts the calls of this operation that were refused, from 1. A caller told
        True asks ``token()`` again and repeats its call.
        """
        ...

    def peek(self) -> Held | None:
        """Return what ``token()`` would hand out now; None when it would do anything else."""
        ...


@runtime_checkable
class Prompt(Protocol):
    """A strategy that can often answer without waiting. Only speed depends on it."""

    def token_now(self) -> Token | None:
        """Return what ``token`` would at this instant; None when it would have to wait or do
        something first. Unlike ``peek`` it promises nothing for the next instant."""
        ...

    def rejected_now(self, token: Token, attempt: int) -> bool | None:
        """Return what ``rejected`` would; None when it would have to do something first."""
        ...

    def refresh_now(self, token: Token, attempt: int) -> "Refresh | None":
        """Begin what ``rejected`` would do where that is one request to the token endpoint, at this
        instant, and waiting for its answer; None, and nothing is begun, where it is not.

        Called where ``rejected_now`` has returned None.
        """
        ...


class Refresh(Protocol):
    """A refresh that has begun and waits for the token endpoint alone."""

    def answered(self, answer: Token | Denied) -> bool:
        """Take the answer; return what ``rejected`` would."""
        ...
