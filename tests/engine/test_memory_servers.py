"""Servers in memory: their ports, how they close, names, and what is not simulated."""

import asyncio
import os
import socket

import pytest

from tests.engine.network_world import MEBIBYTE, ONE_WAY, connected, echo, on_network
from tokenrace.clock import SECOND
from tokenrace.engine.loop import VirtualLoop
from tokenrace.engine.memory_network import MemoryNetwork
from tokenrace.errors import UnsupportedOnVirtualTime


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
