"""Secrets in what clients write of themselves: found whole or in part, and hidden.

A client's words reach the journal, the trace, the control API and the page: its name, its path, its
method. Any part of a secret as long as ``_part_of`` says is hidden there, in any case of letters,
as it is or in Base64 as Basic auth sends it; so it is no matter whether a text was cut before. What
looks like a token, or follows the word Bearer or Basic, is hidden too.
"""

import re
from base64 import b64encode
from collections import deque
from collections.abc import Iterator

SECRETS_HIDDEN = 100
PART_MIN, PART_MAX = 8, 16
_CLEANED_KEPT = 1_024
_BEYOND = 64
"""How much more than is shown is looked at: a secret that the cut splits is still recognised."""
_HIDDEN = "[secret]"
_TOKEN = re.compile(
    r"eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)*|\b(?:bearer|basic)\s+\S+", re.IGNORECASE
)
_LOWER = {ord(letter): letter.lower() for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


class Redaction:
    """Hides the last ``SECRETS_HIDDEN`` secrets it was told, and the first one for ever."""

    def __init__(self, first: str = "") -> None:
        self._first = first
        self._others: deque[str] = deque(maxlen=SECRETS_HIDDEN)
        self._parts: dict[int, set[str]] = {}
        self._cleaned: dict[str, str] = {}
        self._learn()

    def hide(self, secret: str) -> None:
        """Show ``secret`` nowhere from now on."""
        if not secret or secret == self._first or secret in self._others:
            return
        self._others.append(secret)
        self._learn()

    def clean(self, text: str) -> str:
        """Return ``text`` without a secret or a large part of one."""
        known = self._cleaned.get(text)
        if known is not None:
            return known
        clean = _TOKEN.sub(_HIDDEN, self._without_secrets(text))
        if len(self._cleaned) >= _CLEANED_KEPT:
            self._cleaned.clear()
        self._cleaned[text] = clean
        return clean

    def shortened(self, text: str, length: int) -> str:
        """Return ``text`` cleaned and then cut to ``length``."""
        return self.clean(text[: length + _BEYOND])[:length]

    def _learn(self) -> None:
        self._cleaned.clear()
        self._parts = {}
        for secret in filter(None, (self._first, *self._others)):
            for form in _forms(secret):
                size = _part_of(len(form))
                parts = {form[at : at + size] for at in range(len(form) - size + 1)}
                self._parts.setdefault(size, set()).update(parts)

    def _without_secrets(self, text: str) -> str:
        lowered = text.translate(_LOWER)
        kept: list[str] = []
        shown_from = 0
        for begin, end in _joined(sorted(self._found(lowered))):
            kept += [text[shown_from:begin], _HIDDEN]
            shown_from = end
        return "".join([*kept, text[shown_from:]])

    def _found(self, lowered: str) -> Iterator[tuple[int, int]]:
        for size, parts in self._parts.items():
            for at in range(len(lowered) - size + 1):
                if lowered[at : at + size] in parts:
                    yield at, at + size


def _part_of(length: int) -> int:
    """Return how much of a secret of ``length`` must not be shown: half of it, 8 to 16."""
    return min(length, max(PART_MIN, min(length // 2, PART_MAX)))


def _forms(secret: str) -> Iterator[str]:
    """Yield ``secret`` as it may stand in a text: plain, and in Base64 after 0, 1 or 2 bytes."""
    raw = secret.encode(errors="replace")
    yield secret.translate(_LOWER)
    for before in range(3):
        whole = b64encode(bytes(before) + raw).decode().rstrip("=")
        inner = whole[before + 1 if before else 0 : -1]  # its edges hang on what stands beside it
        if len(inner) >= PART_MIN:
            yield inner.translate(_LOWER)


def _joined(spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield ``spans``, in order, those that touch as one."""
    begin = end = -1
    for first, last in spans:
        if first > end:
            if end > 0:
                yield begin, end
            begin = first
        end = max(end, last)
    if end > 0:
        yield begin, end
