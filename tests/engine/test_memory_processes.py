"""Connections in memory of simulated processes that crash or pause."""

import asyncio

import pytest

from tests.engine.network_world import MEBIBYTE, ONE_WAY, connected, echo, on_network
from tests.user_code.owners import owned_by
from tokenrace.clock import SECOND


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
