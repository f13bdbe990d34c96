"""The page at the root of the control API: the provider, live. One file, which needs no other.

It holds no secret and knows nothing by itself: its script asks the control API once a second.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files

from tokenrace.server.routes import Route


@dataclass(frozen=True, slots=True)
class Page:
    """The page, and the Content-Security-Policy that lets its own script run and nothing else."""

    html: str
    policy: str


def page(routes: Sequence[Route]) -> Page:
    """Return the page, with a list of ``routes``."""
    rows = "".join(
        f"<dt><code>{route.method} {escape(route.path)}</code><dd>{escape(route.summary)}"
        for route in routes
    )
    style, script = _file("page.css"), _file("page.js")
    html = (
        _file("page.html")
        .replace("{style}", style)
        .replace("{routes}", rows)
        .replace("{script}", script)
    )
    policy = (
        "default-src 'none'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'; "
        f"script-src '{_hash(script)}'; style-src 'unsafe-inline'"
    )
    return Page(html, policy)


@cache
def _file(name: str) -> str:
    return files("tokenrace.server").joinpath("page_files", name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
