"""The requests that tests of Zoom's wire send, and the server they send them to."""

import json
from base64 import b64encode

from tokenrace.clock import HOUR
from tokenrace.provider.app import App, Credentials
from tokenrace.provider.endpoints import Provider
from tokenrace.provider.http import ZoomHttp
from tokenrace.provider.policy import TokenPolicy
from tokenrace.provider.reading import HttpRequest

CREDENTIALS = Credentials(client_id="shop", client_secret="hush", account_id="acct")
KEY = b"a key for these tests"
EPOCH = 1_700_000_000  # 2023-11-14T22:13:20Z
BASIC = "Basic " + b64encode(b"shop:hush").decode()
FORM = {"content-type": "application/x-www-form-urlencoded", "authorization": BASIC}
GRANT = "grant_type=account_credentials&account_id=acct"
TRACKED = "v=2.0;clid=tokenrace;rid=WEB_"


def a_server(**app):
    policy = TokenPolicy(lifetime=HOUR, live_tokens=1)
    return served(Provider(App(credentials=CREDENTIALS, **app), policy))


def served(provider):
    return ZoomHttp(provider, signing_key=KEY, epoch=EPOCH, api_url="http://127.0.0.1:8080")


def a_request(method, path, *, query=(), headers=(), body=b""):
    return HttpRequest(
        method=method, path=path, query=dict(query), headers=dict(headers), body=body
    )


def token_request(**changes):
    request = {"headers": FORM, "body": GRANT.encode()} | changes
    return a_request("POST", "/oauth/token", **request)


def issue(server, now=0):
    exchange = server.handle(token_request(), now)
    return json.loads(exchange.response.body)["access_token"]


def bearer(value):
    return {"authorization": f"Bearer {value}"}


def call(server, line, value, *, now=0, body=b""):
    """Send ``line``, a method and a path, with ``value`` as the token."""
    method, path = line.split()
    return server.handle(a_request(method, path, headers=bearer(value), body=body), now)
