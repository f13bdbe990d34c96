"""A process's own clock, which may be off."""

from tokenrace.clock import Clock, Ticks

PPM = 1_000_000


class ErrantClock:
    """``true`` until it is put off; a sleep on a clock that gains is over sooner."""

    __slots__ = ("_drift_ppm", "_offset", "_since", "_true")

    def __init__(self, true: Clock) -> None:
        self._true = true
        self._offset: Ticks = 0
        self._drift_ppm = 0
        self._since: Ticks = 0

    def put_off(self, *, since: Ticks, offset: Ticks, drift_ppm: int) -> None:
        """Be ``offset`` ahead, and gain ``drift_ppm`` on each second ``since`` that true instant.

        A sleep under way is not changed.
        """
        assert drift_ppm > -PPM, drift_ppm
        self._since, self._offset, self._drift_ppm = since, offset, drift_ppm

    def now(self) -> Ticks:
        """Return what the process takes for the instant."""
        true = self._true.now()
        return true + self._offset + (true - self._since) * self._drift_ppm // PPM

    async def sleep(self, span: Ticks) -> None:
        """Wait until this clock has moved by ``span``; at once when it is not positive."""
        # Rounded up: woken a tick too early, whoever waits for an instant would wait for ever.
        await self._true.sleep(-(-max(span, 0) * PPM // (PPM + self._drift_ppm)))
