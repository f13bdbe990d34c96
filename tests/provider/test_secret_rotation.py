"""A client secret replaced by a new one: who may still ask, and what becomes of the tokens.

Source: provider facts, section 7. What Zoom does to live tokens is unknown there; both ways are
tested. Boundaries are held one tick either side.
"""

import pytest

from tests.provider.provider_requests import a_provider, asks, calls, issue
from tokenrace.clock import DAY, HOUR, SECOND
from tokenrace.provider.lifecycle import OVERLAP_MAX, RotateSecret
from tokenrace.trace.events import TokenRevoked

THEN = 10 * SECOND
"""When the secret is rotated."""


@pytest.fixture
def provider():
    """No cap on live tokens; token 1 is live."""
    made = a_provider(live_tokens=None)
    issue(made)
    return made


def test_a_rotated_secret_is_refused_from_that_tick(provider):
    """Without overlap the old one has worked last the tick before; tokens go on."""
    assert asks(provider, THEN - 1) is None
    provider.undergo(RotateSecret(new_secret="quiet"), THEN)

    assert asks(provider, THEN) == (400, "invalid_client")
    assert asks(provider, THEN, secret="quiet") is None
    assert calls(provider, 1, THEN) == (200, None)
    assert provider.standing.secret == "quiet"


def test_an_old_secret_works_for_the_overlap_and_not_a_tick_longer(provider):
    """Section 7 [documented]: "both secrets work until then"."""
    provider.undergo(RotateSecret(new_secret="quiet", overlap=HOUR), THEN)

    assert asks(provider, THEN + HOUR - 1) is None
    assert asks(provider, THEN + HOUR - 1, secret="quiet") is None
    assert asks(provider, THEN + HOUR) == (400, "invalid_client")
    assert asks(provider, THEN + HOUR, secret="quiet") is None


def test_a_second_rotation_may_end_the_first_secret_sooner_and_never_later(provider):
    """Three secrets work at once; the first keeps its hour where the second gets two, and loses
    the rest of it where the second rotation gives a minute."""
    provider.undergo(RotateSecret(new_secret="second", overlap=HOUR), 0)
    provider.undergo(RotateSecret(new_secret="third", overlap=2 * HOUR), SECOND)

    assert [asks(provider, HOUR - 1, secret) for secret in ("hush", "second", "third")] == [
        None
    ] * 3
    assert asks(provider, HOUR, "hush") == (400, "invalid_client")
    assert asks(provider, HOUR, "second") is None

    provider.undergo(RotateSecret(new_secret="fourth", overlap=SECOND), HOUR)
    assert asks(provider, HOUR + SECOND - 1, "second") is None
    assert asks(provider, HOUR + SECOND, "second") == (400, "invalid_client")


def test_a_secret_that_comes_back_is_the_newest_one(provider):
    """Rotated to another and back within its overlap: it does not end with the overlap."""
    provider.undergo(RotateSecret(new_secret="quiet", overlap=SECOND), 0)
    provider.undergo(RotateSecret(new_secret="hush", overlap=0), 1)

    assert asks(provider, 2 * SECOND) is None
    assert asks(provider, 1, "quiet") == (400, "invalid_client")


def test_a_rotation_may_end_every_token(provider):
    """What Zoom does is unknown; this way an intruder's tokens end too."""
    issue(provider)
    events = provider.undergo(RotateSecret(new_secret="quiet", revokes_tokens=True), THEN)

    assert events[1:] == [TokenRevoked(at=THEN, token=token) for token in (1, 2)]
    assert calls(provider, 1, THEN - 1) == (200, None)
    assert calls(provider, 1, THEN) == (401, "revoked")
    assert calls(provider, 2, THEN) == (401, "revoked")


@pytest.mark.parametrize("overlap", [-1, OVERLAP_MAX + 1])
def test_an_overlap_is_at_most_thirty_days(overlap):
    """Section 7 [documented]: "revoke_old_secret_time: now or UTC <= 30 d"."""
    with pytest.raises(ValueError, match="overlap must be within 0 to 30 days"):
        RotateSecret(new_secret="quiet", overlap=overlap)
    assert RotateSecret(new_secret="quiet", overlap=OVERLAP_MAX).overlap == 30 * DAY


def test_a_new_secret_is_not_empty():
    """It could not be shown."""
    with pytest.raises(ValueError, match="new_secret must not be empty"):
        RotateSecret(new_secret="")
