"""The trigger axis: how old a token may become before somebody looks for another.

A trigger is a value; ``gauge()`` makes the live piece of one process. A token is ``fresh`` and
handed out as it is, then ``ageing``: it will do still, and one caller may renew it, then ``old``:
nobody gets it without a refresh. Triggers that begin before anybody must wait are in
``early_trigger.py``.
"""

from dataclasses import dataclass, field
from typing import Annotated, Literal, Protocol

from tokenrace.clock import Ticks
from tokenrace.distributions import Stream
from tokenrace.strategies.parameters import Choice, LifetimeSpan, check_not_negative
from tokenrace.token import Token

Age = Literal["fresh", "ageing", "old"]


class Gauge(Protocol):
    """Tells one process how old its tokens are."""

    def fresh_until(self, token: Token) -> Ticks:
        """Return up to when ``token`` is fresh for certain: before it no chance is drawn."""
        ...

    def age(self, token: Token, now: Ticks) -> Age:
        """Return how old ``token`` is; may draw chance from ``fresh_until`` on."""
        ...

    def renewed(self, token: Token, took: Ticks) -> None:
        """Learn that ``token`` came of a refresh that took so long."""
        ...

    def renews_at(self, token: Token) -> Ticks | None:
        """Return when ``token`` is to be renewed without anybody asking; None: never."""
        ...


class Trigger(Protocol):
    """When a token is too old, as a value."""

    def gauge(self, stream: Stream) -> Gauge:
        """Return a gauge for one process, which draws its chance from ``stream``."""
        ...


class PlainGauge:
    """What most gauges do not care about."""

    __slots__ = ()

    def renewed(self, token: Token, took: Ticks) -> None:
        """Forget it."""

    def renews_at(self, token: Token) -> Ticks | None:  # noqa: ARG002
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class EveryCall:
    """No token is fresh: each call has one issued."""

    def gauge(self, stream: Stream) -> Gauge:  # noqa: ARG002
        return _NeverFresh()


class _NeverFresh(PlainGauge):
    __slots__ = ()

    def fresh_until(self, token: Token) -> Ticks:
        return token.obtained_at

    def age(self, token: Token, now: Ticks) -> Age:  # noqa: ARG002
        return "old"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leeway:
    """A token is fresh until ``leeway`` before its expiry, or up to ``jitter`` earlier.

    Drawn once per token, jitter spreads the processes. Drawn anew for each call, as some libraries
    do, the earliest draw wins, and nothing is spread. A leeway as long as the lifetime makes every
    call ask for a token of its own.
    """

    leeway: Annotated[
        Ticks, LifetimeSpan("How long before its expiry a token is no longer handed out.")
    ] = 0
    jitter: Annotated[
        Ticks, LifetimeSpan("How much longer than the leeway it may be, drawn at random.")
    ] = 0
    jitter_drawn: Annotated[
        str, Choice("When jitter is drawn: once per token or for each call.", ("token", "call"))
    ] = "token"

    def __post_init__(self) -> None:
        check_not_negative(self, "leeway", "jitter")

    def gauge(self, stream: Stream) -> Gauge:
        if not self.jitter:
            return _LeewayGauge(self.leeway)
        if self.jitter_drawn == "token":
            return _TokenJitter(self, stream)
        return _CallJitter(self, stream)


@dataclass(frozen=True, slots=True)
class _LeewayGauge(PlainGauge):
    leeway: Ticks

    def fresh_until(self, token: Token) -> Ticks:
        return token.expires_at - self.leeway

    def age(self, token: Token, now: Ticks) -> Age:
        return "fresh" if now < self.fresh_until(token) else "old"


@dataclass(slots=True)
class _TokenJitter(PlainGauge):
    """The draw for a token follows from the process's stream and the token alone: who looks at a
    token that is gone before anybody wants it moves no other's number."""

    _law: Leeway
    _stream: Stream
    _key: int = field(init=False)
    _value: str = field(default="", init=False)
    _earlier: Ticks = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._key = self._stream.getrandbits(64)

    def fresh_until(self, token: Token) -> Ticks:
        if token.value != self._value:
            self._value = token.value
            of_token = Stream(f"{self._key}/{token.value}")
            self._earlier = of_token.randrange(self._law.jitter + 1)
        return token.expires_at - self._law.leeway - self._earlier

    def age(self, token: Token, now: Ticks) -> Age:
        return "fresh" if now < self.fresh_until(token) else "old"


@dataclass(frozen=True, slots=True)
class _CallJitter(PlainGauge):
    _law: Leeway
    _stream: Stream

    def fresh_until(self, token: Token) -> Ticks:
        return token.expires_at - self._law.leeway - self._law.jitter

    def age(self, token: Token, now: Ticks) -> Age:
        left = token.expires_at - self._law.leeway - now
        if left <= 0:
            return "old"
        if left > self._law.jitter:
            return "fresh"
        return "fresh" if self._stream.randrange(self._law.jitter + 1) < left else "old"
