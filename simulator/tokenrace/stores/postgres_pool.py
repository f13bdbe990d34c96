"""Connections to one PostgreSQL server, at most so many: who finds none free waits, then fails.

Every call is bounded. What does not answer in time is cancelled on the server, and where even that
gets no answer the connection is given up.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, LiteralString, TypeVar

from psycopg import AsyncConnection, Error
from psycopg.pq import TransactionStatus

from tokenrace.clock import Ticks, seconds
from tokenrace.passwords import with_passwords_hidden
from tokenrace.stores import bounded
from tokenrace.stores.contract import StoreUnavailable

T = TypeVar("T")
Values = Sequence[str | int | None]
_SEARCH_PATH = "SELECT set_config('search_path', %s, false)"

# It warns when a statement could not be cancelled, which a store that is down makes certain.
logging.getLogger("psycopg").setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True)
class Borrowed:
    """A connection while its borrower has it. ``answer_within`` is for one statement."""

    connection: AsyncConnection
    answer_within: Ticks

    async def rows(
        self, statement: LiteralString, values: Values = (), *, more: Ticks = 0
    ) -> list[tuple[Any, ...]]:
        """Run ``statement`` and return its rows; it may take ``more`` than others.

        Raises:
            StoreUnavailable: it failed, or there was no answer.
        """
        return await answered(self._rows(statement, values), self.answer_within + more)

    async def _rows(self, statement: LiteralString, values: Values) -> list[tuple[Any, ...]]:
        cursor = await self.connection.execute(statement, values)
        return await cursor.fetchall() if cursor.description else []

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """Make the block one transaction, undone where it raises."""
        try:
            await self.rows("BEGIN")
            yield
            await self.rows("COMMIT")
        except BaseException:
            with suppress(StoreUnavailable):
                await self.rows("ROLLBACK")
            raise


@dataclass(slots=True)
class PostgresPool:
    """At most ``size`` connections to the database at ``url``, opened when they are needed.

    Their statements mean the tables in ``schema``.
    """

    url: str = field(repr=False)
    schema: str
    size: int
    answer_within: Ticks
    _free: asyncio.Semaphore = field(init=False)
    _idle: list[AsyncConnection] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self._free = asyncio.Semaphore(self.size)

    @asynccontextmanager
    async def borrow(self) -> AsyncIterator[Borrowed]:
        """Lend a connection for the block, in autocommit mode.

        Raises:
            StoreUnavailable: none came free in time, or the server cannot be reached.
        """
        try:
            async with asyncio.timeout(seconds(self.answer_within)):
                await self._free.acquire()
        except TimeoutError:
            raise StoreUnavailable(f"PostgreSQL: all {self.size} connections are in use") from None
        try:
            connection = self._idle.pop() if self._idle else await self._connected()
            try:
                yield Borrowed(connection, self.answer_within)
            finally:
                await self._take_back(connection)
        finally:
            self._free.release()

    async def close(self) -> None:
        """Close every connection; none may be borrowed."""
        while self._idle:
            await self._idle.pop().close()

    async def _connected(self) -> AsyncConnection:
        opened: list[AsyncConnection] = []
        try:
            await answered(self._open(opened), self.answer_within)
        except BaseException:
            for connection in opened:  # nobody waited for it any more
                await connection.close()
            raise
        return opened[0]

    async def _open(self, opened: list[AsyncConnection]) -> None:
        opened.append(await AsyncConnection.connect(self.url, autocommit=True))
        await opened[0].execute(_SEARCH_PATH, (self.schema,))

    async def _take_back(self, connection: AsyncConnection) -> None:
        if connection.pgconn.transaction_status == TransactionStatus.IDLE:
            self._idle.append(connection)
        else:
            await connection.close()


async def answered(call: Coroutine[Any, Any, T], within: Ticks) -> T:
    """Return what ``call`` does, if that comes in time.

    Raises:
        StoreUnavailable: it did not, or failed.
    """
    try:
        return await bounded.answered(call, within)
    except TimeoutError:
        raise StoreUnavailable("PostgreSQL: no answer") from None
    except Error as error:
        raise StoreUnavailable(f"PostgreSQL: {_first_line(error)}") from error


def _first_line(error: Error) -> str:
    return with_passwords_hidden(str(error).partition("\n")[0])
