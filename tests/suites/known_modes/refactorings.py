"""Harmless changes of ``fleet_tokens.py``: what it does stays right."""

HARMLESS = {
    "renamed": [
        ("_join", "_board"),
        ("_will_do", "_serves"),
        ("self._local", "self._kept"),
        ("FleetTokens", "Tokens"),
    ],
    "split_methods": [
        (
            """        record = await self._ports.store.read()
        if record is not None and self._will_do(record.token, refused):
            return record.token
        answer = await""",
            """        record, usable = await self._look(refused)
        if usable is not None:
            return usable
        answer = await""",
        ),
        (
            "    def _back_off(self):",
            """    async def _look(self, refused):
        record = await self._ports.store.read()
        if record is not None and self._will_do(record.token, refused):
            return record, record.token
        return record, None

    def _back_off(self):""",
        ),
    ],
    "lock_for_future": [
        (
            """        if self._flight is None:
            self._flight = asyncio.create_task(self._fly(refused))
            self._flight.add_done_callback(self._landed)
        return await asyncio.shield(self._flight)
""",
            """        async with self._lock:
            if self._local != refused and self._is_good(self._local):
                return self._local
            return await self._fly(refused)
""",
        ),
        (
            "        self._flight = None\n        self._failures",
            "        self._lock = asyncio.Lock()\n        self._failures",
        ),
    ],
    "dataclass_state": [
        (
            """        self._failures = 0
        self._quiet_until = 0

""",
            """        self._state = _State()

""",
        ),
        ("self._failures", "self._state.failures"),
        ("self._quiet_until", "self._state.quiet_until"),
        (
            "class FleetTokens:",
            """@dataclass
class _State:
    failures: int = 0
    quiet_until: int = 0


class FleetTokens:""",
        ),
        ("import logging\n", "import logging\nfrom dataclasses import dataclass\n"),
    ],
    "another_back_off": [
        (
            "min(30, 2 ** (self._failures - 1)) * SECOND",
            "self._ports.stream.randint(SECOND, 3 * SECOND)",
        )
    ],
    "longer_margin": [("margin=60", "margin=300")],
    "shorter_lease": [("lease=30, poll=0.25", "lease=10, poll=1")],
}
