"""A network in memory, so that HTTP clients and servers written for asyncio run on virtual time.

Once it is ``loop.network``, the loop's ``create_server``, ``create_connection``, ``sock_connect``
and ``getaddrinfo`` lead here; aiohttp and httpx need no change and no setting.

* Hosts are known by name (``add_host``, or by a server that listens on the name), as ``localhost``,
  or by an IPv4 address. An unknown name cannot be looked up; looking up takes no time.
* Connecting takes one way there and one back. Where nobody listens it is refused; where a link
  loses either way it waits for ever, which is what a timeout is for.
* A socket given to ``sock_connect`` is never connected, only remembered: it says where to.
* A crashed process's connections end and its servers are gone, as if a kernel had cleaned up.

TLS is not simulated.
"""

import asyncio
import errno
import ipaddress
import socket
from collections.abc import Callable, Sequence
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from tokenrace.clock import Ticks
from tokenrace.engine.loop import VirtualLoop
from tokenrace.engine.memory_server import MemoryServer
from tokenrace.engine.memory_socket import Address, Descriptors
from tokenrace.engine.memory_stream import Stream
from tokenrace.engine.memory_transport import MemoryTransport
from tokenrace.errors import UnsupportedOnVirtualTime
from tokenrace.user_code.ownership import OWNER

ANYWHERE = "0.0.0.0"  # noqa: S104 - nothing real is bound
LOCALHOST = "127.0.0.1"
_FIRST_PORT, _PORTS = 32_768, 28_232  # Linux's range for ports that nobody chose


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One direction between a client and a server.

    ``client`` is the process that connects, None for code outside all processes; ``host`` is the
    server's name if it has one, else its address. ``is_outward``: from the client to the server.
    """

    client: int | None
    host: str
    port: int
    is_outward: bool


Latency = Callable[[Way], Ticks | None]
"""How long the next message on a way takes; None: it is lost, and with it all that follow."""


class MemoryNetwork:
    """See the module's rules. Install it with ``loop.network = MemoryNetwork(loop, latency)``."""

    def __init__(self, loop: VirtualLoop, latency: Latency) -> None:
        self._loop = loop
        self._latency = latency
        self._descriptors = Descriptors()
        self._addresses = {"localhost": LOCALHOST}
        self._listeners: dict[Address, MemoryServer] = {}
        self._targets: WeakKeyDictionary[socket.socket, Address] = WeakKeyDictionary()
        self._open: dict[MemoryTransport, int | None] = {}  # and whose each end is
        self._watched: set[int] = set()
        self._port_count = 0
        self._is_closed = False

    def close(self) -> None:
        """End all connections, with nobody told, and give back the descriptors of their sockets.

        The loop does this when it is closed.
        """
        self._is_closed = True
        for transport in list(self._open):
            transport.sever()
        self._descriptors.close()

    def add_host(self, name: str) -> str:
        """Make ``name`` known, if it is not, and return its address."""
        number = len(self._addresses)
        return self._addresses.setdefault(name, f"10.0.{number >> 8}.{number & 255}")

    # What the loop hands over.

    async def getaddrinfo(
        self, host: str | bytes | None, port: Any, *, family: int = 0, **_: Any
    ) -> list[tuple[Any, ...]]:
        """Look ``host`` up: every host has exactly one IPv4 address."""
        name = host.decode() if isinstance(host, bytes) else host
        address = ANYWHERE if name is None else self._address_of(name)
        if address is None or family not in (socket.AF_UNSPEC, socket.AF_INET):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [
            (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, int(port or 0)))
        ]

    async def getnameinfo(self, sockaddr: Address, _: int = 0) -> tuple[str, str]:
        """Return the name of an address, or the address where it has none."""
        return self._name_of(sockaddr[0]), str(sockaddr[1])

    async def create_server(
        self,
        protocol_factory: Callable[[], asyncio.BaseProtocol],
        host: str | Sequence[str] | None = None,
        port: int | None = None,
        *,
        start_serving: bool = True,
        **options: Any,
    ) -> MemoryServer:
        """Listen on a port of one or more hosts, each of which becomes known; on all for None."""
        _refuse_options("create_server", options)
        hosts = [host] if host is None or isinstance(host, str) else list(host)
        port = port or self._free_port()
        addresses = [(self._listening_address(name), port) for name in hosts]
        for address in addresses:
            if address in self._listeners:
                text = f"error while attempting to bind on address {address}: address in use"
                raise OSError(errno.EADDRINUSE, text)
        server = MemoryServer(
            self._loop, copy_context(), protocol_factory, addresses, self._listeners
        )
        self._watch(OWNER.get())
        if start_serving:
            server.listen()
        return server

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:
        """Wait as long as connecting takes; ``create_connection`` with ``sock`` then is at once."""
        target = (address[0], address[1])
        await self._reach(target)
        self._targets[sock] = target

    async def create_connection(
        self,
        protocol_factory: Callable[[], asyncio.BaseProtocol],
        host: str | None = None,
        port: int | None = None,
        *,
        sock: socket.socket | None = None,
        **options: Any,
    ) -> tuple[MemoryTransport, asyncio.BaseProtocol]:
        """Connect; with ``sock``, to where ``sock_connect`` has connected it."""
        _refuse_options("create_connection", options)
        if sock is None:
            target = (await self.getaddrinfo(host, port))[0][4]
            await self._reach(target)
        else:
            target = self._targets.pop(sock)
            sock.close()
        transport = self._connected(target)
        protocol = protocol_factory()
        transport.serve(protocol)
        return transport, protocol

    # Connecting.

    async def _reach(self, target: Address) -> None:
        """Go to ``target`` and back.

        Raises:
            ConnectionRefusedError: nobody listens there.
        """
        for way in self._ways(target):
            latency = self._next_latency(way)
            woken = self._loop.create_future()
            if latency is not None:
                self._loop.post_first(self._loop.now + latency, _wake, woken)
            await woken
        self._listener(target)

    def _listener(self, target: Address) -> MemoryServer:
        listener = self._listeners.get(target) or self._listeners.get((ANYWHERE, target[1]))
        if listener is None:
            raise ConnectionRefusedError(errno.ECONNREFUSED, f"Connect call failed {target}")
        return listener

    def _connected(self, target: Address) -> MemoryTransport:
        """Return the client's end of a new connection to ``target``."""
        listener = self._listener(target)
        outward, inward = (
            Stream(self._loop, partial(self._next_latency, way)) for way in self._ways(target)
        )
        client = OWNER.get()
        name = (
            LOCALHOST if client is None else f"10.1.{client >> 8}.{client & 255}",
            self._free_port(),
        )
        near = MemoryTransport(
            self._loop, copy_context(), outward, inward, (name, target), self._descriptors
        )
        far = MemoryTransport(
            self._loop, listener.context, inward, outward, (target, name), self._descriptors
        )
        self._keep(near, client)
        self._keep(far, listener.context.get(OWNER))
        listener.accept(far)
        return near

    def _ways(self, target: Address) -> tuple[Way, Way]:
        host, port = self._name_of(target[0]), target[1]
        client = OWNER.get()
        return (
            Way(client=client, host=host, port=port, is_outward=True),
            Way(client=client, host=host, port=port, is_outward=False),
        )

    def _next_latency(self, way: Way) -> Ticks | None:
        return None if self._is_closed else self._latency(way)

    # Crashing.

    def _keep(self, transport: MemoryTransport, process: int | None) -> None:
        self._open[transport] = process
        transport.on_lost(partial(self._open.pop, transport, None))
        self._watch(process)

    def _watch(self, process: int | None) -> None:
        if process is not None and process not in self._watched:
            self._watched.add(process)
            self._loop.on_crash(process, partial(self._clean_up_after, process))

    def _clean_up_after(self, process: int) -> None:
        for server in dict.fromkeys(self._listeners.values()):
            if server.context.get(OWNER) == process:
                server.close()
        for transport, owner in list(self._open.items()):
            if owner == process:
                transport.sever()

    # Names and ports.

    def _address_of(self, name: str) -> str | None:
        if name in self._addresses:
            return self._addresses[name]
        try:
            return str(ipaddress.IPv4Address(name))
        except ValueError:
            return None

    def _listening_address(self, name: str | None) -> str:
        if name in (None, "", ANYWHERE, "::"):
            return ANYWHERE
        assert name is not None
        return self._address_of(name) or self.add_host(name)

    def _name_of(self, address: str) -> str:
        names = (name for name, known in self._addresses.items() if known == address)
        return next(names, address)

    def _free_port(self) -> int:
        listening = {port for _, port in self._listeners}
        while True:
            self._port_count += 1
            port = _FIRST_PORT + self._port_count % _PORTS
            if port not in listening:
                return port


def _refuse_options(call: str, options: dict[str, Any]) -> None:
    if options.get("ssl"):
        raise UnsupportedOnVirtualTime(f"{call}: TLS is not simulated; use http://")
    if options.get("sock") is not None:
        raise UnsupportedOnVirtualTime(f"{call}: a real socket lives in real time; give a host")


def _wake(woken: asyncio.Future[None]) -> None:
    if not woken.done():
        woken.set_result(None)
