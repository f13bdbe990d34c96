"""A fact known of Zoom's wire: a quotation, and what the provider does about it.

The marks are those of docs/provider-facts.md: D documented, R reported, U unknown. What is unknown
is not asserted, but for what the document says to use in its place. The facts themselves are in
``zoom_token_facts.py`` and ``zoom_api_facts.py``.
"""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Fact:
    """``quote`` stands in the document, in ``section``, with ``mark``; ``shown`` gives what the
    provider answers, and ``answer`` is what it must be: a status, and a body or a part of one."""

    section: str
    quote: str
    mark: str
    shown: Callable[[], tuple[int, object]]
    answer: tuple[int, object]


def refusal(code, message):
    """The API's no."""
    return {"code": code, "message": message}


INVALID = refusal(124, "Invalid access token.")
