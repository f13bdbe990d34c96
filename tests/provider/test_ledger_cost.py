"""The ledger's cost and memory do not grow with how many tokens there are or have been."""

from collections import OrderedDict
from dataclasses import replace

from tokenrace.clock import HOUR, MINUTE, SECOND
from tokenrace.provider.ended_tokens import ENDED_KEPT
from tokenrace.provider.ledger import Ledger
from tokenrace.provider.policy import TokenPolicy
from tokenrace.provider.refresh_tokens import RefreshPolicy, RefreshToken
from tokenrace.provider.token_records import TokensByFamily

UNCAPPED = TokenPolicy(lifetime=HOUR, live_tokens=None)


class CountedLooks(OrderedDict):
    """Live tokens that count how many of them somebody looked at."""

    looks = 0

    def values(self):
        """Return the values, each counted when it is looked at."""
        return _Counted(self)


class _Counted:
    def __init__(self, tokens):
        self._tokens = tokens

    def __iter__(self):
        for record in OrderedDict.values(self._tokens):
            self._tokens.looks += 1
            yield record

    def __reversed__(self):
        for record in reversed(OrderedDict.values(self._tokens)):
            self._tokens.looks += 1
            yield record


def looks_per_issue(policy: TokenPolicy) -> float:
    """Return how many tokens an issue looks at, with 1,000 and more live."""
    ledger = Ledger(policy)
    ledger._live = CountedLooks()
    for index in range(2_000):
        if index == 1_000:
            ledger._live.looks = 0
        now = index * 3_000_000
        if ledger.reusable(now) is None:
            ledger.issue(now, "p0")
    return ledger._live.looks / 1_000


def test_an_issue_does_not_look_at_every_live_token():
    """Without a cap 1,200 tokens are live at one every 3 s; an issue looks at the one or two that
    may have expired."""
    assert looks_per_issue(UNCAPPED) <= 3


def test_a_reuse_rule_looks_at_the_newest_token_only():
    """One with 50 min left is returned again; the rest need not be seen."""
    assert looks_per_issue(replace(UNCAPPED, reuse_above=50 * MINUTE)) <= 3


def test_a_changed_lifetime_costs_until_the_tokens_from_before_are_gone():
    """From an hour to ten minutes: a token of an hour may outlive newer ones, so each issue looks
    at all. Once the hour is over, an issue looks at the few that have expired and one more."""
    shorter = replace(UNCAPPED, lifetime=10 * MINUTE)
    ledger = Ledger(UNCAPPED)
    ledger.issue(0, "p0")
    ledger.change(shorter)
    ledger._live = CountedLooks(ledger._live)
    for index in range(1, 1_201):
        ledger.issue(index * 3 * SECOND, "p0")
    ledger._live.looks = 0
    ledger.issue(HOUR + 3 * SECOND, "p0")

    assert ledger._live.looks <= 4


def test_what_has_ended_is_remembered_within_bounds():
    """A cap of 1 and ENDED_KEPT + 500 evictions, each with a minute's grace that is not over: of
    500 the record was dropped, and one token is live."""
    ledger = Ledger(TokenPolicy(lifetime=HOUR, live_tokens=1, grace=MINUTE))
    for index in range(ENDED_KEPT + 501):
        ledger.issue(index, "p0")

    assert len(ledger.valid_tokens(ENDED_KEPT + 501)) == ENDED_KEPT + 1
    assert len(ledger.live_tokens(ENDED_KEPT + 501)) == 1
    assert ledger.state(1, ENDED_KEPT + 501) == "evicted"


class CountedReads:
    """A token of family 1 that counts how often somebody asks with what refresh token it came."""

    reads = 0

    def __init__(self, token, place):
        self.token = token
        self._place = place

    @property
    def refresh(self):
        CountedReads.reads += 1
        return RefreshToken(1, self._place)


def test_an_issue_by_a_refresh_token_does_not_look_at_its_whole_family():
    """Three tokens of place 1, then 1,000 of place 2, as when a client repeats a use within the
    overlap: who looks for those before place 2 sees the three, and the first that stays."""
    tokens = TokensByFamily()
    for number in range(1_003):
        tokens.add(CountedReads(number, 1 if number < 3 else 2))
    CountedReads.reads = 0

    assert [record.token for record in tokens.before(RefreshToken(1, 2))] == [0, 1, 2]
    assert CountedReads.reads == 4
    assert list(tokens.before(RefreshToken(2, 9))) == []


def test_an_issue_by_a_refresh_token_that_ends_no_access_tokens_looks_at_no_other():
    """By xero's rules, with 1,200 tokens live."""
    xero = replace(UNCAPPED, refresh=RefreshPolicy(rotates=True))
    ledger = Ledger(xero)
    for index in range(1_200):
        ledger.issue(index, "p0", refresh=RefreshToken(1, index + 1))
    ledger._live = CountedLooks(ledger._live)
    ledger.issue(1_200, "p0", refresh=RefreshToken(1, 1_201))

    assert ledger._live.looks <= 1
