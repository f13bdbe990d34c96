"""The page at the root of the control API: what there is to ask."""

from collections.abc import Sequence
from html import escape

from simulator.server.routes import Route


def page(routes: Sequence[Route]) -> str:
    """Return a page that lists ``routes``."""
    rows = "".join(
        f"<dt><code>{route.method} {escape(route.path)}</code><dd>{escape(route.summary)}"
        for route in routes
    )
    return f"<!doctype html><html lang=en><title>tokenrace</title><h1>tokenrace</h1><dl>{rows}</dl>"
