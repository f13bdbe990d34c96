"""A fleet's token as a careful team writes it: shared in the store, refreshed under a lease."""

import asyncio
import logging

from tokenrace.strategies.contract import Denied, TokenUnavailable

SECOND = 1_000_000
log = logging.getLogger(__name__)


class FleetTokens:
    """Keeps the fleet's token in the store, with a copy in the memory of each process."""

    def __init__(self, ports, margin=60, lease=30, poll=0.25, patience=45):
        self._ports = ports
        self._margin = margin * SECOND
        self._lease = lease * SECOND
        self._poll = poll
        self._patience = patience * SECOND
        self._local = None
        self._flight = None
        self._failures = 0
        self._quiet_until = 0

    async def token(self):
        """Return the local copy while it is good, else that of the flight."""
        if self._is_good(self._local):
            return self._local
        return await self._join(None)

    async def rejected(self, token, attempt):
        """Look for another token than the one refused, once."""
        if attempt > 1:
            return False
        if self._local == token:
            self._local = None
        if self._is_good(self._local):
            return True
        try:
            await self._join(token)
        except TokenUnavailable:
            return False
        return True

    def _is_good(self, token):
        return token is not None and self._ports.clock.now() < token.expires_at - self._margin

    def _is_live(self, token):
        return token is not None and self._ports.clock.now() < token.expires_at

    async def _join(self, refused):
        if self._flight is None:
            self._flight = asyncio.create_task(self._fly(refused))
            self._flight.add_done_callback(self._landed)
        return await asyncio.shield(self._flight)

    def _landed(self, flight):
        self._flight = None
        if not flight.cancelled() and flight.exception() is not None:
            log.debug("no token: %r", flight.exception())

    async def _fly(self, refused):
        token = await self._refresh(refused)
        self._local = token
        return token

    async def _refresh(self, refused):
        give_up_at = self._ports.clock.now() + self._patience
        while True:
            record = await self._ports.store.read()
            if record is not None and self._will_do(record.token, refused):
                return record.token
            if self._ports.clock.now() < self._quiet_until:
                return self._old_or_nothing(record, refused)
            lease = await self._ports.leases.acquire(self._ports.holder, self._lease)
            if lease is not None:
                try:
                    return await self._renew(refused)
                finally:
                    await self._ports.leases.release(lease)
            if self._ports.clock.now() > give_up_at:
                return self._old_or_nothing(record, refused)
            await asyncio.sleep(self._poll)

    async def _renew(self, refused):
        record = await self._ports.store.read()
        if record is not None and self._will_do(record.token, refused):
            return record.token
        answer = await self._ports.endpoint.issue()
        if isinstance(answer, Denied):
            self._back_off()
            return self._old_or_nothing(record, refused, answer)
        self._failures = 0
        version = 0 if record is None else record.version
        if not await self._ports.store.write(answer, expected_version=version):
            newer = await self._ports.store.read()
            if newer is not None and self._will_do(newer.token, refused):
                return newer.token
        return answer

    def _will_do(self, token, refused):
        return token != refused and self._is_good(token)

    def _back_off(self):
        self._failures += 1
        wait = min(30, 2 ** (self._failures - 1)) * SECOND
        self._quiet_until = self._ports.clock.now() + wait

    def _old_or_nothing(self, record, refused, denied=None):
        """Serve the old token as long as it lives; where there is none, say so."""
        if record is not None and record.token != refused and self._is_live(record.token):
            return record.token
        raise TokenUnavailable(denied or Denied(status=None, error="refresh_under_way"))
