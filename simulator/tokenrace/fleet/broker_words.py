"""What a broker and its processes say to each other over HTTP: one JSON object each."""

from msgspec import json

from tokenrace.strategies.contract import Denied
from tokenrace.token import Token

CURRENT = "/current"
"""POST: the token the broker has."""
OTHER = "/other"
"""POST, with the value of the token that will not do as the body: another one."""
NEWS = "/news"
"""GET: a line for each new token, until the broker ends."""
NONE_TO_GIVE = 503


def said(said: Token | Denied) -> bytes:
    """Return the words for a token, or for why there is none. Instants are those of the run, which
    all its processes share."""
    return json.encode(said)


def token_said(words: bytes) -> Token:
    """Return the token in ``words``."""
    return json.decode(words, type=Token)


def denial_said(words: bytes) -> Denied:
    """Return why there is no token."""
    return json.decode(words, type=Denied)
