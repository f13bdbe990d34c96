"""The meetings one worker created and has not deleted, oldest first.

Kept as ranges of consecutive ids, because a user's meetings are numbered in a row and a busy week
makes millions.
"""

from collections import deque
from collections.abc import Iterator


class OwnMeetings:
    """A queue of meeting ids that costs memory per gap, not per meeting."""

    __slots__ = ("_ranges",)

    def __init__(self) -> None:
        self._ranges: deque[list[int]] = deque()  # [first, last] of each run of ids

    def __len__(self) -> int:
        return sum(last - first + 1 for first, last in self._ranges)

    def __bool__(self) -> bool:
        return bool(self._ranges)

    def append(self, meeting: int) -> None:
        """Add the newest meeting."""
        if self._ranges and self._ranges[-1][1] == meeting - 1:
            self._ranges[-1][1] = meeting
        else:
            self._ranges.append([meeting, meeting])

    def extend(self, meetings: range) -> None:
        """Add new meetings with consecutive ids, oldest first."""
        if not meetings:
            return
        self.append(meetings[0])
        self._ranges[-1][1] = meetings[-1]

    def drop_oldest(self, count: int) -> Iterator[range]:
        """Take the ``count`` oldest meetings out and yield them; there must be as many."""
        while count:
            oldest = self._ranges[0]
            taken = min(count, oldest[1] - oldest[0] + 1)
            yield range(oldest[0], oldest[0] + taken)
            count -= taken
            oldest[0] += taken
            if oldest[0] > oldest[1]:
                self._ranges.popleft()

    def pop_oldest(self) -> int:
        """Take the oldest meeting out and return its id."""
        oldest = self._ranges[0]
        meeting = oldest[0]
        oldest[0] += 1
        if oldest[0] > oldest[1]:
            self._ranges.popleft()
        return meeting

    def put_back(self, meeting: int) -> None:
        """Return a meeting that ``pop_oldest`` gave: it was not deleted after all."""
        if self._ranges and self._ranges[0][0] == meeting + 1:
            self._ranges[0][0] = meeting
        else:
            self._ranges.appendleft([meeting, meeting])
