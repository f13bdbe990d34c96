"""Connections in memory as streams: order, buffers, ends and losses."""

import asyncio
from random import Random

import pytest

from tests.engine.network_world import MEBIBYTE, ONE_WAY, connected, echo, on_network
from tests.user_code.owners import owned_by
from tokenrace.clock import SECOND
from tokenrace.engine.memory_network import Way
from tokenrace.engine.ties import Fifo, Shuffled
from tokenrace.errors import DeadlockError


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

        with pytest.raises(
            DeadlockError, match=r"test_memory_streams\.py:\d+\), for open_connection"
        ):
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
