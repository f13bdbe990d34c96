"""The rules by which a provider issues a token, returns a live one or refuses, to the tick.

Which provider has which rule, and whose documents say so, is in provider facts, section 8; each
rule's tests quote it. What an issue does to other tokens: ``test_token_validity.py``.
"""

from tests.provider.provider_requests import (
    a_call,
    a_ruled_provider,
    a_token_request,
    asks,
    calls,
    grant,
    issue,
)
from tokenrace.clock import HOUR, MINUTE
from tokenrace.provider.lifecycle import RotateSecret
from tokenrace.provider.messages import Granted, Refused
from tokenrace.provider.policy import Allowance
from tokenrace.trace.events import AppChanged, CallRefused, IssueRefused, TokenIssued

THROTTLED = (429, "too_many_requests")


# throttle: zoho, "10 mints/10 min throttle" (zoho.com/accounts/protocol/oauth/token-limits.html).


def zoho():
    """Ten issues in any ten minutes."""
    throttle = Allowance(count=10, window=10 * MINUTE)
    return a_ruled_provider(live_tokens=None, throttle=throttle)


def test_a_throttle_refuses_one_issue_too_many_and_says_when_to_come_back():
    """Ten at ticks 0 to 9; the first is ten minutes old at 10 minutes, and counts no more then."""
    provider = zoho()
    for now in range(10):
        assert asks(provider, now) is None
    reply, events = provider.issue(a_token_request(), MINUTE)

    assert reply == Refused(
        status=429,
        error="too_many_requests",
        message="Too Many Requests",
        retry_after=9 * MINUTE,
    )
    assert events == [IssueRefused(at=MINUTE, status=429, error="too_many_requests", asked_by="p0")]
    assert provider.ledger.tokens_issued == 10


def test_a_throttle_lets_one_pass_for_each_that_is_a_window_old():
    """The tick before the window has moved on is refused; then one passes, then it is full."""
    provider = zoho()
    for now in range(10):
        asks(provider, now)

    assert asks(provider, 10 * MINUTE - 1) == THROTTLED
    assert asks(provider, 10 * MINUTE) is None
    assert asks(provider, 10 * MINUTE) == THROTTLED
    assert asks(provider, 10 * MINUTE + 1) is None


def test_a_request_that_the_throttle_refuses_does_not_count():
    """A hundred refused in the tenth minute keep nobody waiting longer."""
    provider = zoho()
    for _ in range(10):
        asks(provider, 0)
    for _ in range(100):
        assert asks(provider, 10 * MINUTE - 1) == THROTTLED

    assert [asks(provider, 10 * MINUTE) for _ in range(11)] == [None] * 10 + [THROTTLED]


def test_a_wrong_secret_is_refused_as_such_and_does_not_count():
    """The client is checked first, though the throttle would refuse it too."""
    provider = a_ruled_provider(throttle=Allowance(count=1, window=HOUR))
    assert asks(provider, 0, secret="wrong") == (400, "invalid_client")
    assert asks(provider, 0) is None

    assert asks(provider, 0, secret="wrong") == (400, "invalid_client")
    assert asks(provider, 0) == THROTTLED


# block: more issues than allowed block the app until its secret is rotated.


def a_blocking_provider():
    """Two issues an hour; tokens need no room."""
    return a_ruled_provider(live_tokens=None, block=Allowance(count=2, window=HOUR))


def test_one_issue_too_many_is_granted_and_blocks_every_token():
    """The third token within the hour: the answer is a token, and none is accepted any more."""
    provider = a_blocking_provider()
    tokens = [issue(provider, now) for now in (0, 1)]
    assert calls(provider, tokens[0], HOUR - 1) == (200, None)
    reply, events = provider.issue(a_token_request(), HOUR - 1)

    assert isinstance(reply, Granted)
    assert events == [
        TokenIssued(at=HOUR - 1, token=3, expires_at=2 * HOUR - 1, asked_by="p0"),
        AppChanged(at=HOUR - 1, change="blocked: too many tokens were issued"),
    ]
    for token in (*tokens, 3):
        assert calls(provider, token, HOUR - 1) == (401, "app_blocked")


def test_an_issue_a_window_after_the_first_blocks_nothing():
    """The tick after the last one of the test above: the first issue counts no more."""
    provider = a_blocking_provider()
    tokens = [issue(provider, now) for now in (0, 1, HOUR)]

    assert calls(provider, tokens[-1], HOUR) == (200, None)


def test_a_blocked_app_still_gets_tokens_that_nobody_accepts():
    """What the report of forum thread 94662 tells: fresh tokens, and 401 on every endpoint. The
    block is told once."""
    provider = a_blocking_provider()
    for _ in range(3):
        issue(provider)
    _, events = provider.issue(a_token_request(), 1)
    _, refused = provider.call(a_call(4), 2 * HOUR)

    assert [type(event) for event in events] == [TokenIssued]
    assert refused == [CallRefused(at=2 * HOUR, token=4, cause="app_blocked", asked_by="p0.w1")]


def test_a_rotation_lifts_the_block():
    """Live tokens are accepted again, and the count of issues begins anew: the third of the new
    ones is one too many."""
    provider = a_blocking_provider()
    for _ in range(3):
        issue(provider)
    provider.undergo(RotateSecret(new_secret="quiet"), 5)

    assert calls(provider, 3, 5) == (200, None)
    assert [asks(provider, 5, secret="quiet") for _ in range(2)] == [None, None]
    assert calls(provider, 5, 5) == (200, None)
    assert asks(provider, 5, secret="quiet") is None
    assert calls(provider, 6, 5) == (401, "app_blocked")


# same_token: wecom, "1, 7200, same token until expiry" (developer.work.weixin.qq.com/91039);
# marketo, "same token, remaining expires_in".


def test_the_same_token_is_returned_until_the_tick_before_it_expires():
    """With what is left of its time, in whole seconds; that is no issue and no event."""
    provider = a_ruled_provider(at_cap="same_token", lifetime=2 * HOUR)
    first = grant(provider, 0)
    _, events = provider.issue(a_token_request(), MINUTE)
    again, last = grant(provider, MINUTE), grant(provider, 2 * HOUR - 1)
    new = grant(provider, 2 * HOUR)

    assert (first.token, first.expires_in, first.is_new) == (1, 7_200, True)
    assert (again.token, again.expires_in, again.is_new) == (1, 7_140, False)
    assert (last.token, last.expires_in, last.issued_at) == (1, 0, 0)
    assert events == ()
    assert (new.token, new.expires_in, new.is_new) == (2, 7_200, True)
    assert provider.ledger.tokens_issued == 2


def test_the_newest_of_several_is_the_one_returned():
    """Below the cap each request gets a new one; at it the newest comes again."""
    provider = a_ruled_provider(at_cap="same_token", live_tokens=3)
    tokens = [grant(provider, now).token for now in range(5)]

    assert tokens == [1, 2, 3, 3, 3]
    assert [calls(provider, token, 5)[0] for token in (1, 2, 3)] == [200] * 3


def test_returning_a_token_counts_towards_no_throttle_and_no_block():
    """A throttle of one issue an hour, and a block at two: a hundred requests, one token."""
    once = Allowance(count=1, window=3 * HOUR)
    provider = a_ruled_provider(at_cap="same_token", throttle=once, block=once)
    tokens = {grant(provider, now).token for now in range(100)}

    assert tokens == {1}
    assert calls(provider, 1, 100) == (200, None)
    assert asks(provider, HOUR) == THROTTLED


# refuse: the request is refused while as many tokens live as may. Reported of no provider here.


def test_a_full_provider_refuses_until_a_token_expires():
    """Two tokens at tick 0 and 1: full up to the tick before the first one's expiry."""
    provider = a_ruled_provider(at_cap="refuse", live_tokens=2)
    for now in (0, 1):
        assert asks(provider, now) is None

    assert asks(provider, HOUR - 1) == (400, "invalid_request")
    assert asks(provider, HOUR) is None
    assert asks(provider, HOUR) == (400, "invalid_request")
    assert [calls(provider, token, HOUR) for token in (1, 2, 3)] == [
        (401, "expired"),
        (200, None),
        (200, None),
    ]


# reuse_above: feishu, "same token if >= 30 min left, else new, both valid".


def test_a_token_with_enough_time_left_is_returned():
    """Two hours, reused while at least 30 minutes are left: at 90 minutes for the last time."""
    provider = a_ruled_provider(live_tokens=None, lifetime=2 * HOUR, reuse_above=30 * MINUTE)
    first, last = grant(provider, 0), grant(provider, 90 * MINUTE)
    new = grant(provider, 90 * MINUTE + 1)

    assert (first.token, last.token, last.is_new, last.expires_in) == (1, 1, False, 1_800)
    assert (new.token, new.is_new) == (2, True)
    assert [calls(provider, token, 2 * HOUR - 1) for token in (1, 2)] == [(200, None)] * 2
    assert grant(provider, 91 * MINUTE).token == 2
