"""The ledger against a plain list, under arbitrary programs of issues, waits and revocations.

The model predicts; it never copies what the ledger reports. Waits fall one tick either side of the
lifetime, because only the boundary tells ``<`` from ``<=``.
"""

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tokenrace.clock import HOUR, SECOND
from tokenrace.provider.ledger import Ledger
from tokenrace.provider.policy import TokenPolicy
from tokenrace.trace.events import TokenEvicted, TokenIssued, TokenRevoked

CAPS = st.sampled_from([1, 2, 3, None])
WAITS = st.sampled_from([0, 1, SECOND, HOUR - 1, HOUR, HOUR + 1])


class LedgerAgainstList(RuleBasedStateMachine):
    """``live`` is the model: (token, expires_at), oldest first; ``ends`` holds each first end."""

    @initialize(cap=CAPS)
    def start(self, cap):
        self.cap = cap
        self.ledger = Ledger(TokenPolicy(lifetime=HOUR, live_tokens=cap))
        self.now = 0
        self.issued = 0
        self.live = []
        self.ends = {}

    @rule(span=WAITS)
    def wait(self, span):
        self.now += span
        self.ends |= {token: "expired" for token, end in self.live if end <= self.now}
        self.live = [(token, end) for token, end in self.live if self.now < end]

    @rule()
    def issue(self):
        self.issued += 1
        displaced = []
        if self.cap is not None and len(self.live) == self.cap:
            displaced = [self.live.pop(0)[0]]
        self.ends |= dict.fromkeys(displaced, "evicted")
        self.live.append((self.issued, self.now + HOUR))

        record, events = self.ledger.issue(self.now, f"p{self.issued}")

        assert (record.token, record.issued_at, record.expires_at, record.asked_by) == (
            self.issued,
            self.now,
            self.now + HOUR,
            f"p{self.issued}",
        )
        evictions = [
            TokenEvicted(
                at=self.now,
                token=token,
                displaced_by=self.issued,
                asked_by=f"p{self.issued}",
                valid_until=self.now,
            )
            for token in displaced
        ]
        assert events == [
            *evictions,
            TokenIssued(
                at=self.now,
                token=self.issued,
                expires_at=self.now + HOUR,
                asked_by=f"p{self.issued}",
            ),
        ]

    @precondition(lambda self: self.issued)
    @rule(data=st.data())
    def revoke(self, data):
        token = data.draw(st.integers(1, self.issued))
        was_live = token in dict(self.live)
        self.live = [(other, end) for other, end in self.live if other != token]
        if was_live:
            self.ends[token] = "revoked"

        events = self.ledger.revoke(token, self.now)

        assert events == ([TokenRevoked(at=self.now, token=token)] if was_live else [])

    @invariant()
    def asking_about_the_future_changes_nothing(self):
        """Asked first, so that a query which tidied up would spoil the invariant below."""
        later = self.now + HOUR
        for token, _ in self.live:
            assert self.ledger.state(token, later) == "expired"
        assert self.ledger.live_tokens(later) == []
        assert self.ledger.live_count(later) == 0

    @invariant()
    def every_token_is_live_or_ended_as_predicted(self):
        predicted = {token: "live" for token, _ in self.live} | self.ends
        tokens = range(1, self.issued + 1)
        assert {token: self.ledger.state(token, self.now) for token in tokens} == predicted
        assert [record.token for record in self.ledger.live_tokens(self.now)] == [
            token for token, _ in self.live
        ]
        assert self.ledger.live_count(self.now) == len(self.live)
        assert self.ledger.tokens_issued == self.issued

    @invariant()
    def a_token_never_issued_is_unknown(self):
        for token in (-1, 0, self.issued + 1):
            assert self.ledger.state(token, self.now) == "unknown_token"


TestLedgerAgainstList = LedgerAgainstList.TestCase
TestLedgerAgainstList.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


@settings(max_examples=100, deadline=None)
@given(cap=CAPS, gaps=st.lists(WAITS, min_size=1, max_size=12))
def test_token_k_is_live_exactly_while_fewer_than_the_cap_came_after_it(cap, gaps):
    """
    The FIFO law: M(t) - k < N and t < expiry. It counts issues only, so it shares nothing with the
    ledger's bookkeeping. Checked at each issue, and before the next one at each expiry and a tick
    either side of it.
    """
    ledger = Ledger(TokenPolicy(lifetime=HOUR, live_tokens=cap))
    instants = [sum(gaps[: place + 1]) for place in range(len(gaps))]
    for count, now in enumerate(instants, start=1):
        ledger.issue(now, "p0")
        horizon = instants[count] if count < len(instants) else now + 2 * HOUR
        edges = {at + HOUR + step for at in instants[:count] for step in (-1, 0, 1)}
        for t in sorted({now} | {edge for edge in edges if now <= edge < horizon}):
            for k, issued_at in enumerate(instants[:count], start=1):
                room = cap is None or count - k < cap
                assert (ledger.state(k, t) == "live") == (room and t < issued_at + HOUR)
