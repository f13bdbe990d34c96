"""A strategy put together from the live pieces of its five axes."""

from dataclasses import dataclass, field

from simulator.clock import Clock
from simulator.stores.contract import StoreUnavailable
from simulator.strategies.contract import Denied, Held, TokenUnavailable
from simulator.strategies.control import Gate
from simulator.strategies.on_401 import On401, WillDo
from simulator.strategies.scope import Keeper
from simulator.strategies.trigger import Trigger
from simulator.token import Token

STORE_UNAVAILABLE = Denied(status=None, error="store_unavailable")


@dataclass(slots=True, kw_only=True)
class ComposedStrategy:
    """One process's strategy; ``compose`` makes it.

    A token that is kept and fresh is handed out with no waiting (but for a store read). Everything
    else goes through the gate. A 401 whose refresh fails stays a 401: the caller is told not to
    call once more. While refreshes are ``under_way``, ``peek`` promises nothing.
    """

    trigger: Trigger
    gate: Gate
    keeper: Keeper
    on_401: On401
    clock: Clock
    under_way: int = field(default=0, init=False)

    async def token(self) -> Token:
        """Return the token that is kept while it is fresh, else another."""
        return await self._token_that(_any)

    def token_now(self) -> Token | None:
        """Return the token that is kept in memory, while it is fresh."""
        return self._kept_that(_any)

    def rejected_now(self, token: Token, attempt: int) -> bool | None:
        """Answer ``rejected`` where that means doing nothing: there is no next call, or the token
        that is kept will do for it."""
        wanted = self.on_401.wanted(token, attempt)
        if wanted is None:
            return False
        return None if self._kept_that(wanted) is None else True

    async def rejected(self, token: Token, attempt: int) -> bool:
        """Refresh as the on_401 axis says, and say whether to call once more."""
        wanted = self.on_401.wanted(token, attempt)
        if wanted is None:
            return False
        try:
            await self._token_that(wanted)
        except TokenUnavailable:
            return False
        return True

    def peek(self) -> Held | None:
        """Return the token that is kept while it is fresh and no refresh is about to replace it."""
        kept = None if self.under_way else self.keeper.peek()
        if kept is None or not self._is_fresh(kept.token):
            return None
        return Held(kept.token, self.trigger.fresh_until(kept.token), kept.store_reads)

    async def _token_that(self, serves: WillDo) -> Token:
        wish = _Wish(self, lambda kept: self._is_fresh(kept) and serves(kept))
        try:
            token = await wish.kept()
            if token is not None:
                return token
            self.under_way += 1
            try:
                return await self.gate.grant(wish)
            finally:
                self.under_way -= 1
        except StoreUnavailable as silence:
            raise TokenUnavailable(STORE_UNAVAILABLE) from silence

    def _kept_that(self, serves: WillDo) -> Token | None:
        kept = self.keeper.peek()
        if kept is None or kept.store_reads or not self._is_fresh(kept.token):
            return None
        return kept.token if serves(kept.token) else None

    def _is_fresh(self, token: Token) -> bool:
        return self.clock.now() < self.trigger.fresh_until(token)


@dataclass(frozen=True, slots=True)
class _Wish:
    _strategy: ComposedStrategy
    _will_do: WillDo

    async def kept(self) -> Token | None:
        return await self._strategy.keeper.kept(self._will_do)

    async def renewed(self) -> Token:
        # Counted here as well: a flight goes on when all its callers have gone.
        self._strategy.under_way += 1
        try:
            return await self._strategy.keeper.renew(self._will_do)
        finally:
            self._strategy.under_way -= 1


def _any(_: Token) -> bool:
    return True
