"""What a worker does next, and the meetings it keeps count of."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tokenrace.fleet.agenda import Agenda, OperationMix
from tokenrace.fleet.own_meetings import OwnMeetings
from tokenrace.rng import Streams


class OwnMeetingsAgainstList(RuleBasedStateMachine):
    """The ranges against a plain list, oldest first."""

    def __init__(self):
        super().__init__()
        self.own = OwnMeetings()
        self.model: list[int] = []
        self.next_id = 1
        self.taken: int | None = None

    @rule(gap=st.sampled_from([0, 0, 0, 1, 5]))
    def append(self, gap):
        """The next meeting has the next id, or a later one where others were made between."""
        self.next_id += gap
        self.own.append(self.next_id)
        self.model.append(self.next_id)
        self.next_id += 1

    @precondition(lambda self: self.model)
    @rule()
    def pop_oldest(self):
        """The oldest comes out first."""
        self.taken = self.model.pop(0)
        assert self.own.pop_oldest() == self.taken

    @precondition(lambda self: self.taken is not None)
    @rule()
    def put_back(self):
        """What was taken last goes back to the front."""
        self.own.put_back(self.taken)
        self.model.insert(0, self.taken)
        self.taken = None

    @invariant()
    def as_many_as_the_list(self):
        """Both hold the same number."""
        assert len(self.own) == len(self.model)
        assert bool(self.own) == bool(self.model)


TestOwnMeetings = OwnMeetingsAgainstList.TestCase


def an_agenda(**weights: int) -> Agenda:
    return Agenda(OperationMix.of(weights), Streams(1), "p0.w0", "user-0-0")


def test_a_delete_without_a_meeting_becomes_a_create():
    """A worker that only deletes must first make what it deletes."""
    agenda = an_agenda(delete_meeting=1)

    first = agenda.next()
    agenda.created(17)
    second = agenda.next()

    assert (first.operation, first.target) == ("create_meeting", "user-0-0")
    assert (second.operation, second.target) == ("delete_meeting", "17")


def test_a_read_of_a_meeting_without_a_meeting_reads_the_user():
    """Reading changes nothing, so it makes nothing either."""
    agenda = an_agenda(get_meeting=1)

    assert agenda.next().operation == "get_user"
    agenda.created(17)
    for outcome in ("ok", "refused", "unknown"):
        reading = agenda.next()
        assert reading.target == "17"
        agenda.ended(reading, outcome)

    assert agenda.next().operation == "get_user"  # the last one may be on its way to 17 still


def test_a_refused_delete_leaves_the_meeting_to_be_deleted_again():
    """The meeting is still there, and it is still the oldest."""
    agenda = an_agenda(delete_meeting=1)
    agenda.created(1)
    agenda.created(2)

    errand = agenda.next()
    agenda.ended(errand, "refused")

    assert agenda.next() == errand


def test_two_deletes_under_way_never_share_a_meeting():
    """A meeting leaves the list when its delete starts, not when it ends."""
    agenda = an_agenda(delete_meeting=1)
    agenda.created(1)
    agenda.created(2)

    assert [agenda.next().target, agenda.next().target] == ["1", "2"]


def test_a_meeting_that_is_being_read_is_not_deleted_meanwhile():
    """In an open workload a delete could overtake the read, which would then find nothing (404)."""
    agenda = an_agenda(get_meeting=1, delete_meeting=1)
    agenda.created(1)
    agenda.created(2)
    under_way = [agenda.next() for _ in range(2)]

    assert {errand.target for errand in under_way} == {"1", "2"}
    for errand in under_way:
        agenda.ended(errand, "refused")
    assert {agenda.next().target for _ in range(2)} == {"1", "2"}


def test_operations_come_by_weight():
    """Of 6,000 draws at 2 : 1, the creates are 4,000 give or take 5 sigma (36.5 each)."""
    agenda = an_agenda(create_meeting=2, get_user=1)
    kinds = [agenda.next().operation for _ in range(6_000)]

    assert abs(kinds.count("create_meeting") - 4_000) < 183
