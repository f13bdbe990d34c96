"""The failure axis: what follows when the token endpoint gives no token.

A failure is a value; ``issuer()`` makes the live piece of one process, which stands between its
strategy and the token endpoint.
"""

from dataclasses import dataclass, field
from typing import Annotated, Protocol

from tokenrace.clock import SECOND, Clock, Ticks
from tokenrace.strategies.contract import Denied, TokenEndpoint, TokenUnavailable
from tokenrace.strategies.parameters import LatencySpan, LifetimeSpan
from tokenrace.token import Token

TOO_MANY = 429
SERVER_ERRORS = 500


class Issuer(Protocol):
    """Asks the token endpoint for one process."""

    async def issue(self) -> Token:
        """Return a new token.

        Raises:
            TokenUnavailable: there is none.
        """
        ...

    def instead(self, kept: Token | None) -> Token | None:
        """Return what a caller gets after that: ``kept``, which may be dead, or nothing."""
        ...


class Failure(Protocol):
    """What follows a failure, as a value."""

    def issuer(self, endpoint: TokenEndpoint, clock: Clock) -> Issuer:
        """Return an issuer for one process, in its first state."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Raise:
    """The caller gets the failure. Nothing is remembered: the next caller asks again at once."""

    def issuer(self, endpoint: TokenEndpoint, clock: Clock) -> Issuer:  # noqa: ARG002
        return _Asking(endpoint)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOld:
    """The caller gets the token that is kept until it expires, and nobody asks for ``pause``.

    Good while the token is live; nobody here knows whether it is.
    """

    pause: Annotated[Ticks, LifetimeSpan("How long nobody asks again after a failure.")] = (
        30 * SECOND
    )

    def issuer(self, endpoint: TokenEndpoint, clock: Clock) -> Issuer:
        return _Serving(endpoint, clock, self.pause)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Ask again, after ``first_pause``, twice that and so on, for at most ``patience`` in all.

    Only where a repetition may help: no answer, 429 or a server error. ``Retry-After`` is heeded.
    Whoever waits for the refresh waits all that time.
    """

    first_pause: Annotated[Ticks, LatencySpan("How long to wait before the second try.")] = SECOND
    patience: Annotated[Ticks, LatencySpan("How long to go on trying.")] = 300 * SECOND

    def issuer(self, endpoint: TokenEndpoint, clock: Clock) -> Issuer:
        return _Persisting(endpoint, clock, self)


@dataclass(frozen=True, slots=True, kw_only=True)
class NegativeCache:
    """For ``negative_ttl`` after a failure every caller gets it again, and nobody asks."""

    negative_ttl: Annotated[Ticks, LatencySpan("How long a failure is remembered.")] = 5 * SECOND

    def issuer(self, endpoint: TokenEndpoint, clock: Clock) -> Issuer:
        return _Remembering(endpoint, clock, self.negative_ttl)


async def _asked(endpoint: TokenEndpoint) -> Token:
    answer = await endpoint.issue()
    if isinstance(answer, Denied):
        raise TokenUnavailable(answer)
    return answer


@dataclass(frozen=True, slots=True)
class _Asking:
    _endpoint: TokenEndpoint

    async def issue(self) -> Token:
        return await _asked(self._endpoint)

    def instead(self, kept: Token | None) -> Token | None:  # noqa: ARG002
        return None


@dataclass(slots=True)
class _Remembering:
    _endpoint: TokenEndpoint
    _clock: Clock
    _span: Ticks
    _failure: Denied | None = field(default=None, init=False)
    _until: Ticks = field(default=0, init=False)

    async def issue(self) -> Token:
        if self._failure is not None and self._clock.now() < self._until:
            raise TokenUnavailable(self._failure)
        try:
            return await _asked(self._endpoint)
        except TokenUnavailable as unavailable:
            self._failure = unavailable.denied
            self._until = self._clock.now() + self._span
            raise

    def instead(self, kept: Token | None) -> Token | None:  # noqa: ARG002
        return None


class _Serving(_Remembering):
    __slots__ = ()

    def instead(self, kept: Token | None) -> Token | None:
        return kept if kept is not None and self._clock.now() < kept.expires_at else None


@dataclass(frozen=True, slots=True)
class _Persisting:
    _endpoint: TokenEndpoint
    _clock: Clock
    _law: Backoff

    async def issue(self) -> Token:
        give_up_at = self._clock.now() + self._law.patience
        pause = self._law.first_pause
        while True:
            try:
                return await _asked(self._endpoint)
            except TokenUnavailable as unavailable:
                wait = max(pause, unavailable.denied.retry_after or 0)
                is_in_vain = not _may_pass(unavailable.denied)
                if is_in_vain or self._clock.now() + wait > give_up_at:
                    raise
            await self._clock.sleep(wait)
            pause *= 2

    def instead(self, kept: Token | None) -> Token | None:  # noqa: ARG002
        return None


def _may_pass(denied: Denied) -> bool:
    """Return whether asking again may help."""
    status = denied.status
    return status is None or status == TOO_MANY or status >= SERVER_ERRORS
