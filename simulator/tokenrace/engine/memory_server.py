"""A listening server in memory."""

import asyncio
from collections.abc import Callable, Sequence
from contextvars import Context

from tokenrace.engine.loop import VirtualLoop
from tokenrace.engine.memory_socket import Address, MemorySocket
from tokenrace.engine.memory_transport import MemoryTransport


class MemoryServer(asyncio.AbstractServer):
    """Accepts in ``context``, that of the code which made it, on the network's ``listeners``."""

    def __init__(
        self,
        loop: VirtualLoop,
        context: Context,
        protocol_factory: Callable[[], asyncio.BaseProtocol],
        addresses: Sequence[Address],
        listeners: "dict[Address, MemoryServer]",
    ) -> None:
        self._loop = loop
        self._context = context
        self._protocol_factory = protocol_factory
        self._addresses = tuple(addresses)
        self._listeners = listeners
        self._connections: dict[MemoryTransport, None] = {}
        self._is_closed = False
        self._over = loop.create_future()

    @property
    def context(self) -> Context:
        return self._context

    @property
    def sockets(self) -> tuple[MemorySocket, ...]:
        """What listens, for code that wants to know its port."""
        if not self.is_serving():
            return ()
        return tuple(MemorySocket(at, ("0.0.0.0", 0), lambda: -1) for at in self._addresses)  # noqa: S104 - nobody

    def get_loop(self) -> asyncio.AbstractEventLoop:
        return self._loop

    def is_serving(self) -> bool:
        return any(self._listeners.get(address) is self for address in self._addresses)

    def listen(self) -> None:
        """Begin to accept; does nothing when it does so already."""
        if not self._is_closed:
            self._listeners.update(dict.fromkeys(self._addresses, self))

    async def start_serving(self) -> None:
        self.listen()

    async def serve_forever(self) -> None:
        self.listen()
        try:
            await self._loop.create_future()
        finally:
            self.close()

    def accept(self, connection: MemoryTransport) -> None:
        """Serve ``connection`` as soon as the server's process runs."""
        self._connections[connection] = None
        connection.on_lost(lambda: self._forget(connection))
        self._loop.call_soon(self._serve, connection, context=self._context)

    def close(self) -> None:
        """Accept no more. Connections that are open stay so."""
        if self.is_serving():
            for address in self._addresses:
                del self._listeners[address]
        self._is_closed = True
        self._end_if_over()

    def close_clients(self) -> None:
        for connection in list(self._connections):
            connection.close()

    def abort_clients(self) -> None:
        for connection in list(self._connections):
            connection.abort()

    async def wait_closed(self) -> None:
        """Wait until it is closed and so is every connection, as Python 3.12 and later do."""
        await asyncio.shield(self._over)

    def _serve(self, connection: MemoryTransport) -> None:
        if not connection.is_closing():
            connection.serve(self._protocol_factory())

    def _forget(self, connection: MemoryTransport) -> None:
        self._connections.pop(connection, None)
        self._end_if_over()

    def _end_if_over(self) -> None:
        if self._is_closed and not self._connections and not self._over.done():
            self._over.set_result(None)
