"""Scopes in which one process at a time, the holder of the lock on the record, asks for a token.

The lock has no lifetime. However slow the token endpoint is, or however long the holder stands
still, there is never a second one beside it; and all the others wait for it.
"""

from dataclasses import dataclass
from typing import Annotated, Protocol

from tokenrace.clock import MILLISECOND, SECOND, Ticks
from tokenrace.stores.contract import RowLocks, TokenStore
from tokenrace.strategies.contract import Denied, TokenUnavailable
from tokenrace.strategies.fleet_scope import CacheKeeper
from tokenrace.strategies.on_401 import Drop, WillDo
from tokenrace.strategies.parameters import LatencySpan, check_positive
from tokenrace.strategies.ports import Ports
from tokenrace.strategies.scope import IssueToken, Keeper, Kept
from tokenrace.token import Token

LOCK_TIMEOUT = Denied(status=None, error="lock_timeout")
LockTimeout = Annotated[Ticks, LatencySpan("How long to wait for the lock on the record.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlRowLock:
    """In the store; a token is issued within the transaction that has locked its row.

    Those who wait do so in the store. The transaction stays open as long as the token endpoint
    takes, and a connection with it.
    """

    lock_timeout: LockTimeout = 12 * SECOND

    def __post_init__(self) -> None:
        check_positive(self, "lock_timeout")

    def keeper(self, issue: IssueToken, ports: Ports) -> Keeper:
        return _LockingKeeper(self, issue, ports)

    async def renew(self, keeper: "_LockingKeeper", will_do: WillDo) -> Token:
        """Wait in the store until the lock comes."""
        token = await keeper.renew_within(self.lock_timeout, will_do)
        if token is None:
            raise TokenUnavailable(LOCK_TIMEOUT)
        return token


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFileLock:
    """In a file of the host; only the holder of a lock on it has a token issued.

    Those who wait try again every ``poll``, in no order: one may be overtaken until its time is
    over. Other hosts have files of their own.
    """

    lock_timeout: LockTimeout = 5 * SECOND
    poll: Annotated[Ticks, LatencySpan("How often those who wait try to take the lock.")] = (
        250 * MILLISECOND
    )

    def __post_init__(self) -> None:
        check_positive(self, "lock_timeout", "poll")

    def keeper(self, issue: IssueToken, ports: Ports) -> Keeper:
        return _LockingKeeper(self, issue, ports)

    async def renew(self, keeper: "_LockingKeeper", will_do: WillDo) -> Token:
        """Try until the lock is free."""
        give_up_at = keeper.ports.clock.now() + self.lock_timeout
        while True:
            token = await keeper.renew_within(0, will_do)
            if token is not None:
                return token
            left = give_up_at - keeper.ports.clock.now()
            if left <= 0:
                raise TokenUnavailable(LOCK_TIMEOUT)
            await keeper.ports.clock.sleep(min(self.poll, left))


class _Terms(Protocol):
    """What locks on a record differ in: how one waits for them."""

    async def renew(self, keeper: "_LockingKeeper", will_do: WillDo) -> Token: ...


class _LockingKeeper:
    __slots__ = ("_cache", "_issue", "_locks", "_terms", "ports")

    def __init__(self, terms: _Terms, issue: IssueToken, ports: Ports) -> None:
        assert ports.row_locks is not None, "the scenario's reader refuses such a store"
        self._terms = terms
        self._issue = issue
        self._cache = CacheKeeper(issue, ports, 0, "fail")
        self._locks: RowLocks = ports.row_locks
        self.ports = ports

    def peek(self) -> Kept | None:
        return self._cache.peek()

    async def kept(self, will_do: WillDo) -> Token | None:
        return await self._cache.kept(will_do)

    async def drop(self, drop: Drop) -> None:
        await self._cache.drop(drop)

    async def renew(self, will_do: WillDo) -> Token:
        return await self._terms.renew(self, will_do)

    async def renew_within(self, wait: Ticks, will_do: WillDo) -> Token | None:
        """Take the lock, look again, as the last holder may have done the work, then have a token
        issued and write it. None where the lock did not come."""
        async with self._locks.hold(wait) as record:
            return None if record is None else await self._renew_as_holder(record, will_do)

    async def _renew_as_holder(self, record: TokenStore, will_do: WillDo) -> Token:
        found = await record.read()
        if found is not None and will_do(found.token):
            return found.token
        token = await self._issue()
        await record.write(token)
        return token
