"""``tokenrace serve`` and a bare aiohttp handler that checks one header, both under ``wrk``.

Each is a process of its own, asked by one thread over 50 connections for a user, with a valid token
and the journal written to a file.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

from tests.server.served_command import serving

SECONDS = 3
BARE = """
from aiohttp import web

async def answer(request):
    if request.headers.get("Authorization") != "Bearer x":
        return web.Response(status=401)
    return web.json_response({"id": "user-owner"})

app = web.Application()
app.router.add_get("/v2/users/me", answer)
web.run_app(app, host="127.0.0.1", port=0, access_log=None)
"""


def wrk() -> str | None:
    """Return where ``wrk`` is; None where this machine has none."""
    return shutil.which("wrk")


def bare_and_served() -> Iterator[tuple[float, float]]:
    """Yield the requests a second of the bare handler and of ours, in turns, for ever."""
    with (
        TemporaryDirectory() as folder,
        _bare() as bare,
        serving("--live-tokens", "1", "--journal", f"{folder}/journal.jsonl") as served,
    ):
        token = served.token()
        while True:
            yield _rate(bare, "x"), _rate(served.base, token)


@contextmanager
def _bare() -> Iterator[str]:
    process = subprocess.Popen([sys.executable, "-c", BARE], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process:
        try:
            line = next(line for line in process.stdout if "http://" in line)
            url = line.split()[-2]
            yield url
        finally:
            process.kill()


def _rate(url: str, token: str) -> float:
    command = [str(wrk()), "-t1", "-c50", f"-d{SECONDS}s", "-H", f"Authorization: Bearer {token}"]
    out = subprocess.run(
        [*command, f"{url}/v2/users/me"], capture_output=True, text=True, check=True
    ).stdout
    assert "Non-2xx" not in out, out
    found = re.search(r"Requests/sec:\s+([\d.]+)", out)
    assert found is not None, out
    return float(found[1])
