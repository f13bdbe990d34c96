"""Right classes of other kinds: what is shipped, composed so that it is right for its scope."""

from tokenrace.strategies.compose import compose
from tokenrace.strategies.composing import composed_of

BACK_OFF = {"failure": "backoff"}
COMPARES = BACK_OFF | {"on_401": "mint_if_same"}


def made(preset, axes, **settings):
    """A class of one's own that is ``preset`` with other words on ``axes``."""

    class Made:
        """Hands every call on."""

        def __init__(self, ports):
            self._strategy = compose(composed_of(preset, axes, settings.items()), ports)

        async def token(self):
            return await self._strategy.token()

        async def rejected(self, token, attempt):
            return await self._strategy.rejected(token, attempt)

    return Made


SHARED = {
    "lease_cas": made("lease_cas", BACK_OFF),
    "with_a_copy": made("lease_cas", BACK_OFF, local_copy=60_000_000),
    "sql_row_lock": made("sql_row_lock", COMPARES),
}
PROCESS = {
    "single_flight": made("single_flight", COMPARES),
    "mutex_double_checked": made("mutex_double_checked", COMPARES),
    "evicting": made("single_flight", BACK_OFF | {"on_401": "evict_if_same"}),
    "stale_async": made("stale_async", {"on_401": "mint_if_same"}),
    "advisory_mandatory": made("advisory_mandatory", COMPARES),
    "timer_refresh": made("timer_refresh", COMPARES),
}
globals().update(SHARED | PROCESS)
