"""Refresh tokens under arbitrary programs of consents, uses, waits and withdrawals.

The model keeps, of every refresh token ever handed out, when it was first used, and of every family
when it was consented to, last used and ended; from that it predicts, and never copies what the
machine says. Waits fall one tick either side of the overlap and of both lifetimes.
"""

from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tokenrace.clock import DAY, MINUTE
from tokenrace.provider.refresh_tokens import RefreshPolicy, RefreshToken, RefreshTokens
from tokenrace.trace.events import FamilyAuthorized, FamilyEnded, RefreshRefused

OVERLAP = 10 * MINUTE
IDLE = 2 * DAY
LIFETIME = 5 * DAY
WAITS = [0, 1, OVERLAP // 2, IDLE // 2, IDLE]


@dataclass
class Consent:
    """What the model knows of a family. ``first_used`` has an entry for each refresh token handed
    out, None while it was not used."""

    number: int
    consented_at: int
    used_at: int
    first_used: list = field(default_factory=lambda: [None])
    ended_as: str | None = None

    @property
    def newest(self):
        return RefreshToken(self.number, len(self.first_used))


class RefreshAgainstList(RuleBasedStateMachine):
    """``consents`` is the model, oldest first."""

    @initialize(
        rotates=st.booleans(),
        overlap=st.sampled_from([0, OVERLAP]),
        detects=st.booleans(),
        cap=st.sampled_from([None, 1, 2]),
        lifetime=st.sampled_from([None, LIFETIME]),
        idle=st.sampled_from([None, IDLE]),
    )
    def start(self, rotates, overlap, detects, cap, lifetime, idle):
        self.policy = RefreshPolicy(
            rotates=rotates,
            overlap=overlap if rotates else 0,
            detects_reuse=detects and rotates,
            families_max=cap,
            lifetime=lifetime,
            idle=idle,
        )
        self.tokens = RefreshTokens(self.policy)
        self.now = 0
        self.consents = []
        self.authorize()

    @rule(span=st.sampled_from(WAITS))
    def wait(self, span):
        self.now += span

    @rule(back=st.integers(0, 1), step=st.sampled_from([-1, 0, 1]), data=st.data())
    def wait_for_a_limit(self, back, step, data):
        """Come to a tick beside a limit of one of the latest consents, if it is not past."""
        consent = self.consents[max(0, len(self.consents) - 1 - back)]
        overlaps = [at + OVERLAP for at in consent.first_used[-3:] if at is not None]
        limits = [*overlaps, consent.used_at + IDLE, consent.consented_at + LIFETIME]
        self.now = max(self.now, data.draw(st.sampled_from(limits)) + step)

    def predicted_end(self, consent):
        """Return why ``consent`` is over, or None."""
        if consent.ended_as is not None:
            return consent.ended_as
        spans = ((consent.consented_at, self.policy.lifetime), (consent.used_at, self.policy.idle))
        is_over = any(span is not None and self.now - since >= span for since, span in spans)
        return "expired" if is_over else None

    def live(self):
        return [consent for consent in self.consents if self.predicted_end(consent) is None]

    @rule()
    def authorize(self):
        live = self.live()
        gone = live[:1] if len(live) == self.policy.families_max else []
        for consent in gone:
            consent.ended_as = "evicted"
        number = len(self.consents) + 1
        self.consents.append(Consent(number, self.now, self.now))

        first, events = self.tokens.authorize(self.now)

        assert first == RefreshToken(number, 1)
        assert events == [
            *(FamilyEnded(at=self.now, family=old.number, reason="evicted") for old in gone),
            FamilyAuthorized(at=self.now, family=number),
        ]

    def predicted(self, consent, place):
        """Return what a use of the refresh token at ``place`` yields, or why it is refused."""
        ended = self.predicted_end(consent)
        if ended is not None:
            return ended
        used_at = consent.first_used[place - 1]
        if used_at is None or not self.policy.rotates:
            return RefreshToken(consent.number, place + self.policy.rotates)
        is_retry = consent.first_used[place] is None and self.now - used_at < self.policy.overlap
        return consent.newest if is_retry else "reused"

    @rule(data=st.data())
    def use_any(self, data):
        consent = data.draw(st.sampled_from(self.consents))
        self.use(consent, data.draw(st.integers(1, len(consent.first_used))))

    @rule(back=st.integers(0, 2))
    def use_of_the_latest(self, back):
        """Use a refresh token near the newest, where rotation, retry and reuse meet."""
        consent = self.consents[-1]
        self.use(consent, max(1, len(consent.first_used) - back))

    @rule(span=st.sampled_from([OVERLAP, IDLE]), step=st.sampled_from([-1, 0, 1]))
    def use_twice_and_once_more_beside_a_limit(self, span, step):
        """Only the first use counts for the overlap, and every use for the idle time."""
        consent = self.consents[-1]
        place = len(consent.first_used)
        self.use(consent, place)
        first_used_at = self.now
        self.now += OVERLAP // 2
        self.use(consent, place)
        self.now = (self.now if span == IDLE else first_used_at) + span + step
        self.use(consent, place)

    def use(self, consent, place):
        predicted = self.predicted(consent, place)

        answer, events = self.tokens.use(RefreshToken(consent.number, place), self.now, "p0")

        assert answer == predicted
        if isinstance(predicted, RefreshToken):
            consent.used_at = self.now
            if consent.first_used[place - 1] is None:
                consent.first_used[place - 1] = self.now
                consent.first_used += [None] if self.policy.rotates else []
            assert events == []
            return
        refused = RefreshRefused(at=self.now, family=consent.number, cause=predicted, asked_by="p0")
        if predicted == "reused" and self.policy.detects_reuse:
            consent.ended_as = "revoked"
            end = FamilyEnded(at=self.now, family=consent.number, reason="reused")
            assert events == [refused, end]
        else:
            assert events == [refused]

    @rule(data=st.data())
    def revoke(self, data):
        consent = data.draw(st.sampled_from(self.consents))
        was_live = self.predicted_end(consent) is None
        if was_live:
            consent.ended_as = "revoked"

        events = self.tokens.revoke(consent.number, self.now)

        end = FamilyEnded(at=self.now, family=consent.number, reason="revoked")
        assert events == ([end] if was_live else [])

    @invariant()
    def every_refresh_token_is_answered_as_predicted(self):
        for consent in self.consents:
            for place in range(1, len(consent.first_used) + 1):
                token = RefreshToken(consent.number, place)
                assert self.tokens.answer(token, self.now) == self.predicted(consent, place)
            ahead = RefreshToken(consent.number, len(consent.first_used) + 1)
            ended = consent.ended_as
            assert self.tokens.answer(ahead, self.now) == ("unknown" if ended is None else ended)

    @invariant()
    def at_most_the_cap_are_live(self):
        live = [consent.number for consent in self.live()]
        assert self.tokens.live_families(self.now) == live
        assert self.policy.families_max is None or len(live) <= self.policy.families_max


TestRefreshAgainstList = RefreshAgainstList.TestCase
TestRefreshAgainstList.settings = settings(max_examples=200, stateful_step_count=20, deadline=None)
