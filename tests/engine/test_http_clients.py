"""Connections in memory under aiohttp's and httpx's own code, unmodified."""

import asyncio
from random import Random

import aiohttp
import httpx
import pytest

from tests.engine.network_world import MEBIBYTE, ONE_WAY, on_network, start_api
from tokenrace.clock import MILLISECOND, SECOND
from tokenrace.engine.ties import Fifo, Shuffled


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
