"""What a strategy's ``peek`` sees of the store: the record now, or one that a worker has read."""

from collections.abc import Callable

from tokenrace.stores.contract import Record


class Peeking:
    """A ``Snapshot`` that can be told to show another record for a while than ``visible`` does."""

    __slots__ = ("_shown", "_visible")

    def __init__(self, visible: Callable[[], Record | None]) -> None:
        self._visible = visible
        self._shown: list[Record | None] = []

    def snapshot(self) -> Record | None:
        """Return the record that is shown, without a round trip."""
        return self._shown[-1] if self._shown else self._visible()

    def visible(self) -> Record | None:
        """Return the record as a read that takes effect now sees it."""
        return self._visible()

    def show(self, record: Record | None) -> None:
        """Show ``record`` until ``show_now``."""
        self._shown.append(record)

    def show_now(self) -> None:
        """Show the store's own record again."""
        self._shown.clear()
