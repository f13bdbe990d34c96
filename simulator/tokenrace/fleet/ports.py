"""What a worker sees of the provider's API, whichever engine carries its calls."""

from dataclasses import dataclass
from typing import Protocol

from tokenrace.provider.messages import Operation
from tokenrace.token import Token
from tokenrace.trace.outcomes import Silence


@dataclass(frozen=True, slots=True)
class Errand:
    """One thing the service wants done.

    ``target`` is a user id for ``create_meeting`` and ``get_user``, a meeting id otherwise.
    """

    operation: Operation
    target: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; ``meeting`` is the id of a meeting created, else None."""

    status: int
    meeting: int | None = None


class Api(Protocol):
    """Calls the provider's API in the name of one worker."""

    async def call(self, errand: Errand, token: Token) -> Answer | Silence:
        """Call once; where no answer came, so that nobody knows what the call did, return why."""
        ...
