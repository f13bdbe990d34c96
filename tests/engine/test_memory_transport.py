"""Connections in memory: as streams, and under aiohttp's and httpx's own code, unmodified.

One way takes 700 ticks unless a test says otherwise, so connecting takes 1,400 and so does each
request that its server answers at once.
"""

import asyncio
import os
import socket
from contextlib import asynccontextmanager
from random import Random

import aiohttp
import httpx
import pytest
from aiohttp import web

from simulator.clock import MILLISECOND, SECOND
from simulator.engine.loop import VirtualLoop
from simulator.engine.memory_network import MemoryNetwork, Way
from simulator.engine.ownership import owned_by
from simulator.engine.ties import Fifo, Shuffled
from simulator.errors import DeadlockError, UnsupportedOnVirtualTime

ONE_WAY = 700
MEBIBYTE = 1024 * 1024


def on_network(main, latency=lambda _: ONE_WAY, ties=None):
    """Run ``main(loop)`` on a loop of its own with a network; return what it returns."""
    loop = VirtualLoop(ties)
    loop.network = MemoryNetwork(loop, latency)
    try:
        return loop.run_until_complete(main(loop))
    finally:
        loop.discard()


async def echo(reader, writer):
    """Send everything back, and then the end."""
    while data := await reader.read(1024):
        writer.write(data)
        await writer.drain()
    writer.close()


@asynccontextmanager
async def connected(host, port):
    """Open a connection and close it."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def start_api(host="api.test"):
    """Serve a small API with aiohttp; return the runner and the peers it has seen connect."""
    peers = []

    async def where(request):
        peer = request.transport.get_extra_info("peername")
        if peer not in peers:
            peers.append(peer)
        return web.json_response({"n": request.query.get("n")})

    async def drips(request):
        response = web.StreamResponse()
        await response.prepare(request)
        for letter in (b"a", b"b", b"c"):
            await response.write(letter * 1000)
            await asyncio.sleep(0.01)
        await response.write_eof()
        return response

    async def sends_back(request):
        return web.Response(body=await request.read())

    async def hangs_up(request):
        request.transport.close()
        return web.Response()

    app = web.Application(client_max_size=8 * MEBIBYTE)
    app.router.add_get("/", where)
    app.router.add_get("/drips", drips)
    app.router.add_get("/hangs-up", hangs_up)
    app.router.add_post("/sends-back", sends_back)
    runner = web.AppRunner(app, keepalive_timeout=75)
    await runner.setup()
    await web.TCPSite(runner, host, 80).start()
    return runner, peers


class TestAiohttp:
    def test_a_connection_is_kept_and_every_way_takes_its_time(self):
        """1,400 to connect, then 1,400 a request: 2,800, 4,200, 5,600; one connection."""

        async def main(loop):
            runner, peers = await start_api()
            answered_at = []
            async with aiohttp.ClientSession() as session:
                for n in range(3):
                    async with session.get("http://api.test/", params={"n": n}) as response:
                        assert await response.json() == {"n": str(n)}
                        answered_at.append(loop.now)
            await runner.cleanup()
            return answered_at, len(peers)

        assert on_network(main) == ([2_800, 4_200, 5_600], 1)

    def test_chunks_arrive_as_they_are_sent(self):
        """Headers and first chunk after 2,800, then one every 10 ms."""

        async def main(loop):
            runner, _ = await start_api()
            async with (
                aiohttp.ClientSession() as session,
                session.get("http://api.test/drips") as response,
            ):
                chunks = [
                    (loop.now, chunk[:1], len(chunk)) async for chunk in response.content.iter_any()
                ]
            await runner.cleanup()
            return chunks

        assert on_network(main) == [
            (2_800, b"a", 1000),
            (2_800 + 10 * MILLISECOND, b"b", 1000),
            (2_800 + 20 * MILLISECOND, b"c", 1000),
        ]

    def test_a_large_body_goes_there_and_back_through_small_buffers(self):
        """Three mebibytes, in chunks, against the 128 KiB that fit on the way."""

        async def parts():
            for number in range(48):
                yield bytes([number]) * (64 * 1024)

        async def main(_):
            runner, _ = await start_api()
            async with (
                aiohttp.ClientSession() as session,
                session.post("http://api.test/sends-back", data=parts()) as response,
            ):
                body = await response.read()
            await runner.cleanup()
            return body

        body = on_network(main)
        assert len(body) == 3 * MEBIBYTE
        assert [body[i] for i in range(0, len(body), 64 * 1024)] == list(range(48))

    def test_where_nobody_listens_a_connection_is_refused(self):
        """After a round trip, as a client's own error."""

        async def main(loop):
            loop.network.add_host("api.test")
            async with aiohttp.ClientSession() as session:
                with pytest.raises(aiohttp.ClientConnectorError) as caught:
                    await session.get("http://api.test/")
            return caught.value.os_error, loop.now

        error, now = on_network(main)
        assert isinstance(error, ConnectionRefusedError)
        assert now == 2 * ONE_WAY

    def test_a_lost_answer_is_a_timeout(self):
        """The request arrived: the client cannot know. It gave up 3 s after it began."""

        async def main(loop):
            runner, peers = await start_api()
            timeout = aiohttp.ClientTimeout(total=3)
            async with aiohttp.ClientSession(timeout=timeout) as session:
                async with session.get("http://api.test/"):
                    pass
                is_lost.append(True)
                begun_at = loop.now
                with pytest.raises(asyncio.TimeoutError):
                    await session.get("http://api.test/")
            span = loop.now - begun_at
            await runner.cleanup()
            return span, len(peers)

        is_lost = []
        latency = lambda way: None if is_lost and not way.is_outward else ONE_WAY  # noqa: E731
        assert on_network(main, latency) == (3 * SECOND, 1)


class TestHttpx:
    def test_a_connection_is_kept(self):
        """httpcore polls an idle connection's socket before it uses it again."""

        async def main(loop):
            runner, peers = await start_api()
            answered_at = []
            async with httpx.AsyncClient(trust_env=False) as client:
                for n in range(3):
                    response = await client.get("http://api.test/", params={"n": n})
                    assert response.json() == {"n": str(n)}
                    answered_at.append(loop.now)
                body = b"z" * MEBIBYTE
                response = await client.post("http://api.test/sends-back", content=body)
                assert response.content == body
                drips = await client.get("http://api.test/drips")
            await runner.cleanup()
            return answered_at, len(drips.content), len(peers)

        assert on_network(main) == ([2_800, 4_200, 5_600], 3_000, 1)

    def test_a_connection_that_the_server_has_closed_is_not_used_again(self):
        """An idle connection is closed after 75 s; the next request opens another."""

        async def main(_):
            runner, peers = await start_api()
            limits = httpx.Limits(keepalive_expiry=3600)
            async with httpx.AsyncClient(trust_env=False, limits=limits) as client:
                await client.get("http://api.test/")
                await asyncio.sleep(80)
                await client.get("http://api.test/")
            await runner.cleanup()
            return len(peers)

        assert on_network(main) == 2

    def test_troubles_are_httpx_errors(self):
        """Refused, an unknown name, and a server that hangs up."""

        async def main(_):
            runner, _ = await start_api()
            async with httpx.AsyncClient(trust_env=False) as client:
                for url in ("http://api.test:81/", "http://nowhere.test/"):
                    with pytest.raises(httpx.ConnectError):
                        await client.get(url)
                with pytest.raises(httpx.RemoteProtocolError):
                    await client.get("http://api.test/hangs-up")
            await runner.cleanup()

        on_network(main)


class TestRepeating:
    @pytest.mark.parametrize("ties", [Fifo(), Shuffled(1), Shuffled(2)])
    def test_a_run_of_both_clients_is_the_same_each_time(self, ties):
        """Same latencies and same ties: the same instants for forty requests of four callers."""

        async def main(loop):
            runner, peers = await start_api()
            seen = []

            async def calls(name, get):
                for n in range(10):
                    answer = await get("http://api.test/", params={"n": n})
                    seen.append((name, answer, loop.now))

            async with aiohttp.ClientSession() as session, httpx.AsyncClient() as client:

                async def by_aiohttp(url, params):
                    async with session.get(url, params=params) as response:
                        return await response.text()

                async def by_httpx(url, params):
                    return (await client.get(url, params=params)).text

                await asyncio.gather(
                    calls("a", by_aiohttp),
                    calls("b", by_httpx),
                    calls("c", by_aiohttp),
                    calls("d", by_httpx),
                )
            await runner.cleanup()
            return seen, peers

        def run():
            stream = Random(7)
            return on_network(main, lambda _: stream.randrange(3) * 100, ties)

        first = run()
        assert len(first[0]) == 40
        assert first == run()


class TestStreams:
    @pytest.mark.parametrize("ties", [Fifo(), Shuffled(3)])
    def test_bytes_keep_their_order_whatever_the_latencies(self, ties):
        """A message that would overtake another waits for it; equals are not swapped."""
        stream = Random(1)

        async def main(_):
            await asyncio.start_server(echo, "echo.test", 7)
            async with connected("echo.test", 7) as (reader, writer):
                sent = bytearray()
                for number in range(200):
                    message = b"%d," % number
                    sent += message
                    writer.write(message)
                    if number % 3:
                        await asyncio.sleep(0.0002)
                writer.write_eof()
                return sent, await reader.read()

        sent, received = on_network(main, lambda _: stream.randrange(0, 900, 300), ties)
        assert sent == received

    def test_half_closed_connections_still_carry_the_answer(self):
        """The server reads to the end, then writes; the client had said that it is done."""

        async def counts(reader, writer):
            writer.write(b"%d bytes" % len(await reader.read()))
            writer.close()

        async def main(loop):
            await asyncio.start_server(counts, "count.test", 7)
            async with connected("count.test", 7) as (reader, writer):
                writer.write(b"x" * 5000)
                writer.write_eof()
                with pytest.raises(RuntimeError, match="after write_eof"):
                    writer.write(b"more")
                return await reader.read(), loop.now

        assert on_network(main) == (b"5000 bytes", 4 * ONE_WAY)

    def test_a_writer_waits_for_a_reader_that_does_not_read(self):
        """128 KiB fit on the way and 64 KiB in the buffer; the fourth 64 KiB wait for 10 s."""

        async def reads_later(reader, writer):
            writer.transport.pause_reading()
            await asyncio.sleep(10)
            writer.transport.resume_reading()
            seen.append(len(await reader.read()))
            writer.close()

        async def main(loop):
            await asyncio.start_server(reads_later, "slow.test", 7)
            async with connected("slow.test", 7) as (_, writer):
                connected_at = loop.now
                drained = []
                for _ in range(5):
                    writer.write(b"x" * (64 * 1024))
                    await writer.drain()
                    drained.append(
                        (loop.now - connected_at, writer.transport.get_write_buffer_size())
                    )
                writer.close()
                await writer.wait_closed()
                await asyncio.sleep(1)
                return drained

        seen = []
        drained = on_network(main, lambda _: 0)
        assert drained == [
            (0, 0),
            (0, 0),
            (0, 64 * 1024),
            (10 * SECOND, 0),
            (10 * SECOND, 64 * 1024),
        ]
        assert seen == [5 * 64 * 1024]

    def test_one_large_write_waits_as_many_small_ones_do(self):
        """Of a mebibyte, 128 KiB fit on the way: the writer waits, and an abort loses the rest."""

        async def never_reads(_, writer):
            writer.transport.pause_reading()
            await asyncio.sleep(10)
            writer.transport.abort()

        async def main(loop):
            await asyncio.start_server(never_reads, "deaf.test", 7)
            _, writer = await asyncio.open_connection("deaf.test", 7)
            writer.write(b"x" * MEBIBYTE)
            assert writer.transport.get_write_buffer_size() == MEBIBYTE - 128 * 1024
            with pytest.raises(ConnectionResetError):
                await writer.drain()
            return loop.now

        assert on_network(main) == 10 * SECOND + 3 * ONE_WAY

    def test_water_marks_can_be_set(self):
        """With asyncio's rules for what is left out."""

        async def main(_):
            await asyncio.start_server(echo, "echo.test", 7)
            async with connected("echo.test", 7) as (_, writer):
                marks = []
                for given in ({}, {"high": 400}, {"low": 50}, {"high": 0}):
                    writer.transport.set_write_buffer_limits(**given)
                    marks.append(writer.transport.get_write_buffer_limits())
                with pytest.raises(ValueError, match="must be >= low"):
                    writer.transport.set_write_buffer_limits(high=1, low=2)
                return marks

        assert on_network(main) == [(16384, 65536), (100, 400), (50, 200), (0, 0)]

    def test_an_aborted_connection_is_reset_at_the_peer(self):
        """What had arrived before can still be read."""

        async def aborts(reader, writer):
            await reader.read(5)
            writer.write(b"last words")
            writer.transport.abort()

        async def main(_):
            await asyncio.start_server(aborts, "abrupt.test", 7)
            async with connected("abrupt.test", 7) as (reader, writer):
                writer.write(b"hello")
                words = await reader.read(10)
                with pytest.raises(ConnectionResetError):
                    await reader.read()
                return words

        assert on_network(main) == b"last words"

    @pytest.mark.parametrize("reads_first", [True, False])
    def test_who_writes_to_a_closed_connection_is_reset(self, reads_first):
        """Whether the bytes were unread when it was closed, or came later."""

        async def closes(_, writer):
            if not reads_first:
                writer.transport.pause_reading()
                await asyncio.sleep(1)
            writer.close()

        async def main(_):
            await asyncio.start_server(closes, "deaf.test", 7)
            async with connected("deaf.test", 7) as (_, writer):
                writer.write(b"unheard")
                await asyncio.sleep(2)
                writer.write(b"unheard")
                await asyncio.sleep(1)
                with pytest.raises(ConnectionResetError):
                    await writer.drain()

        on_network(main)

    def test_after_something_is_lost_nothing_arrives(self):
        """A stream has no holes: what follows a lost message is lost as well."""

        async def main(loop):
            await asyncio.start_server(echo, "echo.test", 7)
            async with connected("echo.test", 7) as (reader, writer):
                writer.write(b"one")
                await asyncio.sleep(0.001)
                losses.append("the next message")
                writer.write(b"two")
                await asyncio.sleep(0.001)
                writer.write(b"three")
                first = await reader.read(100)
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(reader.read(100), 60)
                return first, loop.now >= 60 * SECOND

        losses = []
        latency = lambda way: losses.pop() and None if losses and way.is_outward else 10  # noqa: E731
        assert on_network(main, latency) == (b"one", True)

    def test_connecting_over_a_link_that_loses_everything_never_ends(self):
        """It is what a connect timeout is for; without one and with nothing else, a deadlock."""

        async def main(_):
            await asyncio.start_server(echo, "echo.test", 7)
            await asyncio.open_connection("echo.test", 7)

        with pytest.raises(DeadlockError, match=r"MemoryNetwork\._reach"):
            on_network(main, lambda _: None)

    def test_each_way_is_named_for_its_client_and_server(self):
        """So that a link's latency can depend on who talks to whom."""
        ways = []

        async def main(loop):
            await asyncio.start_server(echo, "echo.test", 7)
            with owned_by(3):
                await loop.create_task(asyncio.open_connection("echo.test", 7))

        on_network(main, lambda way: ways.append(way) or 0)
        there = Way(client=3, host="echo.test", port=7, is_outward=True)
        assert ways == [there, Way(client=3, host="echo.test", port=7, is_outward=False)]


class TestServers:
    def test_a_port_is_taken_once_and_free_again_when_its_server_closes(self):
        """With a real bind's error number."""

        async def main(_):
            first = await asyncio.start_server(echo, "localhost", 7)
            with pytest.raises(OSError, match="address in use"):
                await asyncio.start_server(echo, "127.0.0.1", 7)
            first.close()
            await first.wait_closed()
            assert first.sockets == ()
            await asyncio.start_server(echo, "localhost", 7)

        on_network(main)

    def test_port_0_is_some_free_port(self):
        """Which the server's sockets tell."""

        async def main(_):
            servers = [await asyncio.start_server(echo, None, 0) for _ in range(2)]
            ports = [server.sockets[0].getsockname()[1] for server in servers]
            async with connected("localhost", ports[1]) as (reader, writer):
                writer.write(b"hi")
                assert await reader.read(2) == b"hi"
                return len(set(ports))

        assert on_network(main) == 2

    def test_a_free_port_is_not_one_that_somebody_has_chosen(self):
        """Wherever the count of free ports has come to."""

        async def main(_):
            for port in range(32_768, 32_778):
                await asyncio.start_server(echo, "localhost", port)
            server = await asyncio.start_server(echo, "localhost", 0)
            return server.sockets[0].getsockname()[1]

        assert on_network(main) >= 32_778

    def test_a_closed_server_waits_for_its_connections(self):
        """It refuses new ones meanwhile."""

        async def main(loop):
            server = await asyncio.start_server(echo, "echo.test", 7)
            async with connected("echo.test", 7) as (_, writer):
                await asyncio.sleep(1)
                server.close()
                with pytest.raises(ConnectionRefusedError):
                    await asyncio.open_connection("echo.test", 7)
                loop.call_later(5, writer.close)
                begun_at = loop.now
                await server.wait_closed()
                return loop.now - begun_at

        assert on_network(main) == 5 * SECOND + ONE_WAY

    def test_a_server_serves_until_it_is_cancelled(self):
        """Begun late, it serves from then on."""

        async def main(loop):
            server = await asyncio.start_server(echo, "echo.test", 7, start_serving=False)
            assert not server.is_serving()
            serving = loop.create_task(server.serve_forever())
            await asyncio.sleep(1)
            async with connected("echo.test", 7):
                serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
            return server.is_serving()

        assert on_network(main) is False

    @pytest.mark.parametrize(("end", "error"), [("close", None), ("abort", ConnectionResetError)])
    def test_a_server_can_end_its_connections(self, end, error):
        """As Python 3.13 has it: close_clients after what is buffered, abort_clients at once."""

        async def main(_):
            server = await asyncio.start_server(echo, "echo.test", 7)
            async with connected("echo.test", 7) as (reader, _):
                await asyncio.sleep(1)
                server.close_clients() if end == "close" else server.abort_clients()
                (result,) = await asyncio.gather(reader.read(), return_exceptions=True)
            return result

        result = on_network(main)
        assert result == b"" if error is None else isinstance(result, error)

    def test_closing_sends_what_is_buffered_unless_the_peer_is_gone(self):
        """A mebibyte is waiting for room when the peer aborts; closing ends all the same."""

        async def aborts_later(_, writer):
            writer.transport.pause_reading()
            await asyncio.sleep(5)
            writer.transport.abort()

        async def main(loop):
            await asyncio.start_server(aborts_later, "gone.test", 7)
            async with connected("gone.test", 7) as (_, writer):
                writer.write(b"x" * MEBIBYTE)
                writer.write(b"y" * MEBIBYTE)
                writer.close()
                with pytest.raises(ConnectionResetError):
                    await writer.wait_closed()
            return loop.now

        assert on_network(main, lambda _: 0) == 5 * SECOND

    def test_what_is_not_simulated_says_so(self):
        """TLS, sockets of one's own, and protocols with buffers of their own."""

        async def main(loop):
            await asyncio.start_server(echo, "echo.test", 7)
            with pytest.raises(UnsupportedOnVirtualTime, match="TLS is not simulated"):
                await asyncio.open_connection("echo.test", 7, ssl=True)
            with socket.socket() as own, pytest.raises(UnsupportedOnVirtualTime, match="real sock"):
                await asyncio.start_server(echo, sock=own)
            with pytest.raises(UnsupportedOnVirtualTime, match="BufferedProtocol"):
                await loop.create_connection(asyncio.BufferedProtocol, "echo.test", 7)

        on_network(main)

    def test_names_and_addresses_are_looked_up_both_ways(self):
        """An address is its own name; a host has no IPv6 address."""

        async def main(loop):
            address = loop.network.add_host("api.test")
            assert loop.network.add_host("api.test") == address
            found = await loop.getaddrinfo("api.test", "80")
            assert [entry[4] for entry in found] == [(address, 80)]
            assert await loop.getnameinfo((address, 80)) == ("api.test", "80")
            assert await loop.getnameinfo(("10.9.9.9", 80)) == ("10.9.9.9", "80")
            assert (await loop.getaddrinfo("10.9.9.9", 80))[0][4] == ("10.9.9.9", 80)
            for unknown in (
                loop.getaddrinfo("other.test", 80),
                loop.getaddrinfo("api.test", 80, family=socket.AF_INET6),
            ):
                with pytest.raises(socket.gaierror):
                    await unknown

        on_network(main)

    def test_descriptors_are_given_back(self):
        """The two that httpx may poll are the only real thing."""
        loop = VirtualLoop()
        loop.network = MemoryNetwork(loop, lambda _: 0)
        descriptors = loop.network._descriptors
        for descriptor in (descriptors.quiet, descriptors.readable):
            os.fstat(descriptor)
        loop.close()
        for descriptor in (descriptors.quiet, descriptors.readable):
            with pytest.raises(OSError, match="Bad file descriptor"):
                os.fstat(descriptor)


class TestProcesses:
    def test_a_crashed_client_is_seen_to_hang_up(self):
        """Its kernel ends the stream; what it had not sent is never sent."""
        seen = []

        async def listens(reader, writer):
            seen.append(await reader.read())
            writer.close()

        async def client():
            _, writer = await asyncio.open_connection("api.test", 7)
            writer.write(b"hello")
            try:
                await asyncio.sleep(60)
            finally:
                writer.write(b"goodbye")

        async def main(loop):
            await asyncio.start_server(listens, "api.test", 7)
            with owned_by(1):
                loop.create_task(client())
            await asyncio.sleep(5)
            loop.crash(1)
            await asyncio.sleep(5)

        on_network(main)
        assert seen == [b"hello"]

    def test_a_client_that_crashes_while_it_writes_has_sent_a_part(self):
        """What its kernel had taken arrives, and then the end."""
        seen = []

        async def reads_slowly(reader, writer):
            await asyncio.sleep(1)
            seen.append(len(await reader.read()))
            writer.close()

        async def client():
            _, writer = await asyncio.open_connection("api.test", 7)
            writer.write(b"x" * MEBIBYTE)
            await writer.drain()

        async def main(loop):
            await asyncio.start_server(reads_slowly, "api.test", 7)
            with owned_by(1):
                loop.create_task(client())
            await asyncio.sleep(0.5)
            loop.crash(1)
            await asyncio.sleep(5)

        on_network(main)
        assert 0 < seen[0] < MEBIBYTE

    def test_a_crashed_server_hangs_up_and_refuses(self):
        """Open connections end, new ones find nobody."""

        async def main(loop):
            with owned_by(2):
                await loop.create_task(asyncio.start_server(echo, "api.test", 7))
            async with connected("api.test", 7) as (reader, writer):
                writer.write(b"hi")
                before = await reader.read(2)
                loop.crash(2)
                after = await reader.read()
                with pytest.raises(ConnectionRefusedError):
                    await asyncio.open_connection("api.test", 7)
                return before, after

        assert on_network(main) == (b"hi", b"")

    def test_a_paused_server_accepts_and_answers_when_it_is_resumed(self):
        """A kernel completes the handshake and keeps the bytes."""

        async def main(loop):
            with owned_by(2):
                await loop.create_task(asyncio.start_server(echo, "api.test", 7))
            loop.pause(2)
            async with connected("api.test", 7) as (reader, writer):
                connected_at = loop.now
                writer.write(b"hi")
                loop.call_at(30, loop.resume, 2)
                return connected_at, await reader.read(2), loop.now

        assert on_network(main) == (2 * ONE_WAY, b"hi", 30 * SECOND + ONE_WAY)
