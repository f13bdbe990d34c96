"""What the virtual loop refuses: what needs real time, and calls that would block."""

import asyncio
import os
import re
import socket
import subprocess
import threading
import time
from contextlib import suppress

import pytest

from tests.user_code.owners import owned_by
from tokenrace.errors import BlockedLoopError, UnsupportedOnVirtualTime

running = asyncio.get_running_loop


class TestUnsupported:
    @pytest.mark.parametrize(
        ("call", "named", "says"),
        [
            (lambda: asyncio.to_thread(print), "run_in_executor (asyncio.to_thread)", "a thread"),
            (lambda: asyncio.create_subprocess_exec("true"), "subprocess_exec", "another program"),
            (
                lambda: asyncio.open_connection("localhost", 80),
                "create_connection",
                "no simulated network is here",
            ),
            (
                lambda: asyncio.start_server(print, "localhost", 80),
                "create_server",
                "a real socket",
            ),
            (
                lambda: asyncio.get_running_loop().getaddrinfo("a", 80),
                "getaddrinfo",
                "a real socket",
            ),
            (lambda: running().sock_recv(None, 1), "sock_recv", "a real socket"),
            (
                lambda: asyncio.get_running_loop().add_reader(0, print),
                "add_reader",
                "a real socket",
            ),
            (
                lambda: running().add_signal_handler(2, print),
                "add_signal_handler",
                "signals come in real time",
            ),
        ],
    )
    def test_what_needs_real_time_says_so(self, loop, call, named, says):
        """Something almost right would be worse than an error, which tells whose call it was."""

        async def main():
            await call()

        with owned_by(3), pytest.raises(UnsupportedOnVirtualTime) as caught:
            loop.run_until_complete(main())
        text = str(caught.value)
        assert text.startswith(f"process 3: {named} in ")
        assert re.search(r"(main|<lambda>) \(test_loop_refusals\.py:\d+\)", text)
        assert says in text

    def test_a_thread_that_is_refused_ends_the_run_even_if_the_error_is_swallowed(self, loop):
        """As a web server does, which answers 500 and goes on."""

        async def swallows():
            while True:
                with suppress(Exception):
                    await asyncio.to_thread(print)
                await asyncio.sleep(1)

        with pytest.raises(UnsupportedOnVirtualTime, match=r"asyncio\.to_thread"):
            loop.run_until_complete(swallows())

    def test_call_soon_threadsafe_is_for_the_loops_own_thread(self, loop):
        """A signal's handler uses it there; another thread's call would come at any time."""
        caught, seen = [], []

        def from_elsewhere():
            try:
                loop.call_soon_threadsafe(seen.append, "elsewhere")
            except UnsupportedOnVirtualTime as error:
                caught.append(str(error))

        waiting = threading.Event()
        thread = threading.Thread(daemon=True, target=lambda: (waiting.wait(), from_elsewhere()))
        thread.start()

        async def main():
            loop.call_soon_threadsafe(seen.append, "here")
            waiting.set()
            thread.join()

        loop.run_until_complete(main())
        assert seen == ["here"]
        (text,) = caught
        assert text.startswith("no process: call_soon_threadsafe from another thread in ")
        assert "from_elsewhere (test_loop_refusals.py:" in text
        assert text.endswith(": a thread runs in real time")


class TestBlocking:
    @pytest.mark.parametrize(
        ("call", "named"),
        [
            (lambda: time.sleep(0), "time.sleep"),
            (lambda: threading.Thread(target=print).start(), "starting a thread"),
            (lambda: subprocess.run(["true"], check=False), "subprocess.Popen"),
            (lambda: os.system("true"), "os.system"),
            (lambda: socket.create_connection(("127.0.0.1", 9)), "socket.getaddrinfo"),
            (lambda: _connect("127.0.0.1"), "socket.connect"),
            (lambda: socket.gethostbyname("localhost"), "socket.gethostbyname"),
        ],
    )
    def test_a_call_that_blocks_is_an_error_that_names_it(self, loop, call, named):
        """And whose it is, and where: the innermost function of the user's that is running."""

        async def strategy():
            call()

        async def main():
            with owned_by(2):
                await loop.create_task(strategy())

        innermost = _connect if named == "socket.connect" else call
        with pytest.raises(BlockedLoopError) as caught:
            loop.run_until_complete(main())
        whose, rest = str(caught.value).split(f": {named} in ")
        assert whose == "process 2"
        place, advice = rest.split(" would block the loop in real time; use ")
        name, line = innermost.__qualname__, innermost.__code__.co_firstlineno
        assert place.startswith(f"{name} (test_loop_refusals.py:")
        assert line <= int(place.rpartition(":")[2][:-1]) <= line + 5
        assert advice

    def test_a_call_that_blocks_ends_the_run_even_if_its_error_is_swallowed(self, loop):
        """Code that retries after any exception would otherwise make a run of nothing but those."""

        async def swallows():
            while True:
                try:
                    time.sleep(0)  # noqa: ASYNC251
                except Exception:  # noqa: BLE001 - the story is about such code
                    await asyncio.sleep(1)

        with pytest.raises(BlockedLoopError, match=r"asyncio\.sleep instead"):
            loop.run_until_complete(swallows())
        assert loop.now == 0

    def test_outside_the_loop_everything_may_block(self, loop):
        """Before a run, after it, and in other threads."""
        loop.run_until_complete(asyncio.sleep(1))
        time.sleep(0)
        thread = threading.Thread(target=time.sleep, args=(0,))
        thread.start()
        thread.join()


def _connect(host):
    with socket.socket() as sock:
        sock.connect((host, 9))
