"""What a token looks like on the wire: shaped like Zoom's, and never taken for one of Zoom's.

A JWT signed with HS512. The header's fields are ``alg``, ``v`` and ``kid``, the claims those of
Zoom's version 7 (reported; Zoom calls the shape undocumented, so clients must treat it as opaque).
The issuer, the audience and the ids are our own (``urn:tokenrace:``).

A value is a function of the key, the app, the token's number and its instants. The number is inside
and the signature vouches for it, so a value can be read back without remembering any token. That
says which token it is, not whether it is live: the ledger knows. Two providers with one key would
read each other's values, so give each run its own.

A refresh token has the same shape, and is signed with a key of its own: neither is ever taken for
the other. It holds no instants, so that a retry gets the same value again; type 1 is ours.
"""

import binascii
import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import OrderedDict
from uuid import UUID

from tokenrace.clock import SECOND, Ticks
from tokenrace.provider.app import Credentials
from tokenrace.provider.refresh_tokens import RefreshToken
from tokenrace.trace.events import TokenId

KEY_BYTES_MIN = 16
READ_KEPT = 4_096
"""How many values read lately are remembered, to spare their signature check: about 4 MB."""

_CODE_PREFIX = "tokenrace-"
_REFRESH_PREFIX = "tokenrace-refresh-"
_NUMBER_DIGITS_MAX = 19
_INSTANTS = ("nbf", "exp", "iat")


class TokenFormat:
    """Writes and reads the token values of one app."""

    __slots__ = ("_claims", "_epoch", "_header", "_key", "_read", "_refresh_key")

    def __init__(self, key: bytes, credentials: Credentials, epoch: int) -> None:
        """``epoch`` is the Unix time, in seconds, of tick 0.

        Raises:
            ValueError: ``key`` is too short to keep anyone from forging tokens.
        """
        if len(key) < KEY_BYTES_MIN:
            raise ValueError(f"the key needs at least {KEY_BYTES_MIN} bytes, got {len(key)}")
        self._key = key
        self._refresh_key = hmac.digest(key, b"refresh", "sha512")
        self._epoch = epoch
        self._read: OrderedDict[str, TokenId] = OrderedDict()
        self._header = _encode({"alg": "HS512", "v": "2.0", "kid": self._uuid("kid")})
        self._claims: dict[str, str | int] = {
            "ver": 7,
            "auid": hashlib.blake2s(key, digest_size=16, person=b"auid").hexdigest(),
            "code": "",
            "iss": f"urn:tokenrace:cid:{credentials.client_id}",
            "gno": 0,
            "type": 0,
            "tid": 0,
            "aud": "urn:tokenrace:oauth",
            "uid": self._uuid("uid"),
            "nbf": 0,
            "exp": 0,
            "iat": 0,
            "aid": credentials.account_id,
            "jti": "",
        }

    def write(self, token: TokenId, *, issued_at: Ticks, expires_at: Ticks) -> str:
        """Return the value of ``token``."""
        issued = self._epoch + issued_at // SECOND
        claims: dict[str, str | int] = self._claims | {
            "code": f"{_CODE_PREFIX}{token}",
            "nbf": issued,
            "exp": self._epoch + expires_at // SECOND,
            "iat": issued,
            "jti": self._uuid(f"jti/{token}"),
        }
        signed = f"{self._header}.{_encode(claims)}"
        value = f"{signed}.{self._signature(signed, self._key)}"
        self._remember(value, token)
        return value

    def read(self, value: str) -> TokenId | None:
        """Return the number of the token that ``value`` is, or None when we did not write it."""
        known = self._read.get(value)
        if known is not None:
            return known
        signed, _, signature = value.rpartition(".")
        expected = self._signature(signed, self._key)
        if not hmac.compare_digest(expected.encode(), signature.encode(errors="replace")):
            return None
        token = token_named_in(value)
        assert token is not None, "only our own values carry our signature"
        self._remember(value, token)
        return token

    def write_refresh(self, token: RefreshToken) -> str:
        """Return the value of the refresh token ``token``."""
        code = f"{_REFRESH_PREFIX}{token.family}-{token.place}"
        lasting = {name: claim for name, claim in self._claims.items() if name not in _INSTANTS}
        claims: dict[str, str | int] = lasting | {
            "code": code,
            "type": 1,
            "jti": self._uuid(f"jti/{code}"),
        }
        signed = f"{self._header}.{_encode(claims)}"
        return f"{signed}.{self._signature(signed, self._refresh_key)}"

    def read_refresh(self, value: str) -> RefreshToken | None:
        """Return the refresh token that ``value`` is, or None when we did not write it."""
        signed, _, signature = value.rpartition(".")
        expected = self._signature(signed, self._refresh_key)
        if not hmac.compare_digest(expected.encode(), signature.encode(errors="replace")):
            return None
        family, _, place = _code_in(value, _REFRESH_PREFIX).partition("-")
        return RefreshToken(int(family), int(place))

    def _remember(self, value: str, token: TokenId) -> None:
        self._read[value] = token
        if len(self._read) > READ_KEPT:
            self._read.popitem(last=False)

    def _signature(self, signed: str, key: bytes) -> str:
        return _base64(hmac.digest(key, signed.encode(errors="replace"), "sha512"))

    def _uuid(self, purpose: str) -> str:
        digest = hmac.digest(self._key, purpose.encode(), "sha256")
        return str(UUID(bytes=digest[:16], version=4))


def token_named_in(value: str) -> TokenId | None:
    """Return the token number that ``value`` names, without a check of its signature.

    For a client that writes down which token it used. None when ``value`` is not shaped like ours.
    """
    number = _code_in(value, _CODE_PREFIX)
    is_number = number.isascii() and number.isdigit() and len(number) <= _NUMBER_DIGITS_MAX
    return int(number) if is_number else None


def _code_in(value: str, prefix: str) -> str:
    """Return what follows ``prefix`` in the code claim of ``value``; empty where nothing does."""
    try:
        _, payload, _ = value.split(".")
        claims = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        code: object = claims["code"]
    except (binascii.Error, ValueError, KeyError, TypeError, RecursionError):
        return ""
    is_ours = isinstance(code, str) and code.startswith(prefix)
    return str(code).removeprefix(prefix) if is_ours else ""


def _encode(part: dict[str, str | int]) -> str:
    return _base64(json.dumps(part, separators=(",", ":")).encode())


def _base64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
