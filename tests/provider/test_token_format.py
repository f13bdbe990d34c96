"""The text of a token: its shape, who can read it, and what is not ours."""

import json
from base64 import b64encode, urlsafe_b64decode

import pytest

from tests.provider.zoom_requests import CREDENTIALS, EPOCH, KEY
from tokenrace.clock import HOUR, SECOND
from tokenrace.provider.token_format import READ_KEPT, TokenFormat, token_named_in


def claims_of(value):
    return [json.loads(urlsafe_b64decode(part + "==")) for part in value.split(".")[:2]]


def test_a_token_has_zooms_shape_and_our_issuer():
    """Facts, section 1: HS512, version 7 claims in their order, about 600 characters."""
    value = TokenFormat(KEY, CREDENTIALS, EPOCH).write(5, issued_at=SECOND, expires_at=HOUR)

    header, claims = claims_of(value)
    assert list(header) == ["alg", "v", "kid"]
    assert (header["alg"], header["v"], len(header["kid"])) == ("HS512", "2.0", 36)
    assert list(claims) == [
        "ver", "auid", "code", "iss", "gno", "type", "tid", "aud", "uid", "nbf", "exp", "iat",
        "aid", "jti",
    ]  # fmt: skip
    assert claims["iss"] == "urn:tokenrace:cid:shop"
    assert claims["aud"] == "urn:tokenrace:oauth"
    assert (claims["ver"], claims["gno"], claims["type"], claims["tid"]) == (7, 0, 0, 0)
    assert (claims["nbf"], claims["iat"], claims["exp"]) == (EPOCH + 1, EPOCH + 1, EPOCH + 3600)
    assert claims["aid"] == "acct"
    assert 550 <= len(value) <= 800


def test_a_value_is_read_back_by_a_reader_that_never_wrote_it():
    """Nothing about a token is remembered, so memory does not grow with tokens issued."""
    value = TokenFormat(KEY, CREDENTIALS, EPOCH).write(5, issued_at=0, expires_at=HOUR)
    reader = TokenFormat(KEY, CREDENTIALS, EPOCH)

    assert [reader.read(value), reader.read(value)] == [5, 5]


def test_values_beyond_those_remembered_are_still_read():
    """The memory of READ_KEPT values only saves time."""
    tokens = TokenFormat(KEY, CREDENTIALS, EPOCH)
    values = [
        tokens.write(token, issued_at=0, expires_at=HOUR) for token in range(1, READ_KEPT + 3)
    ]

    assert [tokens.read(values[place]) for place in (0, 1, -1)] == [1, 2, READ_KEPT + 2]


def test_a_forged_or_altered_value_is_not_ours():
    """Another key, another number inside, a cut or stretched signature, and plain nonsense."""
    tokens = TokenFormat(KEY, CREDENTIALS, EPOCH)
    value = tokens.write(5, issued_at=0, expires_at=HOUR)
    head, payload, signature = value.split(".")
    other = TokenFormat(b"another key of ours", CREDENTIALS, EPOCH)
    _, payload_of_6, _ = tokens.write(6, issued_at=0, expires_at=HOUR).split(".")
    forgeries = [
        other.write(5, issued_at=0, expires_at=HOUR),
        f"{head}.{payload_of_6}.{signature}",
        value[:-1],
        value + "=",
        f"{head}.{payload}",
        "",
        ".",
        "é",
        "\udcff.\udcff",
    ]

    assert [tokens.read(forgery) for forgery in forgeries] == [None] * len(forgeries)


def test_a_client_can_tell_which_token_a_value_is_without_the_key():
    """It reads the number and checks nothing; what is not shaped like ours names no token."""
    value = TokenFormat(KEY, CREDENTIALS, EPOCH).write(5, issued_at=0, expires_at=HOUR)

    def named(payload):
        return token_named_in("a." + b64encode(payload).decode() + ".b")

    assert token_named_in(value) == 5
    assert named(b'{"code":"tokenrace-12"}') == 12
    strange = [b"{}", b"[]", b"{", b"\xff", b"[" * 100_000, b'{"code":7}', b'{"code":"x-1"}',
               b'{"code":"tokenrace-"}', b'{"code":"tokenrace-1_0"}',
               b'{"code":"tokenrace-' + b"9" * 5_000 + b'"}']  # fmt: skip
    assert [named(payload) for payload in strange] == [None] * len(strange)
    assert [token_named_in(text) for text in ("garbage", "a.b.c", "")] == [None] * 3


def test_a_short_signing_key_is_refused():
    """A guessable key would let anyone issue tokens."""
    with pytest.raises(ValueError, match="at least 16 bytes, got 5"):
        TokenFormat(b"short", CREDENTIALS, EPOCH)
