"""The meetings of every host user, in memory that does not grow with how many there have been.

A user's meetings are numbered 0, 1, 2, ... as they are created, and the live ones are kept as
half-open ranges of those numbers: a create moves the last range's upper bound, deleting the oldest
moves the first one's lower bound, deleting in the middle splits a range. A year of a worker that
deletes its oldest meeting is one range.

A meeting's id is (place of its host + 1) * ``MEETINGS_PER_USER`` + its number, where a host's place
is the order in which users were enrolled or first created a meeting. So one host's ids count up by
one, an id leads to its meeting in O(1), the first nine hosts have ids of 11 digits as at Zoom, and
900,000 hosts stay below 2**53, where JSON readers begin to round.
"""

from bisect import bisect_right

MEETINGS_PER_USER = 10**10


class UserMeetings:
    """The live meetings of one user, by number."""

    __slots__ = ("_next", "_ranges")

    def __init__(self) -> None:
        self._next = 0
        self._ranges: list[list[int]] = []  # [first, stop), ascending, none empty, none touching

    def create(self, count: int) -> range:
        """Add the next ``count`` meetings (at least 1); return their numbers."""
        first = self._next
        self._next += count
        assert self._next <= MEETINGS_PER_USER
        if self._ranges and self._ranges[-1][1] == first:
            self._ranges[-1][1] = self._next
        else:
            self._ranges.append([first, self._next])
        return range(first, self._next)

    def exists(self, number: int) -> bool:
        """Return whether ``number`` was created and not deleted."""
        return self._place_of(number) is not None

    def delete(self, number: int) -> bool:
        """Delete ``number``; return whether it was there."""
        if self._place_of(number) is None:
            return False
        self.delete_all(range(number, number + 1))
        return True

    def delete_all(self, numbers: range) -> None:
        """Delete ``numbers``, at least one, all of which must be live."""
        place = self._place_of(numbers.start)
        assert place is not None, numbers
        first, stop = self._ranges[place]
        assert numbers.stop <= stop, numbers  # ranges do not touch, so one holds them all
        left = [[first, numbers.start]] if first < numbers.start else []
        right = [[numbers.stop, stop]] if numbers.stop < stop else []
        self._ranges[place : place + 1] = left + right

    def __len__(self) -> int:
        return sum(stop - first for first, stop in self._ranges)

    def _place_of(self, number: int) -> int | None:
        """Return the index of the range that holds ``number``."""
        place = bisect_right(self._ranges, number, key=_first) - 1
        if place >= 0 and number < self._ranges[place][1]:
            return place
        return None


def _first(bounds: list[int]) -> int:
    return bounds[0]


class Meetings:
    """The live meetings of every user, by id. Who may exist as a user is decided elsewhere."""

    __slots__ = ("_of", "_places", "_users")

    def __init__(self) -> None:
        self._users: list[str] = []
        self._places: dict[str, int] = {}
        self._of: list[UserMeetings] = []

    def enrol(self, user: str) -> int:
        """Return the place of ``user``, the next free one if it has none yet.

        Enrolling the hosts before a run makes their meeting ids independent of who is first.
        """
        place = self._places.get(user)
        if place is None:
            place = self._places[user] = len(self._users)
            self._users.append(user)
            self._of.append(UserMeetings())
        return place

    def create(self, user: str) -> int:
        """Create a meeting hosted by ``user``; return its id."""
        return self.create_many(user, 1)[0]

    def host_of(self, meeting: int) -> str | None:
        """Return the host of ``meeting``, or None when there is no such live meeting."""
        place, number = self._find(meeting)
        if place is None or not self._of[place].exists(number):
            return None
        return self._users[place]

    def delete(self, meeting: int) -> bool:
        """Delete ``meeting``; return whether it was there."""
        place, number = self._find(meeting)
        return place is not None and self._of[place].delete(number)

    def create_many(self, user: str, count: int) -> range:
        """Create ``count`` meetings hosted by ``user``, at least one; return their ids."""
        place = self.enrol(user)
        numbers = self._of[place].create(count)
        base = (place + 1) * MEETINGS_PER_USER
        return range(base + numbers.start, base + numbers.stop)

    def delete_all(self, meetings: range) -> None:
        """Delete ``meetings``, at least one, all of one host and all live."""
        place, number = self._find(meetings.start)
        assert place is not None, meetings
        self._of[place].delete_all(range(number, number + len(meetings)))

    def live_count(self, user: str) -> int:
        """Return how many live meetings ``user`` has."""
        place = self._places.get(user)
        return 0 if place is None else len(self._of[place])

    def _find(self, meeting: int) -> tuple[int | None, int]:
        place, number = meeting // MEETINGS_PER_USER - 1, meeting % MEETINGS_PER_USER
        return (place if 0 <= place < len(self._users) else None), number
