"""A provider whose tokens come by a refresh token, and requests with one."""

import json

from tests.provider.zoom_requests import CREDENTIALS, EPOCH, KEY, call, token_request
from tokenrace.clock import HOUR, MINUTE
from tokenrace.provider.app import App
from tokenrace.provider.endpoints import Provider
from tokenrace.provider.http import ZoomHttp
from tokenrace.provider.messages import TokenRequest
from tokenrace.provider.policy import TokenPolicy
from tokenrace.provider.refresh_tokens import RefreshPolicy

INVALID_GRANT = b'{"reason":"Invalid Token!","error":"invalid_grant"}'
OVERLAP = 10 * MINUTE
LINKED = RefreshPolicy(rotates=True, overlap=OVERLAP, detects_reuse=True, ends_access_tokens=True)


def a_server(refresh=None, **policy):
    policy = TokenPolicy(lifetime=HOUR, live_tokens=None, refresh=refresh, **policy)
    provider = Provider(App(credentials=CREDENTIALS), policy)
    return ZoomHttp(provider, signing_key=KEY, epoch=EPOCH, api_url="http://127.0.0.1:8080")


def refresh(server, value, now=0):
    """Send the refresh token ``value``; return the exchange."""
    body = f"grant_type=refresh_token&refresh_token={value}".encode()
    return server.handle(token_request(body=body), now)


def granted(server, value, now=0):
    """Return the access token and what refresh token the client is told, if any."""
    body = json.loads(refresh(server, value, now).response.body)
    return body["access_token"], body.get("refresh_token")


def status(server, token, now):
    return call(server, "GET /v2/users/me", token, now=now).response.status


def a_request(refresh_token):
    return TokenRequest(
        client_id="shop",
        client_secret="hush",
        grant_type="refresh_token",
        account_id=None,
        asked_by="p0",
        refresh_token=refresh_token,
    )
