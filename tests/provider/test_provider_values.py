"""The values a provider is built of: wrong ones refuse to exist, and secrets stay unseen."""

import re

import pytest

from tests.provider.provider_requests import CREDENTIALS
from tokenrace.provider.app import App, Credentials, Directory
from tokenrace.provider.policy import TokenPolicy


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: TokenPolicy(lifetime=0, live_tokens=1), "lifetime must be positive, got 0"),
        (
            lambda: TokenPolicy(lifetime=1, live_tokens=0),
            "live_tokens must be at least 1 or None, got 0",
        ),
        (
            lambda: Credentials(client_id="a", client_secret="", account_id="c"),
            "client_secret must not be empty",
        ),
        (
            lambda: Credentials(client_id="a:b", client_secret="s", account_id="c"),
            "client_id must not contain a colon",
        ),
        (lambda: Directory(prefix=""), "prefix must not be empty"),
        (lambda: Directory(owner="root"), "owner must be a user of the account, got 'root'"),
        (lambda: App(credentials=CREDENTIALS, scopes=("a b",)), "a scope is one word"),
    ],
)
def test_wrong_numbers_and_names_refuse_to_exist(build, message):
    """A provider that could not work is never built."""
    with pytest.raises(ValueError, match=re.escape(message)):
        build()


def test_a_secret_does_not_show_in_a_repr():
    """Values end up in logs and in failed assertions."""
    assert "hush" not in repr(CREDENTIALS)
