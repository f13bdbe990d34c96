"""A clock that can be moved forward, so that an hour's lifetime ends when a test wants it to."""

from tokenrace.clock import Clock, Ticks


class ShiftedClock:
    """``inner``, ahead by how far it was moved: an offset and nothing else.

    Instants move; waits do not get shorter: who sleeps already sleeps on.
    """

    __slots__ = ("_inner", "_offset")

    def __init__(self, inner: Clock) -> None:
        self._inner = inner
        self._offset: Ticks = 0

    @property
    def offset(self) -> Ticks:
        """How far ahead of ``inner`` it is."""
        return self._offset

    def now(self) -> Ticks:
        """Return the instant, as moved."""
        return self._inner.now() + self._offset

    async def sleep(self, span: Ticks) -> None:
        """Wait for ``span`` of ``inner``'s ticks."""
        await self._inner.sleep(span)

    def move_forward(self, span: Ticks) -> None:
        """Be ``span`` further ahead from now on.

        Raises:
            ValueError: ``span`` is negative: what has ended would live again.
        """
        if span < 0:
            raise ValueError(f"a clock moves forward only, got {span}")
        self._offset += span

    def restart(self) -> None:
        """Read what ``inner`` reads again; only for who has forgotten every instant it gave."""
        self._offset = 0
