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

from tokenrace.trace.events import Cause

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
