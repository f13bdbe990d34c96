"""How every plot looks: colours, hatches, letters, and words for numbers.

Colours are Okabe and Ito's, which colour-blind people can tell apart ("Color Universal Design",
2008). No colour stands alone: a hatch, a marker or a label says the same.
"""

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib.ticker import MaxNLocator

from simulator.clock import DAY, HOUR, MILLISECOND, MINUTE, SECOND, Ticks, seconds
from simulator.trace.events import Cause

INK = "#222222"
PALE = "#BBBBBB"
BAND = "#F3F3F3"
BLUE, ORANGE, GREEN, VERMILLION = "#0072B2", "#E69F00", "#009E73", "#D55E00"
SKY, PURPLE, YELLOW = "#56B4E9", "#CC79A7", "#F0E442"

CAUSE_LOOKS: dict[Cause, tuple[str, str]] = {
    "evicted": (VERMILLION, ""),
    "expired": (SKY, "///"),
    "revoked": (PURPLE, "xxx"),
    "not_yet_valid": (YELLOW, "..."),
    "app_blocked": ("#555555", "---"),
    "app_deactivated": (GREEN, "\\\\\\"),
    "owner_role": (BLUE, "+++"),
    "unknown_token": (ORANGE, "ooo"),
}
"""Colour and hatch of each cause of a 401, the same in every plot."""

PROCESS_COLOURS = (BLUE, ORANGE, GREEN, VERMILLION, SKY, PURPLE, INK)

_SETTINGS: dict[Any, Any] = {  # matplotlib types the keys as a list of literals
    "font.family": "DejaVu Sans",
    "font.size": 12,
    "axes.titlesize": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "figure.titlesize": 14,
    "hatch.linewidth": 0.6,
    "legend.frameon": False,
    "svg.hashsalt": "tokenrace",
}
_TIED = "\N{NO-BREAK SPACE}"
_UNITS: tuple[tuple[str, Ticks], ...] = (
    ("d", DAY),
    ("h", HOUR),
    ("min", MINUTE),
    ("s", SECOND),
    ("ms", MILLISECOND),
)


@contextmanager
def our_look() -> Iterator[None]:
    """Draw as above within the block, whatever settings the machine's user has."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS)
        yield


def title(text: str, width_in: float) -> str:
    """Return ``text`` in lines that fit a figure ``width_in`` inches wide."""
    return textwrap.fill(text, int(width_in * 9))


def few_ticks() -> MaxNLocator:
    """Return a locator that suits minutes and hours as well as decimal units."""
    return MaxNLocator(8, steps=[1, 1.5, 2, 3, 5, 6, 10])


def in_lines(name: str, width: int = 26) -> str:
    """Return ``name`` in lines of about ``width`` letters, cut after underscores and spaces."""
    lines = [""]
    for word in name.replace("_", "_\0").replace(" ", " \0").split("\0"):
        if lines[-1] and len(lines[-1]) + len(word) > width:
            lines.append("")
        lines[-1] += word
    return "\n".join(line.rstrip(" ") for line in lines)


def percent(share: float) -> str:
    """Return ``share`` in per cent with three significant digits."""
    value = f"{100 * share:.3g}" if share >= 0.00001 else f"{100 * share:.1g}"
    return f"{value} %"


def tied(text: str) -> str:
    """Return ``text`` with spaces at which no line is broken."""
    return text.replace(" ", _TIED)


def unit_for(span: Ticks) -> tuple[str, Ticks]:
    """Return the name and length of the largest unit of which ``span`` has at least three."""
    for name, length in _UNITS:
        if span >= 3 * length:
            return name, length
    return _UNITS[-1]


def span_text(span: Ticks) -> str:
    """Return ``span`` in words no line is broken in, such as ``"2 h 5 min"``; two units at most."""
    if span < MINUTE:
        if 0 < span < SECOND:
            return f"{span / MILLISECOND:.3g}{_TIED}ms"
        return f"{seconds(span):.3g}{_TIED}s"
    words: list[tuple[int, str]] = []
    for name, length in _UNITS[:4]:
        count, span = divmod(span, length)
        if count or words:
            words.append((count, name))
    return _TIED.join(f"{count}{_TIED}{name}" for count, name in words[:2] if count)
