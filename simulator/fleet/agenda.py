"""What one worker does next: a mix of operations, in which it deletes only what it created.

The kind of each operation is drawn by weight. A delete when the worker has no meeting becomes a
create, and a read of a meeting then becomes a read of the user, so that every errand can succeed.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.distributions import Uniform
from simulator.fleet.own_meetings import OwnMeetings
from simulator.fleet.ports import Errand
from simulator.provider.messages import Operation
from simulator.rng import SpanStream, Streams


@dataclass(frozen=True, slots=True)
class OperationMix:
    """How often each operation is wanted, as whole-number weights."""

    weights: tuple[tuple[Operation, int], ...]

    def __post_init__(self) -> None:
        if not self.weights or any(weight < 1 for _, weight in self.weights):
            raise ValueError(f"every weight must be at least 1, got {self.weights}")

    @classmethod
    def of(cls, weights: Mapping[Operation, int]) -> "OperationMix":
        """Return the mix with ``weights``, in their order."""
        return cls(tuple(weights.items()))

    def slots(self) -> tuple[Operation, ...]:
        """Return each operation as many times as it weighs."""
        return tuple(operation for operation, weight in self.weights for _ in range(weight))


class Agenda:
    """One worker's operations and the meetings it has made."""

    __slots__ = ("_kinds", "_own", "_slots", "_user")

    def __init__(self, mix: OperationMix, streams: Streams, worker: str, user: str) -> None:
        self._slots = mix.slots()
        self._kinds: SpanStream = streams.spans(
            f"operation/{worker}", Uniform(0, len(self._slots) - 1)
        )
        self._own = OwnMeetings()
        self._user = user

    def next(self) -> Errand:
        """Return the next errand. A meeting to be deleted leaves the worker's list at once."""
        operation = self._slots[self._kinds.next()]
        match operation:
            case "delete_meeting" if self._own:
                return Errand(operation, str(self._own.pop_oldest()))
            case "get_meeting" if self._own:
                meeting = self._own.pop_oldest()
                self._own.put_back(meeting)
                return Errand(operation, str(meeting))
            case "create_meeting" | "delete_meeting":
                return Errand("create_meeting", self._user)
            case _:
                return Errand("get_user", self._user)

    def created(self, meeting: int) -> None:
        """Learn that a create succeeded."""
        self._own.append(meeting)

    def refused(self, errand: Errand) -> None:
        """Learn that ``errand`` was refused for good: a meeting to be deleted is still there."""
        if errand.operation == "delete_meeting":
            self._own.put_back(int(errand.target))
