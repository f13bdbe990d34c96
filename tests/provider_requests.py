"""What tests ask a provider, and the provider they ask."""

from simulator.clock import HOUR
from simulator.provider import Provider
from simulator.provider.app import App, Credentials
from simulator.provider.messages import ApiCall, TokenRequest
from simulator.provider.policy import TokenPolicy

CREDENTIALS = Credentials(client_id="shop", client_secret="hush", account_id="acct")


def a_policy(*, live_tokens=1, **rules):
    return TokenPolicy(**{"lifetime": HOUR, "live_tokens": live_tokens, **rules})


def a_provider(policy=None, *, live_tokens=1, limits=None, bursts=None, **app):
    policy = policy or a_policy(live_tokens=live_tokens)
    return Provider(App(credentials=CREDENTIALS, **app), policy, limits, bursts)


def a_token_request(**changes):
    request = {
        "client_id": "shop",
        "client_secret": "hush",
        "grant_type": "account_credentials",
        "account_id": "acct",
        "asked_by": "p0",
    }
    return TokenRequest(**request | changes)


def a_call(token, operation="get_user", target="me", **changes):
    return ApiCall(operation=operation, token=token, target=target, asked_by="p0.w1", **changes)


def issue(provider, now=0):
    granted, _ = provider.issue(a_token_request(), now)
    return granted.token
