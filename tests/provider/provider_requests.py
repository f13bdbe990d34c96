"""What tests ask a provider, and the provider they ask."""

from tokenrace.clock import HOUR
from tokenrace.provider.app import App, Credentials
from tokenrace.provider.endpoints import Provider
from tokenrace.provider.messages import ApiCall, Granted, TokenRequest
from tokenrace.provider.policy import TokenPolicy

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


def asks(provider, now, secret="hush"):
    """Ask for a token; return how it was answered: the error, or None."""
    reply, _ = provider.issue(a_token_request(client_secret=secret), now)
    return None if isinstance(reply, Granted) else (reply.status, reply.error)


def calls(provider, token, now, operation="get_user"):
    """Call the API; return the status and, of a 401, the cause."""
    target = "1" if operation == "get_meeting" else "me"
    reply, _ = provider.call(a_call(token, operation, target), now)
    return reply.status, getattr(reply, "cause", None)


def a_ruled_provider(**rules):
    return a_provider(a_policy(**rules))


def grant(provider, now, **request):
    """Ask for a token that is granted; return the grant."""
    reply, _ = provider.issue(a_token_request(**request), now)
    assert isinstance(reply, Granted), reply
    return reply
