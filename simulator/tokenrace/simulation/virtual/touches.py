"""Who must be brought up to date before something happens to what its calm rests on.

A calm process rests on a token that stays live and, where its strategy reads the store for every
request, on the store's record. Whoever is about to end a token or to write the record says so here
first.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from tokenrace.trace.events import TokenId

Wake = Callable[[], None]


@dataclass(slots=True)
class Touches:
    """The calm processes, by what they rest on. Dicts for their order: it is the same every time.

    A process may be here under a token or the store, or under both.
    """

    _on_token: dict[TokenId, dict[int, Wake]] = field(default_factory=dict)
    _on_store: dict[int, Wake] = field(default_factory=dict)

    def rests_on_token(self, process: int, token: TokenId, wake: Wake) -> None:
        """Call ``wake`` before ``token`` ends."""
        self._on_token.setdefault(token, {})[process] = wake

    def rests_on_store(self, process: int, wake: Wake) -> None:
        """Call ``wake`` before the record is written."""
        self._on_store[process] = wake

    def is_awake(self, process: int, token: TokenId) -> None:
        """Forget ``process``, which rested on ``token``."""
        self._on_store.pop(process, None)
        holders = self._on_token.get(token, {})
        holders.pop(process, None)
        if not holders:
            self._on_token.pop(token, None)

    def anybody_rests_on_a_token(self) -> bool:
        """Return whether the end of some token could wake somebody."""
        return bool(self._on_token)

    def before_token_ends(self, token: TokenId) -> None:
        """Wake every process that rests on ``token``."""
        for wake in list(self._on_token.get(token, {}).values()):
            wake()

    def before_store_write(self) -> None:
        """Wake every process that rests on the store."""
        for wake in list(self._on_store.values()):
            wake()
