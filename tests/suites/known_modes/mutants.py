"""One planted bug each, as a small change of ``fleet_tokens.py`` or ``memory_tokens.py``.

The key says which mode of the suite must catch it.
"""

# ruff: noqa: E501 - lines of the classes that are changed

FLEET = {
    ("no_recheck", "contention"): [
        (
            """        record = await self._ports.store.read()
        if record is not None and self._will_do(record.token, refused):
            return record.token
        answer = await""",
            """        record = await self._ports.store.read()
        answer = await""",
        ),
    ],
    ("lease_dropped", "cold-start"): [
        (
            """            lease = await self._ports.leases.acquire(self._ports.holder, self._lease)
            if lease is not None:
                try:
                    return await self._renew(refused)
                finally:
                    await self._ports.leases.release(lease)
""",
            """            return await self._renew(refused)
""",
        ),
    ],
    ("released_before_the_write", "contention"): [
        ("return await self._renew(refused)\n", "return await self._renew(refused, lease)\n"),
        (
            "                finally:\n                    await self._ports.leases.release(lease)\n",
            "                finally:\n                    pass\n",
        ),
        ("async def _renew(self, refused):", "async def _renew(self, refused, lease):"),
        (
            "        self._failures = 0\n        version",
            "        self._failures = 0\n        await self._ports.leases.release(lease)\n        version",
        ),
    ],
    ("shared_entry_cleared_before_the_store", "late-401"): [
        (
            """        if self._local == token:
            self._local = None
""",
            """        self._local = None
        record = await self._ports.store.read()
        if record is not None:
            await self._ports.store.write(
                Token(record.token.value, record.token.obtained_at, 0)
            )
""",
        ),
        ("import logging\n", "import logging\n\nfrom tokenrace.token import Token\n"),
    ],
    ("leeway_0", "leeway"): [("margin=60,", "margin=0,")],
    ("leaders_cancellation", "cancelled-leader"): [
        ("return await asyncio.shield(self._flight)", "return await self._flight"),
    ],
    ("leader_flies_itself", "cancelled-leader"): [
        (
            """            self._flight = asyncio.create_task(self._fly(refused))
            self._flight.add_done_callback(self._landed)
        return await asyncio.shield(self._flight)
""",
            """            self._flight = flight = asyncio.get_running_loop().create_future()
            try:
                flight.set_result(await self._fly(refused))
            except Exception as error:
                flight.set_exception(error)
            finally:
                self._flight = None
            return flight.result()
        return await asyncio.shield(self._flight)
""",
        ),
    ],
    ("issue_on_any_401", "late-401"): [
        (
            """        if self._local == token:
            self._local = None
        if self._is_good(self._local):
            return True
        try:
            await self._join(token)
""",
            """        refused = self._local or token
        self._local = None
        try:
            await self._join(refused)
""",
        ),
    ],
    ("retry_without_back_off", "failing-endpoint"): [
        ("        wait = min(30, 2 ** (self._failures - 1)) * SECOND\n", "        wait = 0\n"),
    ],
    ("error_swallowed", "outage-over-expiry"): [
        (
            """        if record is not None and record.token != refused and self._is_live(record.token):
            return record.token
        raise TokenUnavailable(denied or Denied(status=None, error="refresh_under_way"))
""",
            """        return record.token if record is not None else self._local
""",
        ),
    ],
    ("seconds_for_minutes", "leeway"): [
        ("self._margin = margin * SECOND", "self._margin = margin * 60 * SECOND")
    ],
    ("minutes_for_seconds", "leeway"): [
        ("self._margin = margin * SECOND", "self._margin = margin * SECOND // 60")
    ],
    ("lease_in_minutes", "dead-leader"): [
        ("self._lease = lease * SECOND", "self._lease = lease * 60 * SECOND")
    ],
    ("back_off_in_minutes", "one-bad-answer"): [
        (
            "wait = min(30, 2 ** (self._failures - 1)) * SECOND",
            "wait = min(30, 2 ** (self._failures - 1)) * 60 * SECOND",
        ),
    ],
    ("flight_not_shared", "many-waiters"): [
        (
            """        if self._flight is None:
            self._flight = asyncio.create_task(self._fly(refused))
            self._flight.add_done_callback(self._landed)
        return await asyncio.shield(self._flight)
""",
            """        return await self._fly(refused)
""",
        ),
    ],
    ("not_persisted", "rolling-restart"): [
        (
            """        version = 0 if record is None else record.version
        if not await self._ports.store.write(answer, expected_version=version):
            newer = await self._ports.store.read()
            if newer is not None and self._will_do(newer.token, refused):
                return newer.token
""",
            "",
        ),
    ],
    ("double_refresh_at_start", "cold-start"): [
        (
            """        token = await self._refresh(refused)
        self._local = token
        return token
""",
            """        is_first = self._local is None and refused is None
        token = await self._refresh(refused)
        if is_first:
            token = await self._refresh(token)
        self._local = token
        return token
""",
        ),
    ],
    ("releases_anybodys_lease", "lapsed-lease"): [
        ("await self._ports.leases.release(lease)", "await self._ports.leases.delete_lease()"),
    ],
    ("write_not_compared", "paused-holder"): [
        (
            "self._ports.store.write(answer, expected_version=version)",
            "self._ports.store.write(answer)",
        ),
    ],
    ("lease_shorter_than_the_endpoint", "slow-endpoint"): [("lease=30,", "lease=1,")],
    ("is_for_equals", "early-revoke"): [
        ("if self._local == token:", "if self._local is token:"),
        ("return token != refused and", "return token is not refused and"),
    ],
    ("is_for_equals_in_memory_only", "early-revoke"): [
        ("if self._local == token:", "if self._local is token:")
    ],
}

MEMORY = {
    ("lock_less", "cold-start"): [
        (
            """        if self._flight is None:
            self._flight = asyncio.ensure_future(self._fly())
            self._flight.add_done_callback(self._landed)
        return await asyncio.shield(self._flight)
""",
            """        return await self._fly()
""",
        ),
    ],
    ("cleared_before_the_store", "late-401"): [
        (
            """        self._failures = 0
        self._token = answer""",
            """        self._failures = 0
        self._flight = None
        await asyncio.sleep(0.2)
        self._token = answer""",
        ),
    ],
    ("leeway_0", "leeway"): [("margin=60", "margin=0")],
    ("leaders_cancellation", "cancelled-leader"): [
        ("return await asyncio.shield(self._flight)", "return await self._flight"),
    ],
    ("leader_flies_itself", "cancelled-leader"): [
        (
            """            self._flight = asyncio.ensure_future(self._fly())
            self._flight.add_done_callback(self._landed)
        return await asyncio.shield(self._flight)
""",
            """            self._flight = flight = asyncio.get_running_loop().create_future()
            try:
                flight.set_result(await self._fly())
            except Exception as error:
                flight.set_exception(error)
            finally:
                self._flight = None
            return flight.result()
        return await asyncio.shield(self._flight)
""",
        ),
    ],
    ("issue_on_any_401", "late-401"): [
        (
            "        if token == self._token:\n            self._token = None\n",
            "        self._token = None\n",
        )
    ],
    ("retry_without_back_off", "failing-endpoint"): [
        ("time.time() + min(30, 2 ** (self._failures - 1))", "0.0")
    ],
    ("error_swallowed", "outage-over-expiry"): [
        (
            """        if self._token is not None and time.time() < self._expires_at:
            return self._token
        raise""",
            """        if self._token is not None:
            return self._token
        raise""",
        ),
    ],
    ("hours_for_seconds", "leeway"): [
        ("< self._expires_at - self._margin", "< self._expires_at - self._margin * 60")
    ],
    ("minutes_for_seconds", "leeway"): [
        ("< self._expires_at - self._margin", "< self._expires_at - self._margin / 60")
    ],
    ("lifetime_in_minutes", "leeway"): [('answer["expires_in"]\n', 'answer["expires_in"] * 60\n')],
    ("double_refresh_at_start", "cold-start"): [
        (
            """        self._failures = 0
        self._token = answer""",
            """        self._failures = 0
        if self._token is None and self._expires_at == 0.0:
            answer = await self._fetch()
        self._token = answer""",
        ),
    ],
    ("is_for_equals", "early-revoke"): [("if token == self._token:", "if token is self._token:")],
    ("ignores_401", "early-revoke"): [
        ("        if token == self._token:\n            self._token = None\n", "")
    ],
}
