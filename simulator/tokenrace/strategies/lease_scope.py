"""Scopes of a whole fleet in which one process at a time, the holder of a lease, asks for a token.

The others look again every ``poll`` until ``wait`` is over. Giving back a lease may fail unnoticed,
because it lapses by itself.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Protocol

from tokenrace.clock import MILLISECOND, SECOND, Ticks, seconds
from tokenrace.stores.contract import Lease, StoreUnavailable
from tokenrace.strategies.contract import Denied, TokenUnavailable
from tokenrace.strategies.fleet_scope import CacheKeeper, LocalCopy, StoreDown
from tokenrace.strategies.on_401 import Drop, WillDo
from tokenrace.strategies.parameters import Choice, LatencySpan, Share, check_positive
from tokenrace.strategies.ports import Ports
from tokenrace.strategies.scope import IssueToken, Keeper, Kept
from tokenrace.token import Token

LEASE_TIMEOUT = Denied(status=None, error="lease_timeout")
MINT_DEADLINE = Denied(status=None, error="mint_deadline")
LeaseSpan = Annotated[Ticks, LatencySpan("How long a lease lasts unless it is given back.")]
Poll = Annotated[Ticks, LatencySpan("How often those who wait for the lease look again.")]
Wait = Annotated[Ticks, LatencySpan("How long to wait for the lease.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedLock:
    """In the store; only the holder of a lease has a token issued.

    The lease is not renewed and the write is not fenced, so a token endpoint slower than
    ``lock_ttl`` meets two holders.
    """

    lock_ttl: LeaseSpan = 10 * SECOND
    poll: Poll = 50 * MILLISECOND
    wait: Wait = 12 * SECOND
    release: Annotated[
        str,
        Choice(
            "How a lease is given back: compare, only one's own; delete, whoever's it is.",
            ("compare", "delete"),
        ),
    ] = "compare"
    on_timeout: Annotated[
        str,
        Choice(
            "What follows a wait in vain: fail, or ask for a token without the lease.",
            ("fail", "uncoordinated"),
        ),
    ] = "fail"
    local_copy: LocalCopy = 0
    store_down: StoreDown = "fail"

    def __post_init__(self) -> None:
        check_positive(self, "lock_ttl", "poll", "wait")

    def keeper(self, issue: IssueToken, ports: Ports) -> Keeper:
        cache = CacheKeeper(issue, ports, self.local_copy, self.store_down)
        return _LeasedKeeper(self, cache, ports)

    def span(self) -> Ticks:
        """Return how long a lease lasts."""
        return self.lock_ttl

    async def renew_as_holder(self, cache: CacheKeeper, will_do: WillDo) -> Token:
        """Have a token issued and write it."""
        return await cache.renew(will_do)

    async def give_back(self, lease: Lease, ports: Ports) -> None:
        """End the lease, or somebody else's."""
        if self.release == "compare":
            await ports.leases.release(lease)
        else:
            await ports.leases.delete_lease()

    async def after_timeout(self, cache: CacheKeeper, will_do: WillDo) -> Token:
        """Fail, or ask all the same."""
        if self.on_timeout == "fail":
            raise TokenUnavailable(LEASE_TIMEOUT)
        return await cache.renew(will_do)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseCas:
    """In the store; the holder of a lease has a token issued, in time, and writes it compared.

    A holder gives up asking after ``deadline`` of its lease, so that two never ask at once, and
    writes only over the record it has seen: an answer that comes late cannot replace a newer token.
    It does not undo the eviction that a token asked for in vain caused at the provider.
    """

    lease: LeaseSpan = 10 * SECOND
    deadline: Annotated[
        float, Share("After which part of its lease a holder stops waiting for a token.")
    ] = 0.5
    poll: Poll = 50 * MILLISECOND
    wait: Wait = 12 * SECOND
    local_copy: LocalCopy = 0
    store_down: StoreDown = "fail"

    def __post_init__(self) -> None:
        check_positive(self, "lease", "poll", "wait", "deadline")

    def keeper(self, issue: IssueToken, ports: Ports) -> Keeper:
        async def in_time() -> Token:
            try:
                async with asyncio.timeout(seconds(round(self.lease * self.deadline))):
                    return await issue()
            except TimeoutError:
                raise TokenUnavailable(MINT_DEADLINE) from None

        cache = CacheKeeper(in_time, ports, self.local_copy, self.store_down)
        return _LeasedKeeper(self, cache, ports)

    def span(self) -> Ticks:
        """Return how long a lease lasts."""
        return self.lease

    async def renew_as_holder(self, cache: CacheKeeper, will_do: WillDo) -> Token:
        """Have a token issued and write it over the record just read; where somebody else wrote
        meanwhile, theirs is used."""
        return await cache.renew_compared(will_do)

    async def give_back(self, lease: Lease, ports: Ports) -> None:
        """End the lease, if it is still this one."""
        await ports.leases.release(lease)

    async def after_timeout(self, cache: CacheKeeper, will_do: WillDo) -> Token:  # noqa: ARG002
        """Fail."""
        raise TokenUnavailable(LEASE_TIMEOUT)


class _Terms(Protocol):
    """What leases of a fleet differ in."""

    @property
    def poll(self) -> Ticks: ...
    @property
    def wait(self) -> Ticks: ...
    @property
    def store_down(self) -> str: ...
    def span(self) -> Ticks: ...
    async def renew_as_holder(self, cache: CacheKeeper, will_do: WillDo) -> Token: ...
    async def give_back(self, lease: Lease, ports: Ports) -> None: ...
    async def after_timeout(self, cache: CacheKeeper, will_do: WillDo) -> Token: ...


@dataclass(frozen=True, slots=True)
class _LeasedKeeper:
    _terms: _Terms
    _cache: CacheKeeper
    _ports: Ports

    def peek(self) -> Kept | None:
        return self._cache.peek()

    async def kept(self, will_do: WillDo) -> Token | None:
        return await self._cache.kept(will_do)

    async def drop(self, drop: Drop) -> None:
        await self._cache.drop(drop)

    async def renew(self, will_do: WillDo) -> Token:
        clock = self._ports.clock
        give_up_at = clock.now() + self._terms.wait
        while True:
            try:
                lease = await self._ports.leases.acquire(self._ports.holder, self._terms.span())
            except StoreUnavailable:
                if self._terms.store_down == "fail":
                    raise
                return await self._cache.renew(will_do)
            if lease is not None:
                return await self._renew_as_holder(lease, will_do)
            left = give_up_at - clock.now()
            if left <= 0:
                return await self._terms.after_timeout(self._cache, will_do)
            await clock.sleep(min(self._terms.poll, left))
            token = await self._cache.stored(will_do)
            if token is not None:
                return token

    async def _renew_as_holder(self, lease: Lease, will_do: WillDo) -> Token:
        """Look once more, as the last holder may have done the work; then have a token issued."""
        try:
            token = await self._cache.stored(will_do)
            return token or await self._terms.renew_as_holder(self._cache, will_do)
        finally:
            with suppress(StoreUnavailable):
                await self._terms.give_back(lease, self._ports)
