"""The scope of a whole fleet that shares a record in its store, with no lock.

Locks on top of it are in ``lease_scope.py``.

A store that does not answer is met as ``store_down`` says. ``fail``: ``StoreUnavailable`` passes
through and whatever was under way is given up, even a token just issued that could not be written:
the service under study has no result then either. ``alone``: the process goes on with tokens of its
own until the store answers again.
"""

from dataclasses import dataclass, field
from typing import Annotated

from tokenrace.clock import Ticks
from tokenrace.stores.contract import Record, StoreUnavailable
from tokenrace.strategies.on_401 import Drop, WillDo
from tokenrace.strategies.parameters import Choice, LifetimeSpan
from tokenrace.strategies.ports import Ports
from tokenrace.strategies.scope import IssueToken, Keeper, Kept, if_it_serves
from tokenrace.token import Token

StoreDown = Annotated[
    str,
    Choice(
        "What a process does when the store does not answer: fail, or go on alone with tokens of "
        "its own.",
        ("fail", "alone"),
    ),
]
LocalCopy = Annotated[
    Ticks, LifetimeSpan("How long a process uses what it has read without another look.")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedCache:
    """In the store, with no lock: the last writer wins, even with a token that is dead by then.

    With a ``local_copy`` a process does not see for that long what others have written.
    """

    local_copy: LocalCopy = 0
    store_down: StoreDown = "fail"

    def keeper(self, issue: IssueToken, ports: Ports) -> Keeper:
        return CacheKeeper(issue, ports, self.local_copy, self.store_down)


@dataclass(slots=True)
class CacheKeeper:
    """One process's view of the shared record.

    ``_own`` is the token it goes on with alone while the store is down.
    """

    _issue: IssueToken
    _ports: Ports
    _copy_lasts: Ticks
    _store_down: str
    _copy: Record | None = field(default=None, init=False)
    _copied_at: Ticks = field(default=0, init=False)
    _own: Token | None = field(default=None, init=False)

    def peek(self) -> Kept | None:
        """Return the copy, or the store's record where it can be seen at once."""
        if self._copy_lasts:
            until = self._copied_at + self._copy_lasts
            is_good = self._copy is not None and self._ports.clock.now() < until
            return Kept(self._copy.token, 0, until) if is_good and self._copy else None
        record = None if self._ports.snapshot is None else self._ports.snapshot()
        return None if record is None else Kept(record.token, store_reads=1)

    async def kept(self, will_do: WillDo) -> Token | None:
        """Return the token in the copy, while it is good and will do, else look into the store."""
        copy = self.peek() if self._copy_lasts else None
        if copy is not None and will_do(copy.token):
            return copy.token
        return await self.stored(will_do)

    async def stored(self, will_do: WillDo) -> Token | None:
        """Return the token in the store, if it will do."""
        try:
            self._take(await self._ports.store.read())
        except StoreUnavailable:
            if self._store_down == "fail":
                raise
            return if_it_serves(self._own, will_do)
        return None if self._copy is None else if_it_serves(self._copy.token, will_do)

    async def drop(self, drop: Drop) -> None:
        """Clear the record, and let go of what this process has of it; where a copy of a newer
        token is in use, nothing."""
        copy = self.peek() if self._copy_lasts else None
        if copy is not None and not drop.takes(copy.token):
            return
        self._copy = None
        if self._own is not None and drop.takes(self._own):
            self._own = None
        try:
            await self._clear(drop)
        except StoreUnavailable:
            if self._store_down == "fail":
                raise

    async def _clear(self, drop: Drop) -> None:
        if drop.only is None:
            await self._ports.store.write(None)
            return
        record = await self._ports.store.read()
        if record is not None and drop.takes(record.token):
            await self._ports.store.write(None, expected_version=record.version)

    async def renew(self, will_do: WillDo) -> Token:  # noqa: ARG002 - looks at nothing first
        """Have a token issued and write it, whatever is there."""
        token = self._own = await self._issue()
        await self._write(token, None)
        return token

    async def renew_compared(self, will_do: WillDo) -> Token:
        """Have a token issued and write it over the record that was read last; return another that
        has been written meanwhile, if it will do."""
        version = 0 if self._copy is None else self._copy.version
        token = self._own = await self._issue()
        if await self._write(token, version):
            return token
        return await self.stored(will_do) or token

    async def _write(self, token: Token, expected_version: int | None) -> bool:
        """Write; return False where the record had another version."""
        try:
            is_written = await self._ports.store.write(token, expected_version=expected_version)
        except StoreUnavailable:
            if self._store_down == "fail":
                raise
            return True
        if is_written:
            self._take(Record(token, 0 if expected_version is None else expected_version + 1))
        return is_written

    def _take(self, record: Record | None) -> None:
        self._copy = record
        self._copied_at = self._ports.clock.now()
