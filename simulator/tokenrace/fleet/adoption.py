"""Which token a process uses, written down when it changes."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tokenrace.clock import Clock
from tokenrace.provider.token_format import token_named_in
from tokenrace.token import Token
from tokenrace.trace.events import EventSink, TokenAdopted, TokenId


@dataclass(slots=True)
class Adoption:
    """Takes note of each token that ``process`` begins to hand out to its workers."""

    process: int
    clock: Clock
    sink: EventSink
    number_of: Callable[[str], TokenId | None] = token_named_in
    _current: str = field(default="", init=False)

    def has(self, token: Token) -> bool:
        """Return whether ``token`` is the one handed out last."""
        return token.value == self._current

    def __call__(self, token: Token) -> None:
        """Learn that ``token`` is handed out; the same one again is no news."""
        if token.value == self._current:
            return
        self._current = token.value
        number = self.number_of(token.value)
        if number is not None:
            self.sink.write(TokenAdopted(at=self.clock.now(), token=number, process=self.process))
