"""A served provider under hostile input: a proper 4xx, bounded memory, other clients served."""

import asyncio
import gzip
import json
import logging
import re

import pytest

from tests.server.served_world import World, a_world, in_a_world
from tokenrace.server.incoming import BODIES_MAX, BODY_MAX, BodyReader
from tokenrace.server.problems import PROBLEMS_MAX

CANARY = b"a-token-that-must-not-be-repeated"
EVENTS = b"/_control/events"
HOST = b"Host: 127.0.0.1\r\n"


def post(path: bytes, body: bytes, *headers: bytes, length: int | None = None) -> bytes:
    """Return the bytes of a POST that says it is ``length`` long."""
    size = len(body) if length is None else length
    lines = b"".join(header + b"\r\n" for header in headers)
    head = b"POST %s HTTP/1.1\r\n%sContent-Length: %d\r\n" % (path, HOST, size)
    return head + lines + b"\r\n" + body


def get(path: bytes, *headers: bytes) -> bytes:
    """Return the bytes of a GET."""
    return b"GET %s HTTP/1.1\r\n%s" % (path, HOST) + b"\r\n".join((*headers, b"", b""))


async def sent(world: World, data: bytes) -> bytes:
    """Send ``data`` on a connection of its own; return what comes until the server closes it, or
    the first answer, where that has come whole."""
    port = int(world.served.terms.api_url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        return await _answer(reader)
    finally:
        writer.transport.abort()


async def _answer(reader: asyncio.StreamReader) -> bytes:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as closed:
        return closed.partial
    found = re.search(rb"(?i)content-length: (\d+)", head)
    assert found is not None
    return head + await reader.readexactly(int(found[1]))


def status_of(answer: bytes) -> int:
    """Return the status in an answer's first line."""
    return int(answer.split(b" ", 2)[1])


BODIES = {
    "more than a mebibyte": (post(EVENTS, b" " * (BODY_MAX + 1)), 413),
    "more than a mebibyte for a token": (post(b"/oauth/token", b"x" * (BODY_MAX + 1)), 413),
    "a mebibyte that is no JSON": (post(EVENTS, b" " * BODY_MAX), 400),
    "a length without end": (post(EVENTS, b"", length=10**18), 413),
    "chunks without end": (
        b"POST /_control/events HTTP/1.1\r\n"
        + HOST
        + b"Transfer-Encoding: chunked\r\n\r\n"
        + (b"10000\r\n" + b"x" * 0x10000 + b"\r\n") * 20,
        413,
    ),
    "a bomb of 64 MiB": (
        post(EVENTS, gzip.compress(bytes(64 * BODY_MAX)), b"Content-Encoding: gzip"),
        413,
    ),
    "100,000 brackets": (post(EVENTS, b"[" * 100_000), 400),
    "100,000 objects": (post(EVENTS, b'{"a":' * 100_000), 400),
    "UTF-16": (post(EVENTS, '{"event": "revoke"}'.encode("utf-16")), 400),
    "Latin-1": (post(EVENTS, '{"event": "révoke"}'.encode("latin-1")), 400),
    "half a surrogate pair": (post(EVENTS, rb'{"event": "revoke", "\ud800": 1}'), 400),
    "no gzip": (post(EVENTS, b"no gzip at all", b"Content-Encoding: gzip"), 400),
    "bad chunks": (
        b"POST /oauth/token HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        400,
    ),
    "a number that is none": (post(b"/_control/wait", b'{"calls": NaN}'), 400),
    "a number of 5,000 digits": (post(b"/_control/wait", b'{"calls": %s}' % (b"9" * 5000)), 400),
    "an infinite number": (post(b"/_control/wait", b'{"calls": 1e999}'), 400),
    "no bytes of a form": (post(b"/oauth/token", b"grant_type=\xff\xfe"), 400),
}
HEADS = {
    "a long field": (get(b"/v2/users/me", b"Authorization: Bearer " + CANARY * 1000), 400),
    "a thousand fields": (get(b"/v2/users/me", *[b"X-A: " + CANARY] * 1000), 400),
    "a long path": (get(b"/" + CANARY * 1000), 400),
    "a field without a colon": (get(b"/v2/users/me", b"Authorization " + CANARY), 400),
    "a zero byte in a field": (get(b"/v2/users/me", b"Authorization: " + CANARY + b"\0"), 400),
    "a path that is not ASCII": (get(b"/_control/\xff" + CANARY), 400),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + CANARY + b"\r\n\r\n", 400),
    "an unknown method": (b"BREW /" + CANARY + b" HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a length twice": (post(b"/" + CANARY, b"abc", b"Transfer-Encoding: chunked"), 400),
    "a token that is not ASCII": (get(b"/v2/users/me", b"Authorization: Bearer \xff\xfe"), 401),
    "a name that is not ASCII": (get(b"/v2/users/me", b"User-Agent: \xff\xfe"), 401),
    "a query that is no text": (get(b"/_control/journal?after=%ff"), 400),
}


@pytest.mark.parametrize(
    ("data", "status"), [*BODIES.values(), *HEADS.values()], ids=[*BODIES, *HEADS]
)
def test_hostile_input_gets_a_proper_refusal_and_is_not_repeated(data, status, caplog):
    """A 4xx, no word of it in the answer or in any log, and the next client is served."""

    async def act(world):
        answer = await sent(world, data)
        assert status_of(answer) == status
        assert CANARY not in answer
        assert (await world.issue())[0] == 200

    caplog.set_level(logging.DEBUG)
    in_a_world(act)
    assert CANARY.decode() not in caplog.text
    assert [one for one in caplog.records if one.levelno >= logging.WARNING] == []


@pytest.mark.parametrize("before", [b"", get(b"/v2/users/me")], ids=["first", "second"])
@pytest.mark.parametrize("half", [b"", get(b"/v2/users/me")[:30]], ids=["silence", "half a head"])
def test_a_head_that_does_not_come_ends_the_connection(before, half):
    """20 s in earnest, here 50 ms; whether it is the connection's first request or a later one.
    Who was silent is told nothing: it may be a connection that is kept."""

    async def act(world):
        port = int(world.served.terms.api_url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        if before:
            writer.write(before)
            await _answer(reader)
        writer.write(half)
        end = await reader.read()  # to the end that the server makes
        writer.close()
        assert end[:13] == (b"HTTP/1.1 408 " if half else b"")
        assert (await world.issue())[0] == 200

    in_a_world(act, head_s=0.05)


@pytest.mark.parametrize("path", [b"/oauth/token", EVENTS])
def test_a_body_that_does_not_come_is_answered_408(path):
    """Others are served while it is waited for: here a token is issued meanwhile."""

    async def act(world):
        waiting = asyncio.create_task(sent(world, post(path, b"grant", length=100)))
        assert (await world.issue())[0] == 200
        assert status_of(await waiting) == 408

    in_a_world(act, body_s=0.2)


def test_a_client_that_goes_away_amid_its_body_leaves_no_trace(caplog):
    """Nothing is issued, nothing logged, and what was read of it is let go."""

    async def act():
        async with a_world() as world:
            port = int(world.served.terms.api_url.rpartition(":")[2])
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(post(b"/oauth/token", b"grant_type=", length=1000))
            await writer.drain()
            assert (await world.issue())[0] == 200
            writer.transport.abort()
            assert (await world.issue())[0] == 200
        assert world.served.counts.requests == 2

    asyncio.run(act())
    assert [one for one in caplog.records if one.levelno >= logging.WARNING] == []


def test_bodies_that_come_at_once_have_only_so_much_room(monkeypatch):
    """With room for one mebibyte in all, a second sender is put off with 503 while the first is
    read; and the room is free again afterwards."""
    monkeypatch.setattr("tokenrace.server.incoming.BODIES_MAX", BODY_MAX)

    async def act(world):
        first = asyncio.create_task(
            sent(world, post(EVENTS, b" " * (BODY_MAX - 1), length=BODY_MAX))
        )
        bodies = world.bodies
        async with asyncio.timeout(10):
            while bodies.held < BODY_MAX - 1:  # noqa: ASYNC110 - the kernel has the bytes, no event
                await asyncio.sleep(0)
        assert status_of(await sent(world, post(EVENTS, b"  "))) == 503
        first.cancel()
        async with asyncio.timeout(10):
            while bodies.held:  # noqa: ASYNC110
                await asyncio.sleep(0)
        assert (await world.issue())[0] == 200

    in_a_world(act)
    assert BODIES_MAX == 64 * BODY_MAX
    assert BodyReader().held == 0


def test_a_body_with_endless_problems_is_told_the_first_ones():
    """45,000 unknown keys: naming what is near to each would take seconds, and others wait."""

    async def act(world):
        body = {f"lifetime{index}": 1 for index in range(45_000)}
        status, answer = await world.control("PUT", "policy", body)
        assert (status, len(answer["problems"])) == (400, PROBLEMS_MAX)

    in_a_world(act)


def test_our_own_failure_is_a_500_that_says_so_and_is_logged(monkeypatch, caplog):
    """A bug of ours ends one request, not the server; the client learns no more than that."""

    async def act(world):
        monkeypatch.setattr(world.served, "answer", lambda _: 1 / 0)
        async with world.client.get("/v2/users/me") as answer:
            body = json.loads(await answer.read())
        assert answer.status == 500
        assert body["problems"][0]["what"] == "failed inside the server, which is a bug"
        monkeypatch.undo()
        assert (await world.issue())[0] == 200

    in_a_world(act)
    assert "ZeroDivisionError" in caplog.text
