"""A strategy put together from the live pieces of its five axes."""

from collections.abc import Iterator
from contextlib import contextmanager
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
    call once more.
    """

    trigger: Trigger
    gate: Gate
    keeper: Keeper
    on_401: On401
    clock: Clock
    _under_way: int = field(default=0, init=False)

    async def token(self) -> Token:
        """Return the token that is kept while it is fresh, else another."""
        return await self._token_that(_any)

    def rejected_now(self, token: Token, attempt: int) -> bool | None:
        """Answer ``rejected`` where that means doing nothing: there is no next call."""
        return False if self.on_401.wanted(token, attempt) is None else None

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
        kept = None if self._under_way else self.keeper.peek()
        if kept is None or not self._is_fresh(kept.token):
            return None
        return Held(kept.token, self.trigger.fresh_until(kept.token), kept.store_reads)

    async def _token_that(self, serves: WillDo) -> Token:
        wish = _Wish(self, lambda kept: self._is_fresh(kept) and serves(kept))
        try:
            token = await wish.kept()
            if token is not None:
                return token
            with self.refresh_under_way():
                return await self.gate.grant(wish)
        except StoreUnavailable as silence:
            raise TokenUnavailable(STORE_UNAVAILABLE) from silence

    def _is_fresh(self, token: Token) -> bool:
        return self.clock.now() < self.trigger.fresh_until(token)

    @contextmanager
    def refresh_under_way(self) -> Iterator[None]:
        """Have ``peek`` promise nothing for as long."""
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1


@dataclass(frozen=True, slots=True)
class _Wish:
    _strategy: ComposedStrategy
    _will_do: WillDo

    async def kept(self) -> Token | None:
        return await self._strategy.keeper.kept(self._will_do)

    async def renewed(self) -> Token:
        # Counted here as well: a flight goes on when all its callers have gone.
        with self._strategy.refresh_under_way():
            return await self._strategy.keeper.renew(self._will_do)


def _any(_: Token) -> bool:
    return True
