"""Scopes that a whole fleet shares through its store. Each call reads the store.

A store that does not answer is met in one way: ``StoreUnavailable`` passes through and whatever was
under way is given up, even a token just issued that could not be written: the service under study
has no result then either. Only giving back a lease may fail unnoticed, because it lapses by itself.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated

from simulator.clock import Ticks
from simulator.stores.contract import Lease, StoreUnavailable
from simulator.strategies.contract import Denied, TokenUnavailable
from simulator.strategies.on_401 import WillDo
from simulator.strategies.parameters import LatencySpan
from simulator.strategies.ports import Ports
from simulator.strategies.scope import Issue, Keeper, Kept, if_it_serves
from simulator.token import Token

LEASE_TIMEOUT = Denied(status=None, error="lease_timeout")


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedCache:
    """In the store, with no lock: the last writer wins, even with a token that is dead by then."""

    def keeper(self, issue: Issue, ports: Ports) -> Keeper:
        return _CacheKeeper(issue, ports)


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedLock:
    """In the store; only the holder of a lease has a token issued.

    The others look again every ``poll`` until ``wait`` is over, then they fail. Giving back is
    compare-and-delete. The lease is not renewed and the write is not fenced, so a token endpoint
    slower than ``lock_ttl`` meets two holders.
    """

    lock_ttl: Annotated[Ticks, LatencySpan("How long a lease lasts unless it is given back.")]
    poll: Annotated[Ticks, LatencySpan("How often those who wait for the lease look again.")]
    wait: Annotated[Ticks, LatencySpan("How long to wait for the lease before failing.")]

    def __post_init__(self) -> None:
        for name in ("lock_ttl", "poll", "wait"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be positive, got {getattr(self, name)}")

    def keeper(self, issue: Issue, ports: Ports) -> Keeper:
        return _LockKeeper(self, _CacheKeeper(issue, ports), ports)


@dataclass(frozen=True, slots=True)
class _CacheKeeper:
    _issue: Issue
    _ports: Ports

    def peek(self) -> Kept | None:
        record = None if self._ports.snapshot is None else self._ports.snapshot()
        return None if record is None else Kept(record.token, store_reads=1)

    async def kept(self, will_do: WillDo) -> Token | None:
        record = await self._ports.store.read()
        return None if record is None else if_it_serves(record.token, will_do)

    async def renew(self, will_do: WillDo) -> Token:  # noqa: ARG002 - looks at nothing first
        token = await self._issue()
        await self._ports.store.write(token)
        return token


@dataclass(frozen=True, slots=True)
class _LockKeeper:
    _scope: SharedLock
    _cache: _CacheKeeper
    _ports: Ports

    def peek(self) -> Kept | None:
        return self._cache.peek()

    async def kept(self, will_do: WillDo) -> Token | None:
        return await self._cache.kept(will_do)

    async def renew(self, will_do: WillDo) -> Token:
        clock, leases = self._ports.clock, self._ports.leases
        give_up_at = clock.now() + self._scope.wait
        while True:
            lease = await leases.acquire(self._ports.holder, self._scope.lock_ttl)
            if lease is not None:
                return await self._renew_as_holder(lease, will_do)
            left = give_up_at - clock.now()
            if left <= 0:
                raise TokenUnavailable(LEASE_TIMEOUT)
            await clock.sleep(min(self._scope.poll, left))
            token = await self.kept(will_do)
            if token is not None:
                return token

    async def _renew_as_holder(self, lease: Lease, will_do: WillDo) -> Token:
        """Look once more, as the last holder may have done the work; then have a token issued."""
        try:
            return await self.kept(will_do) or await self._cache.renew(will_do)
        finally:
            with suppress(StoreUnavailable):
                await self._ports.leases.release(lease)
