"""What a loop on virtual time cannot do, each said with its reason.

Something almost right would be worse: a real socket or thread lives in real time, and the loop
would neither wait for it nor be the same twice.
"""

import sys
from typing import Any, NoReturn

from tokenrace.engine.uncaught import Uncaught
from tokenrace.errors import UnsupportedOnVirtualTime
from tokenrace.user_code.ownership import OWNER, whose
from tokenrace.user_code.places import running_place

_SOCKET = "a real socket lives in real time"
_THREAD = "a thread runs in real time"
_CHILD = "another program runs in real time"
_SIGNAL = "signals come in real time"


def _refusal(call: str, reason: str) -> UnsupportedOnVirtualTime:
    """Return the error of the function that called the caller."""
    place = running_place(sys._getframe(2))  # noqa: SLF001 - the way to find who calls
    return UnsupportedOnVirtualTime(f"{whose(OWNER.get())}: {call} in {place}: {reason}")


def _refuse(call: str, reason: str) -> Any:
    def refused(self: Any, *_: Any, **__: Any) -> NoReturn:  # noqa: ARG001
        raise _refusal(call, reason)

    return refused


class Unsupported(Uncaught):
    """Refuses every part of an event loop that reaches outside virtual time.

    Connections and servers go to ``network`` if one is installed: in memory, on virtual time.
    """

    network: Any = None

    def _refuse_thread(self) -> NoReturn:
        raise _refusal("call_soon_threadsafe from another thread", _THREAD)

    def run_in_executor(self, *_: Any, **__: Any) -> NoReturn:  # type: ignore[override]
        error = _refusal("run_in_executor (asyncio.to_thread)", _THREAD)
        self.fail(error)  # whoever called may swallow it, as a web server does
        raise error

    def set_default_executor(self, *_: Any) -> NoReturn:
        raise _refusal("set_default_executor", _THREAD)

    async def getaddrinfo(self, *args: Any, **options: Any) -> Any:
        return await self._network("getaddrinfo").getaddrinfo(*args, **options)

    async def getnameinfo(self, *args: Any, **options: Any) -> Any:
        return await self._network("getnameinfo").getnameinfo(*args, **options)

    async def create_connection(self, *args: Any, **options: Any) -> Any:
        return await self._network("create_connection").create_connection(*args, **options)

    async def create_server(self, *args: Any, **options: Any) -> Any:
        return await self._network("create_server").create_server(*args, **options)

    async def sock_connect(self, *args: Any) -> Any:
        return await self._network("sock_connect").sock_connect(*args)

    def _network(self, call: str) -> Any:
        if self.network is None:
            raise _refusal(call, f"{_SOCKET}, and no simulated network is here")
        return self.network

    def _end_network(self) -> None:
        if self.network is not None:
            self.network.close()

    add_reader = _refuse("add_reader", _SOCKET)
    remove_reader = _refuse("remove_reader", _SOCKET)
    add_writer = _refuse("add_writer", _SOCKET)
    remove_writer = _refuse("remove_writer", _SOCKET)
    sock_accept = _refuse("sock_accept", _SOCKET)
    sock_recv = _refuse("sock_recv", _SOCKET)
    sock_recv_into = _refuse("sock_recv_into", _SOCKET)
    sock_recvfrom = _refuse("sock_recvfrom", _SOCKET)
    sock_recvfrom_into = _refuse("sock_recvfrom_into", _SOCKET)
    sock_sendall = _refuse("sock_sendall", _SOCKET)
    sock_sendfile = _refuse("sock_sendfile", _SOCKET)
    sock_sendto = _refuse("sock_sendto", _SOCKET)
    create_datagram_endpoint = _refuse("create_datagram_endpoint", _SOCKET)
    create_unix_connection = _refuse("create_unix_connection", _SOCKET)
    create_unix_server = _refuse("create_unix_server", _SOCKET)
    connect_accepted_socket = _refuse("connect_accepted_socket", _SOCKET)
    sendfile = _refuse("sendfile", _SOCKET)
    start_tls = _refuse("start_tls", "TLS is not simulated; use http://")
    connect_read_pipe = _refuse("connect_read_pipe", _CHILD)
    connect_write_pipe = _refuse("connect_write_pipe", _CHILD)
    subprocess_exec = _refuse("subprocess_exec", _CHILD)
    subprocess_shell = _refuse("subprocess_shell", _CHILD)
    add_signal_handler = _refuse("add_signal_handler", _SIGNAL)
    remove_signal_handler = _refuse("remove_signal_handler", _SIGNAL)
