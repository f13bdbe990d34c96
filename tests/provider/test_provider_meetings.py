"""A user's meetings, kept as ranges, against a plain set."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tokenrace.provider.meetings import MEETINGS_PER_USER, Meetings

USERS = ["user-0-0", "user-0-1"]


class MeetingsAgainstSets(RuleBasedStateMachine):
    """The model: each user's live meeting ids, and the next id it will get."""

    def __init__(self):
        super().__init__()
        self.meetings = Meetings()
        self.live = {user: set() for user in USERS}
        self.next_id = {user: (self.meetings.enrol(user) + 1) * MEETINGS_PER_USER for user in USERS}

    @rule(user=st.sampled_from(USERS))
    def create(self, user):
        assert self.meetings.create(user) == self.next_id[user]
        self.live[user].add(self.next_id[user])
        self.next_id[user] += 1

    @rule(user=st.sampled_from(USERS), data=st.data())
    def delete(self, user, data):
        first = self.next_id[user] - 12
        meeting = data.draw(st.integers(first, self.next_id[user]))
        assert self.meetings.delete(meeting) == (meeting in self.live[user])
        self.live[user].discard(meeting)

    @rule(user=st.sampled_from(USERS), count=st.integers(1, 5))
    def create_many(self, user, count):
        ids = range(self.next_id[user], self.next_id[user] + count)
        assert self.meetings.create_many(user, count) == ids
        self.next_id[user] += count
        self.live[user] |= set(ids)

    @rule(user=st.sampled_from(USERS), data=st.data())
    def delete_all(self, user, data):
        if not self.live[user]:
            return
        first = data.draw(st.sampled_from(sorted(self.live[user])))
        stop = first + 1
        while stop in self.live[user] and data.draw(st.booleans()):
            stop += 1
        self.meetings.delete_all(range(first, stop))
        self.live[user] -= set(range(first, stop))

    @invariant()
    def the_same_meetings_are_live(self):
        for user in USERS:
            first = (self.meetings.enrol(user) + 1) * MEETINGS_PER_USER
            ids = range(first - 1, self.next_id[user] + 2)
            hosted = {meeting for meeting in ids if self.meetings.host_of(meeting) == user}
            assert hosted == self.live[user]
            assert self.meetings.live_count(user) == len(self.live[user])


TestMeetingsAgainstSets = MeetingsAgainstSets.TestCase
TestMeetingsAgainstSets.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def test_the_first_host_has_ids_of_eleven_digits_that_count_up_by_one():
    """As at Zoom; a worker keeps its own meetings as ranges of ids, which needs the row."""
    meetings = Meetings()

    assert [meetings.create("user-0-0") for _ in range(3)] == [
        10_000_000_000,
        10_000_000_001,
        10_000_000_002,
    ]


def test_enrolled_hosts_keep_their_place_whoever_creates_first():
    """Ids must not depend on which of two workers wins a race."""
    meetings = Meetings()
    assert [meetings.enrol(user) for user in USERS] == [0, 1]

    assert meetings.create(USERS[1]) == 20_000_000_000


@pytest.mark.parametrize("meeting", [-1, 0, 9_999_999_999, 20_000_000_000, 10**17])
def test_an_id_of_nobody_is_no_meeting(meeting):
    """One user with one meeting: every id outside its block leads nowhere."""
    meetings = Meetings()
    meetings.create("user-0-0")

    assert meetings.host_of(meeting) is None
    assert not meetings.delete(meeting)


def test_a_user_without_meetings_has_none():
    """Asking does not enrol: the next user still gets the first place."""
    meetings = Meetings()

    assert meetings.live_count("user-0-0") == 0
    assert meetings.enrol("user-0-1") == 0


def test_a_hundred_million_meetings_cost_no_more_than_one():
    """A loop over each would take minutes; a range takes one step."""
    meetings = Meetings()

    ids = meetings.create_many("user-0-0", 10**8)
    meetings.delete_all(ids[:-1])

    assert meetings.live_count("user-0-0") == 1
    assert meetings.host_of(ids[-1]) == "user-0-0"
