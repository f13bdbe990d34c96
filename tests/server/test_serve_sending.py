"""How the provider's answers leave: byte by byte what HTTP wants, over a connection of its own."""

import asyncio
import re

from tests.server.served_world import in_a_world

ME = "/v2/users/me"


LAST = "GET /last HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"


async def said(world, *lines, closes=False):
    """Send a request's head; return all that it is answered.

    Where that leaves the connection open, another request ends it, whose answer is cut off: so
    what is returned ends where that one's begins, and a byte too many would be seen."""
    reader, writer = await connected(world)
    head = "\r\n".join([*lines, "Host: 127.0.0.1", "", ""])
    writer.write((head if closes else head + LAST).encode())
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return answer if closes else answer[: answer.rindex(b"HTTP/1.1 404")]


async def connected(world):
    """Return both ends of a new connection."""
    port = int(world.served.terms.api_url.rpartition(":")[2])
    return await asyncio.open_connection("127.0.0.1", port)


def head_of(answer):
    """Return the status line, the headers by name in lower case, and the body."""
    head, _, body = answer.partition(b"\r\n\r\n")
    line, *fields = head.decode().split("\r\n")
    return line, {name.lower(): value for name, value in (f.split(": ", 1) for f in fields)}, body


def test_an_answer_has_its_length_its_date_and_who_sent_it():
    """RFC 9110 sections 6.6.1 and 8.6; the date is a GMT one (section 5.6.7)."""

    async def act(world):
        line, fields, body = head_of(
            await said(world, f"GET {ME} HTTP/1.1", "Connection: close", closes=True)
        )
        assert line == "HTTP/1.1 401 Unauthorized"
        assert (int(fields["content-length"]), fields["connection"]) == (len(body), "close")
        assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", fields["date"])
        assert "aiohttp" in fields["server"]

    in_a_world(act)


def test_a_connection_is_kept_as_its_version_says():
    """HTTP/1.1 keeps it unless told otherwise; HTTP/1.0 only where it asks, and is told."""

    async def act(world):
        for version, asked, told in [
            ("1.1", [], None),
            ("1.1", ["Connection: close"], "close"),
            ("1.0", ["Connection: keep-alive"], "keep-alive"),
            ("1.0", [], "close"),
        ]:
            line = f"GET {ME} HTTP/{version}"
            _, fields, _ = head_of(await said(world, line, *asked, closes=told == "close"))
            assert fields.get("connection") == told, (version, asked)

    in_a_world(act)


def test_head_is_told_the_length_and_no_body():
    """RFC 9110 section 9.3.2. The provider serves no HEAD, and that answer has a body too."""

    async def act(world):
        line, fields, body = head_of(await said(world, f"HEAD {ME} HTTP/1.1"))
        assert (line, body) == ("HTTP/1.1 405 Method Not Allowed", b"")
        assert int(fields["content-length"]) > 0

    in_a_world(act)


def test_a_204_has_neither_body_nor_length():
    """RFC 9110 section 8.6: no Content-Length in a 204."""

    async def act(world):
        _, token = await world.issue()
        headers = {"authorization": f"Bearer {token}"}
        async with world.client.post(f"{ME}/meetings", json={}, headers=headers) as answer:
            number = (await answer.json())["id"]
        asked = f"DELETE /v2/meetings/{number} HTTP/1.1"
        answer = await said(world, asked, f"Authorization: Bearer {token}")
        line, fields, body = head_of(answer)
        assert (line, body) == ("HTTP/1.1 204 No Content", b"")
        assert not {"content-length", "transfer-encoding", "content-type"} & fields.keys()

    in_a_world(act)


def test_requests_sent_together_are_answered_in_order():
    """Three at once: a method there is not, no token, and no path, which is cut off."""

    async def act(world):
        first = f"PUT {ME} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        answer = await said(world, first + f"GET {ME} HTTP/1.1")
        assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"405", b"401"]

    in_a_world(act)


def test_a_client_that_reads_nothing_is_answered_no_further():
    """20,000 requests of 300 bytes and more of answer: what the sockets hold fills up, then the
    server waits, so that no answers pile up in its memory; others are served meanwhile."""

    async def act(world):
        _, writer = await connected(world)
        request = f"GET {ME} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
        writer.transport.set_write_buffer_limits(high=0)
        writer.write(request * 20_000)
        seen = -1
        while seen < world.served.counts.requests:
            seen = world.served.counts.requests
            for _ in range(200):
                await world.call("garbage")
                seen += 1
        answered = world.served.counts.calls
        assert answered < 20_000, answered
        writer.transport.abort()

    in_a_world(act)
