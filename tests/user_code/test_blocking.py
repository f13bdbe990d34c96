"""Every kind of call that the gate knows, and where the gate is open."""

import os
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.user_code.owners import owned_by
from tokenrace.errors import BlockedLoopError
from tokenrace.user_code.blocking import forbid_blocking


def bind():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))


def connect_ex():
    with socket.socket() as sock:
        sock.connect_ex(("127.0.0.1", 9))


def send_to():
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.sendto(b"", ("127.0.0.1", 9))


def submit():
    with ThreadPoolExecutor(1) as pool:
        pool.submit(print)


def spawn():
    os.posix_spawn("/bin/true", ["true"], {})


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (bind, "socket.bind"),
        (connect_ex, "socket.connect"),
        (send_to, "socket.sendto"),
        (lambda: socket.getaddrinfo("localhost", 80), "socket.getaddrinfo"),
        (submit, "starting a thread"),
        (os.fork, "os.fork"),
        (spawn, "os.posix_spawn"),
    ],
)
def test_a_call_is_stopped_before_it_does_anything(call, named):
    """The error is raised to the caller, and told to whoever runs it in case that one is lost."""
    told = []
    with owned_by(5), forbid_blocking(told.append), pytest.raises(BlockedLoopError) as caught:
        call()
    assert told == [caught.value]
    assert str(caught.value).startswith(f"process 5: {named} in ")


def test_the_innermost_gate_is_told_and_the_outer_one_is_shut_again():
    """A loop that runs inside another's run puts things back as it found them, error or not."""
    outer, inner = [], []
    with forbid_blocking(outer.append):
        with pytest.raises(BlockedLoopError), forbid_blocking(inner.append):
            time.sleep(0)
        assert (len(outer), len(inner)) == (0, 1)
        with pytest.raises(BlockedLoopError):
            time.sleep(0)
    assert (len(outer), len(inner)) == (1, 1)
    time.sleep(0)


def test_other_threads_may_do_as_they_like():
    """A gate belongs to the thread that runs the loop."""
    told = []
    is_shut, is_over = threading.Event(), threading.Event()

    def elsewhere():
        is_shut.wait()
        time.sleep(0)
        bind()
        is_over.set()

    thread = threading.Thread(target=elsewhere)
    thread.start()
    with forbid_blocking(told.append):
        is_shut.set()
        is_over.wait(30)
    thread.join()
    assert is_over.is_set()
    assert told == []


def test_what_http_clients_do_before_they_connect_is_allowed():
    """They create a socket and set its options; only then is it given to the loop."""
    with forbid_blocking(pytest.fail), socket.socket() as sock:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
