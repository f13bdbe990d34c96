"""The ledger where tokens come with refresh tokens, against a list.

The model keeps what each token was promised and predicts; it never copies what the ledger says.
Waits fall one tick either side of the lifetime, the overlap and the grace.
"""

from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tokenrace.clock import HOUR, MINUTE
from tokenrace.provider.ledger import Ledger
from tokenrace.provider.policy import TokenPolicy
from tokenrace.provider.refresh_tokens import RefreshPolicy, RefreshToken

GRACE, OVERLAP = MINUTE, 10 * MINUTE
WAITS = [step + span for span in (GRACE, OVERLAP, HOUR) for step in (-1, 0)]


@dataclass
class Promised:
    """What the model knows of a token: when it lost its place, and when its validity ends."""

    token: int
    refresh: RefreshToken
    ends_at: int
    has_place: bool = True


class LedgerOfFamilies(RuleBasedStateMachine):
    """``tokens`` is the model, oldest first; ``places`` has each family's newest place."""

    @initialize(cap=st.sampled_from([None, 2]), ends=st.booleans())
    def start(self, cap, ends):
        refresh = RefreshPolicy(rotates=True, overlap=OVERLAP, ends_access_tokens=ends)
        self.policy = TokenPolicy(lifetime=HOUR, live_tokens=cap, grace=GRACE, refresh=refresh)
        self.ledger = Ledger(self.policy)
        self.now = 0
        self.tokens = []
        self.places = {1: 1, 2: 1}

    @rule(span=st.sampled_from([1, *WAITS]))
    def wait(self, span):
        self.now += span
        for promised in self.tokens:
            promised.has_place = promised.has_place and self.now < promised.ends_at

    @rule(family=st.sampled_from([1, 2]), rotations=st.lists(st.booleans(), min_size=1, max_size=4))
    def refresh(self, family, rotations):
        for rotates in rotations:
            self.refresh_once(family, rotates)

    def refresh_once(self, family, rotates):
        self.places[family] += rotates
        refresh = RefreshToken(family, self.places[family])
        placed = [promised for promised in self.tokens if promised.has_place]
        superseded = [
            promised
            for promised in placed
            if self.policy.refresh.ends_access_tokens
            and promised.refresh.family == family
            and promised.refresh.place < refresh.place
        ]
        left = [promised for promised in placed if promised not in superseded]
        cap = self.policy.live_tokens
        over = [] if cap is None else left[: max(0, len(left) + 1 - cap)]
        gone = sorted(promised.token for promised in superseded + over)
        assert self.ledger.displaced(self.now, 0, refresh) == gone

        record, _ = self.ledger.issue(self.now, "p0", refresh=refresh)

        for promised in superseded + over:
            spared = OVERLAP if promised in superseded else GRACE
            promised.has_place = False
            promised.ends_at = min(promised.ends_at, self.now + spared)
        self.tokens.append(Promised(record.token, refresh, self.now + HOUR))

    @rule(family=st.sampled_from([1, 2]))
    def revoke_family(self, family):
        for event in self.ledger.revoke_family(family, self.now):
            promised = self.tokens[event.token - 1]
            assert (promised.refresh.family, self.now < promised.ends_at) == (family, True)
            promised.has_place, promised.ends_at = False, self.now

    @invariant()
    def the_same_tokens_are_valid_in_each_family(self):
        for family in (1, 2):
            assert self.ledger.of_family(family, self.now) == [
                promised.token
                for promised in self.tokens
                if promised.refresh.family == family and self.now < promised.ends_at
            ]
        placed = [promised.token for promised in self.tokens if promised.has_place]
        assert [record.token for record in self.ledger.live_tokens(self.now)] == placed


TestLedgerOfFamilies = LedgerOfFamilies.TestCase
TestLedgerOfFamilies.settings = settings(max_examples=100, stateful_step_count=25, deadline=None)
