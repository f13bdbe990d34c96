"""A token in the memory of one process: ``get_token()`` and ``rejected()``, nothing shared."""

import asyncio
import time

from tokenrace.strategies.contract import Denied, TokenUnavailable


class MemoryTokens:
    """One refresh at a time, ahead of the expiry, on a flight of its own; backs off on failure."""

    def __init__(self, fetch, margin=60):
        self._fetch = fetch
        self._margin = margin
        self._token = None
        self._expires_at = 0.0
        self._flight = None
        self._failures = 0
        self._quiet_until = 0.0

    async def get_token(self):
        if self._token is not None and time.time() < self._expires_at - self._margin:
            return self._token
        return await self._join()

    async def rejected(self, token):
        if token == self._token:
            self._token = None
        return True

    async def _join(self):
        if self._flight is None:
            self._flight = asyncio.ensure_future(self._fly())
            self._flight.add_done_callback(self._landed)
        return await asyncio.shield(self._flight)

    def _landed(self, flight):
        self._flight = None
        if not flight.cancelled():
            flight.exception()

    async def _fly(self):
        if time.time() < self._quiet_until:
            return self._old_or_nothing(None)
        try:
            answer = await self._fetch()
        except TokenUnavailable as unavailable:
            self._failures += 1
            self._quiet_until = time.time() + min(30, 2 ** (self._failures - 1))
            return self._old_or_nothing(unavailable)
        self._failures = 0
        self._token = answer["access_token"]
        self._expires_at = time.time() + answer["expires_in"]
        return self._token

    def _old_or_nothing(self, unavailable):
        if self._token is not None and time.time() < self._expires_at:
            return self._token
        raise unavailable or TokenUnavailable(Denied(status=None, error="refresh_under_way"))
