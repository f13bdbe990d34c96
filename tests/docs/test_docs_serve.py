"""docs/serve.md: every command runs as it stands, but for the port."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.server.served_command import serving
from tokenrace.cli.app import app
from tokenrace.server.event_bodies import EVENTS
from tokenrace.server.routes import ROUTES

PAGE = (Path(__file__).parents[2] / "docs" / "serve.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^```\n((?:token=|curl |node ).*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def answers_to(block, served):
    """Run one block of the page in a shell; return the JSON values it prints."""
    if shutil.which(block.split()[0].removeprefix("token=$(")) is None:
        pytest.skip(f"not on this machine: {block.split()[0]}")
    ran = subprocess.run(
        ["bash", "-c", block.replace("http://127.0.0.1:8787", served.base)],
        env=os.environ | served.env,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return printed(ran.stdout)


def printed(text):
    """Return the JSON values in ``text``, one after the other."""
    values = []
    while text.strip():
        value, end = json.JSONDecoder().raw_decode(text.strip())
        values.append(value)
        text = text.strip()[end:]
    return values


def block_with(words):
    """Return the one block of commands that has ``words``."""
    (block,) = [block for block in COMMANDS if words in block]
    return block


def test_the_commands_for_an_app_of_its_own():
    """A token and a call, events and rules, then the verdict: nothing was refused."""
    with serving("--port", "0", "--live-tokens", "2") as served:
        (user,) = answers_to(block_with("users/me"), served)
        assert user["id"] == "user-owner"
        event, rules = answers_to(block_with("/_control/events"), served)
        assert (
            event["done"]["what"]
            == "from now on, the token endpoint answers 503: for 1m, 50% of requests"
        )
        assert (
            rules["done"]["what"] == "rules from now on: profile zoom-2022, live_tokens 3, grace 5m"
        )
        (verdict,) = answers_to(block_with("/_control/verdict"), served)
        assert verdict["verdict"] == "pass"


def test_the_command_for_node():
    """It prints the token that it was granted."""
    node = block_with("node ").replace(
        "then(console.log)", "then(a => console.log(typeof a.access_token))"
    )
    if shutil.which("node") is None:
        pytest.skip("no node on this machine")
    with serving("--port", "0") as served:
        ran = subprocess.run(
            ["bash", "-c", node],
            env=os.environ | served.env,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    assert ran.stdout == "string\n"


def test_the_command_for_a_refresh_token():
    """Xero's answer has the next one."""
    with serving("--port", "0", "--profile", "xero") as served:
        (granted,) = answers_to(block_with("grant_type=refresh_token"), served)
        assert granted["refresh_token"] != served.env["ZOOM_REFRESH_TOKEN"]


def test_no_block_of_commands_is_left_out():
    """Those tried above, and no more."""
    assert len(COMMANDS) == 5


def test_every_route_event_and_option_is_on_the_page():
    """So that one that is added is written down."""
    for route in ROUTES:
        assert f"{route.method} {route.path}" in PAGE
    for event in EVENTS:
        assert f"`{event}`" in PAGE
    help_ = CliRunner().invoke(app, ["serve", "--help"]).stdout
    for option in set(re.findall(r"--[a-z-]+", help_)) - {"--help"}:
        assert f"`{option} " in PAGE
