"""The scope of a fleet with a broker: one process that has all tokens issued and tells the others.

The broker is a process of its own, with no work but this (``fleet/broker.py``); each
process of the fleet has a line to it. Nobody else asks the token endpoint.
"""

from dataclasses import dataclass, field
from typing import Annotated

from tokenrace.clock import SECOND, Ticks
from tokenrace.errors import RunError
from tokenrace.stores.contract import StoreUnavailable
from tokenrace.strategies.contract import Denied, TokenUnavailable
from tokenrace.strategies.on_401 import Drop, WillDo
from tokenrace.strategies.parameters import Choice, LifetimeSpan, Share, check_positive
from tokenrace.strategies.ports import BrokerLine, Ports
from tokenrace.strategies.scope import IssueToken, Keeper, Kept, if_it_serves
from tokenrace.token import Token

NO_OTHER = Denied(status=None, error="no_other_token")
"""The broker has no token but the one that will not do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """With the broker: it renews its token in time, and tells the fleet or is asked by it.

    A process that was refused a token says so to the broker, which has another issued unless it has
    one already. While the broker cannot be reached, a process goes on with what it was told last.
    """

    renew_at: Annotated[
        float, Share("At which part of its life the broker renews a token by itself.")
    ] = 0.8
    delivery: Annotated[
        str,
        Choice(
            "How processes learn of a new token: the broker pushes it to all, or each polls.",
            ("push", "poll"),
        ),
    ] = "push"
    poll_every: Annotated[
        Ticks, LifetimeSpan("With delivery poll, how long a process uses what it was told.")
    ] = 60 * SECOND
    min_interval: Annotated[
        Ticks,
        LifetimeSpan("How long after a token was issued the broker has none issued on a 401."),
    ] = SECOND

    def __post_init__(self) -> None:
        if not 0 < self.renew_at <= 1:
            raise ValueError(f"renew_at must be above 0 and at most 1, got {self.renew_at}")
        check_positive(self, "poll_every")

    def keeper(self, issue: IssueToken, ports: Ports) -> Keeper:  # noqa: ARG002 - the broker's own
        if ports.broker is None:
            raise RunError("this engine has no broker")
        lasts = self.poll_every if self.delivery == "poll" else None
        return _ToldKeeper(ports, ports.broker, lasts)


@dataclass(slots=True)
class _ToldKeeper:
    """What one process was told last. ``_lasts`` is how long that is good; None: until the next.

    A token that ``_is_dropped`` is known still, to tell the broker which one will not do.
    """

    _ports: Ports
    _line: BrokerLine
    _lasts: Ticks | None
    _token: Token | None = field(default=None, init=False)
    _told_at: Ticks = field(default=0, init=False)
    _is_dropped: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        if self._lasts is None:
            self._line.listen(self._take)

    def peek(self) -> Kept | None:
        until = None if self._lasts is None else self._told_at + self._lasts
        is_stale = until is not None and self._ports.clock.now() >= until
        is_kept = self._token is not None and not is_stale and not self._is_dropped
        return Kept(self._token, 0, until) if is_kept and self._token else None

    async def kept(self, will_do: WillDo) -> Token | None:
        kept = self.peek()
        return None if kept is None else if_it_serves(kept.token, will_do)

    async def drop(self, drop: Drop) -> None:
        if self._token is not None and drop.takes(self._token):
            self._is_dropped = True

    async def renew(self, will_do: WillDo) -> Token:
        """Ask the broker; tell it which token will not do, if it may not know."""
        known = self._token
        serves = known is not None and not self._is_dropped and will_do(known)
        try:
            if known is None or serves:
                token = await self._line.current()
            else:
                token = await self._line.other_than(known)
        except StoreUnavailable:
            if known is None or not serves:
                raise
            token = known
        self._take(token)
        if self._is_dropped or not will_do(token):
            raise TokenUnavailable(NO_OTHER)
        return token

    def _take(self, token: Token) -> None:
        known = self._token
        if known is None or token.obtained_at >= known.obtained_at:
            self._is_dropped = self._is_dropped and known is not None and token.value == known.value
            self._token = token
            self._told_at = self._ports.clock.now()
