"""A store on a Redis server, shared by every process that reaches it.

* The record is a hash with a version. It is compared and set in one Lua script, as nothing else
  runs on the server meanwhile.
* The lease is ``SET NX PX``, and it lapses by the server's clock, in whole milliseconds. Its value
  carries the fencing token, so that giving it back, compare-and-delete in Lua, ends no successor's.
* No lock on the record: a lock that lives as long as its holder is what Redis does not have.

Promises as much as the server does: a failover loses what its replica had not yet got.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from tokenrace.clock import MILLISECOND, Ticks
from tokenrace.passwords import with_passwords_hidden
from tokenrace.stores.bounded import answered
from tokenrace.stores.contract import Lease, Record, StoreUnavailable
from tokenrace.token import Token

CONNECTIONS_MAX = 50
"""Of one process; callers beyond it wait for one, within the timeout of their call."""

_WRITE = """
local writes = tonumber(redis.call('HGET', KEYS[1], 'version') or 0)
local version = redis.call('HEXISTS', KEYS[1], 'value') == 1 and writes or 0
if ARGV[1] ~= '' and tonumber(ARGV[1]) ~= version then return 0 end
redis.call('HSET', KEYS[1], 'version', writes + 1)
if ARGV[2] then
    redis.call('HSET', KEYS[1], 'value', ARGV[2], 'obtained_at', ARGV[3], 'expires_at', ARGV[4])
else
    redis.call('HDEL', KEYS[1], 'value', 'obtained_at', 'expires_at')
end
return 1
"""
_ACQUIRE = """
local fencing_token = tonumber(redis.call('GET', KEYS[2]) or 0) + 1
local lease = fencing_token .. ' ' .. ARGV[1]
if not redis.call('SET', KEYS[1], lease, 'NX', 'PX', ARGV[2]) then return false end
redis.call('SET', KEYS[2], fencing_token)
local time = redis.call('TIME')
return {fencing_token, time[1] * 1000000 + time[2] + ARGV[2] * 1000}
"""
_RELEASE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
"""


@dataclass(frozen=True, slots=True)
class RedisKeys:
    """The keys of one store; others on the same server have another ``prefix``."""

    prefix: str

    @property
    def record(self) -> str:
        """A hash: value, obtained_at, expires_at, version; only the version while it is cleared."""
        return f"{self.prefix}:record"

    @property
    def lease(self) -> str:
        """A string that lapses: the fencing token and the holder."""
        return f"{self.prefix}:lease"

    @property
    def leases_granted(self) -> str:
        """A number: the last fencing token."""
        return f"{self.prefix}:leases_granted"


@dataclass(frozen=True, slots=True)
class RedisStore:
    """One process's connections to the server; ``open_redis`` makes it.

    ``send`` sends one command. A call not answered within ``answer_within`` fails.
    """

    send: Callable[..., Awaitable[Any]]
    keys: RedisKeys
    answer_within: Ticks

    async def read(self) -> Record | None:
        """Return the record, or None before the first write."""
        fields = ("value", "obtained_at", "expires_at", "version")
        value, obtained_at, expires_at, version = await self.call(
            "HMGET", self.keys.record, *fields
        )
        if value is None:
            return None
        return Record(Token(value, int(obtained_at), int(expires_at)), int(version))

    async def write(self, token: Token | None, *, expected_version: int | None = None) -> bool:
        """Replace the record; with ``expected_version``, only if that is still its version."""
        expected = "" if expected_version is None else expected_version
        values = () if token is None else (token.value, token.obtained_at, token.expires_at)
        return bool(await self.call("EVAL", _WRITE, 1, self.keys.record, expected, *values))

    async def acquire(self, holder: str, ttl: Ticks) -> Lease | None:
        """Take the lease if nobody has it; ``ttl`` is rounded up to a millisecond."""
        assert ttl > 0, ttl
        keys = (self.keys.lease, self.keys.leases_granted)
        granted = await self.call("EVAL", _ACQUIRE, 2, *keys, holder, -(-ttl // MILLISECOND))
        return None if granted is None else Lease(holder, *granted)

    async def release(self, lease: Lease) -> bool:
        """Give ``lease`` back if it is still the current one."""
        value = f"{lease.fencing_token} {lease.holder}"
        return bool(await self.call("EVAL", _RELEASE, 1, self.keys.lease, value))

    async def delete_lease(self) -> None:
        """End the lease, whoever has it."""
        await self.call("DEL", self.keys.lease)

    async def call(self, *words: str | int) -> Any:
        """Send one command and return its answer.

        Raises:
            StoreUnavailable: there was none.
        """
        with _unavailable():
            return await answered(self._sent(*words), self.answer_within)

    async def _sent(self, *words: str | int) -> Any:
        return await self.send(*words)


@asynccontextmanager
async def open_redis(url: str, prefix: str, answer_within: Ticks) -> AsyncIterator[RedisStore]:
    """Open the store whose keys begin with ``prefix`` on the server at ``url``.

    Connects when it is first called: a process may start while its store is down.
    """
    # Never tried again unasked: what a strategy does about a store that fails is its own affair.
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=CONNECTIONS_MAX,
        timeout=None,
        decode_responses=True,
        retry=Retry(NoBackoff(), 0),
    )
    client = Redis.from_pool(pool)
    try:
        yield RedisStore(client.execute_command, RedisKeys(prefix), answer_within)
    finally:
        await client.aclose()


async def prepare_redis(url: str, prefix: str, answer_within: Ticks) -> None:
    """Find out whether the server is there; a store on it needs nothing else.

    Raises:
        StoreUnavailable: the server does not answer.
    """
    with _unavailable(ValueError, TypeError):  # a parameter of the URL that it does not know
        async with open_redis(url, prefix, answer_within) as store:
            await store.call("PING")


async def remove_redis(url: str, prefix: str, answer_within: Ticks) -> None:
    """Delete every key of the store with ``prefix``.

    Raises:
        StoreUnavailable: the server does not answer.
    """
    async with open_redis(url, prefix, answer_within) as store:
        keys = store.keys
        await store.call("DEL", keys.record, keys.lease, keys.leases_granted)


@contextmanager
def _unavailable(*besides: type[Exception]) -> Iterator[None]:
    """Tell Redis's errors, and those ``besides``, as the store contract tells them."""
    failures: tuple[type[Exception], ...] = (RedisError, OSError, *besides)
    try:
        yield
    except TimeoutError as error:
        raise StoreUnavailable("Redis: no answer") from error
    except failures as error:
        # Of a script that failed Redis says after that which one, by its hash.
        said, _, _ = with_passwords_hidden(str(error)).partition(". script: ")
        raise StoreUnavailable(f"Redis: {said}") from error
