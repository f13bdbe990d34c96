"""What one worker does next: a mix of operations, in which it deletes only what it created.

The kind of each operation is drawn by weight. A delete when the worker has no meeting becomes a
create, and a read of a meeting then becomes a read of the user, so that every errand can succeed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tokenrace.distributions import Uniform
from tokenrace.fleet.own_meetings import OwnMeetings
from tokenrace.fleet.ports import Errand
from tokenrace.provider.messages import Operation
from tokenrace.rng import Spans, SpanStream, Streams
from tokenrace.trace.outcomes import Outcome


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


class WorkedOff(NamedTuple):
    """How many of a number of errands created, deleted and read."""

    created: int
    deleted: int
    read: int


_CHANGE: dict[Operation, int] = {
    "create_meeting": 1,
    "delete_meeting": -1,
    "get_meeting": 0,
    "get_user": 0,
}
"""What each operation adds to the worker's meetings."""


class Agenda:
    """One worker's operations and the meetings it has made.

    ``has_meetings`` says whether any errand creates or deletes a meeting.
    """

    __slots__ = (
        "_changes",
        "_create",
        "_kinds",
        "_own",
        "_read_user",
        "_slots",
        "_user",
        "has_meetings",
    )

    def __init__(self, mix: OperationMix, streams: Streams, worker: str, user: str) -> None:
        self._slots = mix.slots()
        self._kinds: SpanStream = streams.spans(
            f"operation/{worker}", Uniform(0, len(self._slots) - 1)
        )
        self._changes = np.array([_CHANGE[slot] for slot in self._slots], dtype=np.int64)
        self.has_meetings = bool(self._changes.any())
        self._own = OwnMeetings()
        self._user = user
        self._read_user = Errand("get_user", user)
        self._create = Errand("create_meeting", user)

    def next(self) -> Errand:
        """Return the next errand; tell ``ended`` when it has.

        The meeting it reads or deletes leaves the worker's list until then, so that no other
        errand under way can delete it first.
        """
        operation = self._slots[self._kinds.next() if len(self._slots) > 1 else 0]
        if operation == "get_user":
            return self._read_user
        match operation:
            case "delete_meeting" | "get_meeting" if self._own:
                return Errand(operation, str(self._own.pop_oldest()))
            case "create_meeting" | "delete_meeting":
                return self._create
            case _:
                return self._read_user

    def work_off(self, count: int) -> "WorkedOff":
        """Take the next ``count`` errands, each of which succeeds before the next is taken.

        The meetings created must then be given to ``settle``. Deleting with no meeting left turns
        into creating, which raises the number of meetings by 2 above that of the plain sums, so the
        errands turned number ceil(d / 2), where d is how far the plain sums fall below 0.
        """
        if not self.has_meetings:
            if len(self._slots) > 1:
                self._take_kinds(count)
            return WorkedOff(0, 0, count)
        changes = self._changes[self._take_kinds(count)]
        creates = int(np.count_nonzero(changes > 0))
        deletes = int(np.count_nonzero(changes < 0))
        lowest = min(0, len(self._own) + int(np.cumsum(changes).min(initial=0)))
        turned = -(lowest // 2)
        return WorkedOff(creates + turned, deletes - turned, count - creates - deletes)

    def _take_kinds(self, count: int) -> Spans | list[int]:
        """Take the kinds of the next ``count`` errands; nothing is drawn where there is but one."""
        if len(self._slots) == 1:
            return [0] * count
        kinds = self._kinds.ahead(count)
        self._kinds.skip(count)
        return kinds

    def settle(self, created: range, deleted: int) -> list[range]:
        """Learn the ids of the meetings created while errands were worked off, and forget the
        ``deleted`` oldest, which are returned."""
        self._own.extend(created)
        return list(self._own.drop_oldest(deleted))

    @property
    def user(self) -> str:
        """The user in whose name the worker makes meetings."""
        return self._user

    def created(self, meeting: int) -> None:
        """Learn that a create succeeded."""
        self._own.append(meeting)

    def ended(self, errand: Errand, outcome: Outcome) -> None:
        """Learn how ``errand`` ended.

        A meeting that was read, or whose deletion was refused, is still there. One whose deletion
        is unknown may be gone, and one whose reading is may yet be read: neither is touched again.
        """
        is_read = errand.operation == "get_meeting" and outcome != "unknown"
        if is_read or (errand.operation == "delete_meeting" and outcome == "refused"):
            self._own.put_back(int(errand.target))
