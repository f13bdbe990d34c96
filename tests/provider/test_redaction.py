"""What clients write of themselves shows no secret, whole or in large part."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.provider.zoom_requests import CREDENTIALS
from tests.server.served_world import in_a_world
from tokenrace.provider.reading import CALLER_LENGTH_MAX
from tokenrace.provider.redaction import PART_MAX, SECRETS_HIDDEN, Redaction

SECRET = "0123456789abcdef" * 4  # as long as the served one, and no two parts of 16 alike but by 16
HIDDEN = "[secret]"


def longest_part(secret: str, text: str) -> int:
    """Return how much of ``secret`` stands in ``text`` in one piece."""
    longest = 0
    for at in range(len(secret)):
        while at + longest < len(secret) and secret[at : at + longest + 1] in text:
            longest += 1
    return longest


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (f"p1 {SECRET}", f"p1 {HIDDEN}"),
        (f"xy{SECRET}"[:64], f"xy{HIDDEN}"),
        (SECRET[2:], HIDDEN),
        (SECRET.upper(), HIDDEN),
        (SECRET[:20] + "." + SECRET[20:40], f"{HIDDEN}.{HIDDEN}"),
        (SECRET[:15], SECRET[:15]),
        ("Bearer abc.def", HIDDEN),
        ("curl", "curl"),
    ],
    ids=["whole", "cut", "62 of 64", "capitals", "two parts", "a small part", "header", "none"],
)
def test_a_large_part_of_a_secret_is_hidden(written, shown):
    """16 of 64 characters are too many, 15 are not: of those a name may be made."""
    assert Redaction(SECRET).clean(written) == shown


@pytest.mark.parametrize("before", ["id:", "ab:", "abc:"])
def test_basic_auth_hides_nothing_from_it(before):
    """Base64 moves by where the secret begins among three bytes; only the id's part is left."""
    text = b64encode(f"{before}{SECRET}".encode()).decode()
    clean = Redaction(SECRET).clean(text)

    assert HIDDEN in clean
    assert len(clean.replace(HIDDEN, "")) <= 8


def test_a_token_is_hidden_before_a_name_is_cut():
    """A token begins with the Base64 of an open brace and a quote."""
    assert Redaction().shortened("p1 eyJhbGciOiJIUzUxMiJ9.eyJ2ZXIiOjd9.c2ln", 64) == f"p1 {HIDDEN}"


def test_the_first_secret_is_hidden_for_ever_and_of_later_ones_the_last():
    """After a reset the first one works again, however often it was replaced."""
    redaction = Redaction(SECRET)
    for number in range(SECRETS_HIDDEN + 1):
        redaction.hide(f"a-later-secret-{number:09}")

    assert redaction.clean(SECRET) == HIDDEN
    assert redaction.clean(f"a-later-secret-{SECRETS_HIDDEN:09}") == HIDDEN


@given(
    before=st.text(max_size=80),
    secret=st.text(
        st.characters(codec="ascii", exclude_categories=["C"]), min_size=32, max_size=80
    ),
    after=st.text(max_size=80),
    length=st.sampled_from([64, 80]),
)
def test_wherever_a_text_is_cut_no_large_part_is_left(before, secret, after, length):
    """Shortening cleans first: what is left holds less than 16 characters of the secret."""
    short = Redaction(secret).shortened(before + secret + after, length)

    assert len(short) <= length
    assert longest_part(secret, short.replace(HIDDEN, "\n")) < PART_MAX


@pytest.mark.parametrize("named_by", ["x-tokenrace-caller", "user-agent", "query", "path"])
def test_no_client_gets_the_secret_into_what_is_kept(named_by):
    """Two characters, then the secret: cut at 64 that left 62 of them. The journal, the state and
    who displaced a token are all free of it; and so is the answer to a wrong event."""
    secret = CREDENTIALS.client_secret
    name = f"xy{secret}"

    async def act(world):
        headers = {named_by: name} if "-" in named_by else {}
        path = f"/{name}" if named_by == "path" else "/v2/users/me"
        query = {"tokenrace_caller": name} if named_by == "query" else {}
        await world.issue(caller=name)
        async with world.client.get(path, headers=headers, params=query):
            pass
        _, state = await world.control("GET", "state")
        _, page = await world.control("GET", "journal")
        _, refused = await world.control("POST", "events", {"event": name, secret: secret})
        for said in (state, page, refused):
            assert longest_part(secret, str(said)) < min(len(secret), 8)

    in_a_world(act)
    assert CALLER_LENGTH_MAX == 64
