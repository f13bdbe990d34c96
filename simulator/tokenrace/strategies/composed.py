"""A strategy put together from the live pieces of its five axes."""

from dataclasses import dataclass, field

from tokenrace.clock import Clock, Ticks
from tokenrace.stores.contract import StoreUnavailable
from tokenrace.strategies.alarm import Alarm
from tokenrace.strategies.contract import (
    STORE_UNAVAILABLE,
    Denied,
    Held,
    Refresh,
    TokenUnavailable,
)
from tokenrace.strategies.control import Gate
from tokenrace.strategies.failure import Issuer
from tokenrace.strategies.on_401 import On401, WillDo
from tokenrace.strategies.scope import Keeper, Kept, ProcessKeeper
from tokenrace.strategies.trigger import Age, Gauge
from tokenrace.token import Token

NO_STORE = Denied(status=None, error=STORE_UNAVAILABLE)


@dataclass(slots=True, kw_only=True)
class ComposedStrategy:
    """One process's strategy; ``compose`` makes it.

    A token that is kept and fresh is handed out with no waiting (but for a store read). Everything
    else goes through the gate. A 401 whose refresh fails stays a 401: the caller is told not to
    call once more. While refreshes are ``under_way``, ``peek`` promises nothing. ``alone`` is the
    keeper where every refresh is one request to the token endpoint and nothing else, else None.
    """

    gauge: Gauge
    gate: Gate
    keeper: Keeper
    on_401: On401
    issuer: Issuer
    clock: Clock
    alone: ProcessKeeper | None = None
    under_way: int = field(default=0, init=False)
    _alarm: Alarm = field(init=False)

    def __post_init__(self) -> None:
        self._alarm = Alarm(self.clock, self._renew_in_time)

    async def token(self) -> Token:
        """Return the token that is kept while it is fresh, else another."""
        return await self._token_that(_any)

    def token_now(self) -> Token | None:
        """Return the token that is kept in memory, while it is fresh."""
        return self._kept_that(_any)

    def rejected_now(self, token: Token, attempt: int) -> bool | None:
        """Answer ``rejected`` where that means doing nothing: there is no next call, or the token
        that is kept will do for it."""
        kept = self._in_memory()
        drop = self.on_401.drops(token)
        if kept is None or (drop is not None and drop.takes(kept)):
            return None
        wanted = self.on_401.wanted(token, attempt)
        if wanted is None:
            return False
        return None if self._kept_that(wanted) is None else True

    def refresh_now(self, token: Token, attempt: int) -> Refresh | None:
        """Begin a refresh where nobody else has a say in it, and the token that is kept is out of
        the question: one that ages may do still, which only ``rejected`` finds out."""
        wanted = self.on_401.wanted(token, attempt)
        if self.alone is None or wanted is None:
            return None
        drop = self.on_401.drops(token)
        if drop is not None:
            self.alone.drop_now(drop)
        kept = self._in_memory()
        if kept is not None and wanted(kept):
            return None
        self.under_way += 1
        return _Asked(self, self.alone, self.clock.now())

    def has_renewed(self, token: Token, asked_at: Ticks) -> None:
        """Learn that ``token`` is kept now, which was asked for at ``asked_at``."""
        self.gauge.renewed(token, self.clock.now() - asked_at)
        self._alarm.set(self.gauge.renews_at(token))

    async def rejected(self, token: Token, attempt: int) -> bool:
        """Refresh as the on_401 axis says, and say whether to call once more."""
        wanted = self.on_401.wanted(token, attempt)
        try:
            await self._drop(token)
            if wanted is None:
                return False
            await self._token_that(wanted)
        except TokenUnavailable:
            return False
        return True

    async def _drop(self, rejected: Token) -> None:
        drop = self.on_401.drops(rejected)
        if drop is None:
            return
        self.under_way += 1
        try:
            await self.keeper.drop(drop)
        except StoreUnavailable as silence:
            raise TokenUnavailable(NO_STORE) from silence
        finally:
            self.under_way -= 1

    def peek(self) -> Held | None:
        """Return the token that is kept while it is fresh and no refresh is about to replace it."""
        kept = None if self.under_way else self.keeper.peek()
        if kept is None:
            return None
        until = self._fresh_until(kept)
        if self._alarm.at is not None:
            until = min(until, self._alarm.at)
        if self.clock.now() >= until:
            return None
        return Held(kept.token, until, kept.store_reads)

    async def _token_that(self, serves: WillDo) -> Token:
        self.under_way += 1
        try:
            return await self._found_or_granted(serves)
        except StoreUnavailable as silence:
            raise TokenUnavailable(NO_STORE) from silence
        finally:
            self.under_way -= 1

    async def _found_or_granted(self, serves: WillDo) -> Token:
        kept = await self.keeper.kept(serves)
        age: Age = "old" if kept is None else self.gauge.age(kept, self.clock.now())
        if kept is not None and age == "fresh":
            return kept
        wish = _Wish(self, serves)
        try:
            if kept is not None and age == "ageing":
                return await self.gate.grant_early(wish, kept)
            return await self.gate.grant(wish)
        except TokenUnavailable:
            old = self.issuer.instead(kept)
            if old is None:
                raise
            return old

    async def renewed(self, will_do: WillDo) -> Token:
        """Return another token than the one that is kept, which ``will_do``."""
        asked_at = self.clock.now()
        # Counted here as well: a flight goes on when all its callers have gone.
        self.under_way += 1
        try:
            token = await self.keeper.renew(lambda kept: self._is_fresh(kept) and will_do(kept))
        finally:
            self.under_way -= 1
        self.has_renewed(token, asked_at)
        return token

    async def fresh(self, will_do: WillDo) -> Token | None:
        """Return the token that is kept, if it is fresh and will do."""
        kept = await self.keeper.kept(will_do)
        return kept if kept is not None and self._is_fresh(kept) else None

    async def _renew_in_time(self) -> None:
        kept = self.keeper.peek()
        value = "" if kept is None else kept.token.value
        await self._token_that(lambda other: other.value != value)

    def _in_memory(self) -> Token | None:
        kept = self.keeper.peek()
        return None if kept is None else kept.token

    def _kept_that(self, serves: WillDo) -> Token | None:
        kept = self.keeper.peek()
        if kept is None or kept.store_reads:
            return None
        is_wanted = serves(kept.token) and self.clock.now() < self._fresh_until(kept)
        return kept.token if is_wanted else None

    def _fresh_until(self, kept: Kept) -> Ticks:
        until = self.gauge.fresh_until(kept.token)
        return until if kept.until is None else min(until, kept.until)

    def _is_fresh(self, token: Token) -> bool:
        return self.gauge.age(token, self.clock.now()) == "fresh"


@dataclass(slots=True)
class _Asked:
    """A refresh that is one request. Whoever has begun it takes the answer."""

    _strategy: ComposedStrategy
    _keeper: ProcessKeeper
    _at: Ticks

    def answered(self, answer: Token | Denied) -> bool:
        self._strategy.under_way -= 1
        if isinstance(answer, Denied):
            return False
        self._keeper.keep(answer)
        self._strategy.has_renewed(answer, self._at)
        return True


@dataclass(frozen=True, slots=True)
class _Wish:
    _strategy: ComposedStrategy
    _will_do: WillDo

    async def kept(self) -> Token | None:
        return await self._strategy.fresh(self._will_do)

    async def renewed(self) -> Token:
        return await self._strategy.renewed(self._will_do)


def _any(_: Token) -> bool:
    return True
