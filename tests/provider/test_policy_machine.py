"""The ledger under every rule at the cap, with grace, visibility delay and reuse, against a list.

The model keeps what each token was promised and predicts; it never copies what the ledger says.
Waits fall one tick either side of the lifetime, the grace and the delay.
"""

from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tokenrace.clock import HOUR, MINUTE
from tokenrace.provider.ledger import Ledger
from tokenrace.provider.policy import TokenPolicy
from tokenrace.trace.events import TokenEvicted

GRACE = 5 * MINUTE
DELAY = MINUTE
WAITS = [step + span for span in (DELAY, GRACE, HOUR - GRACE, HOUR) for step in (-1, 0, 1)]


@dataclass
class Promised:
    """What the model knows of a token: when it lost its place, and to what end."""

    token: int
    issued_at: int
    slot: int
    lost_at: int | None = None
    revoked_at: int | None = None

    def holds_place(self, now: int) -> bool:
        return self.lost_at is None and self.revoked_at is None and now < self.issued_at + HOUR


class LedgerUnderRules(RuleBasedStateMachine):
    """``tokens`` is the model, oldest first."""

    @initialize(
        cap=st.integers(1, 3),
        at_cap=st.sampled_from(["evict_oldest", "evict_all", "replace_slot", "same_token"]),
        grace=st.sampled_from([0, GRACE]),
        delay=st.sampled_from([0, DELAY]),
        reuse=st.sampled_from([None, 30 * MINUTE]),
    )
    def start(self, cap, at_cap, grace, delay, reuse):
        self.policy = TokenPolicy(
            lifetime=HOUR,
            live_tokens=cap,
            at_cap=at_cap,
            grace=grace,
            visible_after=delay,
            reuse_above=reuse,
        )
        self.ledger = Ledger(self.policy)
        self.now = 0
        self.tokens = []

    @rule(span=st.sampled_from([0, 1, *WAITS]))
    def wait(self, span):
        self.now += span

    def placed(self):
        return [promised for promised in self.tokens if promised.holds_place(self.now)]

    def predicted_reuse(self):
        placed = self.placed()
        if not placed:
            return None
        newest = placed[-1]
        above = self.policy.reuse_above
        if above is not None and newest.issued_at + HOUR - self.now >= above:
            return newest.token
        is_full = len(placed) >= self.policy.live_tokens
        return newest.token if self.policy.at_cap == "same_token" and is_full else None

    @rule(slot=st.integers(0, 2))
    def ask(self, slot):
        slot = min(slot, self.policy.live_tokens - 1)
        kept = self.ledger.reusable(self.now)
        assert (None if kept is None else kept.token) == self.predicted_reuse()
        if kept is not None:
            return
        placed = self.placed()
        too_many = max(0, len(placed) + 1 - self.policy.live_tokens)
        gone = {
            "evict_oldest": placed[:too_many],
            "evict_all": placed if too_many else [],
            "replace_slot": [promised for promised in placed if promised.slot == slot],
            "same_token": placed[:too_many],
        }[self.policy.at_cap]
        assert self.ledger.displaced(self.now, slot) == [promised.token for promised in gone]

        record, events = self.ledger.issue(self.now, "p0", slot)

        for promised in gone:
            promised.lost_at = self.now
        assert record.token == len(self.tokens) + 1
        self.tokens.append(Promised(record.token, self.now, slot))
        assert [event for event in events if isinstance(event, TokenEvicted)] == [
            TokenEvicted(
                at=self.now,
                token=promised.token,
                displaced_by=record.token,
                asked_by="p0",
                valid_until=min(self.now + self.policy.grace, promised.issued_at + HOUR),
            )
            for promised in gone
        ]

    @rule(data=st.data())
    def revoke(self, data):
        if not self.tokens:
            return
        promised = data.draw(st.sampled_from(self.tokens))
        was_valid = self.predicted(promised) in ("live", "not_yet_valid")
        assert bool(self.ledger.revoke(promised.token, self.now)) == was_valid
        if was_valid:
            promised.revoked_at = self.now

    @rule()
    def revoke_all(self):
        for promised in self.tokens:
            if self.predicted(promised) in ("live", "not_yet_valid"):
                promised.revoked_at = self.now
        self.ledger.revoke_all(self.now)
        assert self.ledger.valid_tokens(self.now) == []

    def predicted(self, promised):
        ends = [(promised.issued_at + HOUR, 2, "expired")]
        if promised.revoked_at is not None:
            ends.append((promised.revoked_at, 0, "revoked"))
        if promised.lost_at is not None:
            ends.append((promised.lost_at + self.policy.grace, 3, "evicted"))
        at, _, cause = min(ends)
        if self.now >= at:
            return cause
        has_place = promised.lost_at is None
        is_early = self.now < promised.issued_at + self.policy.visible_after
        return "not_yet_valid" if is_early and has_place else "live"

    @invariant()
    def every_token_is_as_predicted(self):
        predicted = {promised.token: self.predicted(promised) for promised in self.tokens}
        assert {token: self.ledger.state(token, self.now) for token in predicted} == predicted
        assert self.ledger.valid_tokens(self.now) == [
            token for token, state in predicted.items() if state in ("live", "not_yet_valid")
        ]
        assert self.ledger.live_count(self.now) == len(self.placed())

    @invariant()
    def valid_until_is_the_last_instant_but_one(self):
        for promised in self.tokens:
            until = self.ledger.valid_until(promised.token, self.now)
            if self.predicted(promised) != "live":
                assert until == self.now
                continue
            assert self.ledger.state(promised.token, until - 1) == "live"
            assert self.ledger.state(promised.token, until) != "live"


TestLedgerUnderRules = LedgerUnderRules.TestCase
TestLedgerUnderRules.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)
