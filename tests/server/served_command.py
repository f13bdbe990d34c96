"""``tokenrace serve`` as a process of its own, and a plain client of it."""

import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from base64 import b64encode
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]


class Served:
    """A server that has printed its lines; ``env`` has what they export."""

    def __init__(self, process: subprocess.Popen):
        self.process = process
        self.lines = []
        self.env = {}
        for line in process.stdout:
            self.lines.append(line.rstrip("\n"))
            if line.startswith("# Control page"):
                break
            if line.startswith("# Control token"):
                self.control_token = line.split()[-1]
            if line.startswith("#"):
                continue
            name, _, value = line.removeprefix("export ").rstrip("\n").partition("=")
            self.env[name] = value
        self.base = self.env["ZOOM_API_URL"].removesuffix("/v2")

    def token(self, grant: str = "") -> str:
        """Issue a token, for the app's credentials or by ``grant``, a form; return its value."""
        pair = f"{self.env['ZOOM_CLIENT_ID']}:{self.env['ZOOM_CLIENT_SECRET']}"
        own = f"grant_type=account_credentials&account_id={self.env['ZOOM_ACCOUNT_ID']}"
        form = grant or own
        basic = {"authorization": "Basic " + b64encode(pair.encode()).decode()}
        _, body = fetch(self.env["ZOOM_TOKEN_URL"], form.encode(), basic)
        return body["access_token"]

    def call(self, token: str) -> int:
        """Call the API with ``token``; return the status."""
        url = f"{self.env['ZOOM_API_URL']}/users/me"
        return fetch(url, None, {"authorization": f"Bearer {token}"})[0]

    def control(self, path: str, body: object = None, **headers: str):
        """Ask the control API: POST where there is a body, else GET; return status and answer."""
        sent = None if body is None else json.dumps(body).encode()
        return fetch(f"{self.base}/_control/{path}", sent, headers)

    def stopped_by(self, number: int) -> int:
        """Send a signal; return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=30)


def fetch(url: str, body: bytes | None, headers: dict[str, str]):
    """Return the status of an answer, and its JSON."""
    request = urllib.request.Request(url, body, headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.load(refused)


@contextmanager
def serving(*words: str):
    """Run ``tokenrace serve`` while the block runs."""
    command = [sys.executable, "-m", "tokenrace", "serve", *words]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env
    )
    with process:
        try:
            yield Served(process)
        finally:
            process.kill()


def port_of(url: str) -> int:
    """Return the port in ``url``."""
    found = re.search(r":(\d+)", url.removeprefix("http://"))
    assert found is not None
    return int(found[1])
