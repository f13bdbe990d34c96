"""What can happen to a store on a Redis server."""

from dataclasses import dataclass

from tokenrace.clock import MILLISECOND, Clock, Ticks
from tokenrace.stores.contract import Record
from tokenrace.stores.redis import RedisStore

_PUT_BACK = """
if redis.call('HGET', KEYS[1], 'version') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[2])
if ARGV[3] then
    redis.call('HSET', KEYS[1], 'value', ARGV[3], 'obtained_at', ARGV[4], 'expires_at', ARGV[5])
else
    redis.call('HDEL', KEYS[1], 'value', 'obtained_at', 'expires_at')
end
return 1
"""


@dataclass(frozen=True, slots=True)
class RedisMishaps:
    """``store`` is a way of our own to it."""

    store: RedisStore
    clock: Clock

    async def answer_nobody(self, span: Ticks) -> None:
        """Pause the whole server: every client of it waits, whatever it does there."""
        await self.store.call("CLIENT", "PAUSE", max(1, span // MILLISECOND), "ALL")
        await self.clock.sleep(span)

    async def lose_lock(self) -> bool:
        """Delete its key."""
        return bool(await self.store.call("DEL", self.store.keys.lease))

    async def read(self) -> Record | None:
        """Return the record."""
        return await self.store.read()

    async def put_back(self, before: Record | None, after: Record) -> bool:
        """Write the old record, if the new one is still there."""
        old: tuple[str | int, ...] = (after.version - 1,)
        if before is not None:
            token = before.token
            old = (before.version, token.value, token.obtained_at, token.expires_at)
        words = ("EVAL", _PUT_BACK, 1, self.store.keys.record, after.version, *old)
        return bool(await self.store.call(*words))
