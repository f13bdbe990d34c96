"""Triggers that look for another token while the one that is kept will do still."""

from dataclasses import dataclass
from math import log
from typing import Annotated

from tokenrace.clock import MINUTE, SECOND, Ticks
from tokenrace.distributions import Stream
from tokenrace.strategies.parameters import Factor, LifetimeSpan, Share, check_not_negative
from tokenrace.strategies.trigger import Age, Gauge, PlainGauge
from tokenrace.token import Token


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoWindow:
    """A token ages from ``advisory`` before its expiry, and is old from ``mandatory`` on.

    While it ages one caller may renew it and the others use it; once it is old all must wait. What
    the workers make of that is the control's.
    """

    advisory: Annotated[
        Ticks, LifetimeSpan("How long before its expiry a token may be renewed.")
    ] = 15 * MINUTE
    mandatory: Annotated[
        Ticks, LifetimeSpan("How long before its expiry a token is no longer handed out.")
    ] = 10 * MINUTE

    def __post_init__(self) -> None:
        check_not_negative(self, "advisory", "mandatory")
        if self.advisory < self.mandatory:
            raise ValueError("advisory must be at least as long as mandatory")

    def gauge(self, stream: Stream) -> Gauge:  # noqa: ARG002
        return _Windows(self.advisory, self.mandatory)


@dataclass(frozen=True, slots=True)
class _Windows(PlainGauge):
    advisory: Ticks
    mandatory: Ticks

    def fresh_until(self, token: Token) -> Ticks:
        return token.expires_at - self.advisory

    def age(self, token: Token, now: Ticks) -> Age:
        left = token.expires_at - now
        if left > self.advisory:
            return "fresh"
        return "ageing" if left > self.mandatory else "old"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """A token is renewed at ``fraction`` of its life, or up to ``jitter`` earlier; nobody asks.

    Callers ask only for a process's first token, or when the renewal failed up to the expiry.
    """

    fraction: Annotated[float, Share("At which part of its life a token is renewed by itself.")] = (
        0.8
    )
    jitter: Annotated[
        Ticks, LifetimeSpan("How much earlier it may be, drawn once for each token.")
    ] = 0

    def __post_init__(self) -> None:
        check_not_negative(self, "jitter")
        if not 0 < self.fraction <= 1:
            raise ValueError(f"fraction must be above 0 and at most 1, got {self.fraction}")

    def gauge(self, stream: Stream) -> Gauge:
        return _TimerGauge(self, stream)


@dataclass(frozen=True, slots=True)
class _TimerGauge(PlainGauge):
    _law: Timer
    _stream: Stream

    def fresh_until(self, token: Token) -> Ticks:
        return token.expires_at

    def age(self, token: Token, now: Ticks) -> Age:
        return "fresh" if now < token.expires_at else "old"

    def renews_at(self, token: Token) -> Ticks | None:
        life = token.expires_at - token.obtained_at
        earlier = self._stream.randrange(self._law.jitter + 1) if self._law.jitter else 0
        return token.obtained_at + max(0, round(life * self._law.fraction) - earlier)


CERTAIN = 37.0
"""No draw of 53 bits is so small that -ln of it is more."""
FIRST_GUESS: Ticks = SECOND
"""How long a refresh is thought to take before the first one has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class XFetch:
    """Each call may renew the token early, at random, and the more likely the nearer its expiry.

    At ``now - took * beta * ln(U) >= expiry``, ``took`` being how long the last refresh took
    [Vattani, Chierichetti, Lowenstein, PVLDB 8(8) 2015]. Nobody is coordinated: the number of
    tokens issued per rotation has the mean e^(1/beta).
    """

    beta: Annotated[float, Factor("How eager early refreshes are; more is earlier.")] = 1.0

    def __post_init__(self) -> None:
        if not self.beta > 0:
            raise ValueError(f"beta must be above 0, got {self.beta}")

    def gauge(self, stream: Stream) -> Gauge:
        return _XFetchGauge(self.beta, stream)


class _XFetchGauge(PlainGauge):
    __slots__ = ("_beta", "_stream", "_took")

    def __init__(self, beta: float, stream: Stream) -> None:
        self._beta = beta
        self._stream = stream
        self._took: Ticks = FIRST_GUESS

    def renewed(self, token: Token, took: Ticks) -> None:  # noqa: ARG002
        self._took = took

    def fresh_until(self, token: Token) -> Ticks:
        return token.expires_at - round(CERTAIN * self._beta * self._took)

    def age(self, token: Token, now: Ticks) -> Age:
        if now < self.fresh_until(token):
            return "fresh"
        early = -self._took * self._beta * log(1.0 - self._stream.random())
        return "old" if now + early >= token.expires_at else "fresh"
