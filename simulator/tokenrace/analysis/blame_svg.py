"""A sequence diagram as SVG: lanes at the left, what happened beside them, time downwards.

Not to scale: the clock stands beside each step. Colours are the page's CSS variables and the look
is ``templates/blame.css``, so that it follows the reader's dark mode; ``standalone`` has both.
Holds nothing but text, lines and boxes: no script, no address.
"""

import textwrap
from importlib.resources import files
from itertools import accumulate
from xml.etree import ElementTree as ET

from tokenrace.analysis.blame_diagram import Diagram, Holding, Step

_LEFT, _LANE, _TEXT = 34, 44, 244
"""Where the first lane is, how far the next, how wide the text; in pixels of a phone."""
_TOP, _LINE, _GAP = 34, 16, 14
_LETTERS = 34
"""How many fit in a line of the text."""
_BAR, _HEAD = 8, 5


def svg_of(diagram: Diagram, name: str) -> str:
    """Return ``diagram`` as an SVG element to stand in a page; ``name`` is unique in it."""
    return ET.tostring(_drawing(diagram, name), encoding="unicode")


def standalone(diagram: Diagram) -> str:
    """Return ``diagram`` as an SVG file with its look in it."""
    root = _drawing(diagram, "blame")
    style = ET.Element("style")
    style.text = "\n" + "".join(_css(name) for name in ("colours.css", "blame.css"))
    root.insert(2, style)  # behind title and desc, which come first
    return ET.tostring(root, encoding="unicode") + "\n"


def _css(name: str) -> str:
    return files("tokenrace.analysis.report").joinpath("templates", name).read_text("utf-8")


def _drawing(diagram: Diagram, name: str) -> ET.Element:
    heights = [_height(step) for step in diagram.steps]
    tops = list(accumulate(heights, initial=_TOP))
    text_at = _LEFT + _LANE * (len(diagram.participants) - 1) + 24
    width, height = text_at + _TEXT, tops[-1]
    root = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "class": "blame",
            "viewBox": f"0 0 {width} {height}",
            "style": f"width:100%;max-width:{width * 5 // 4}px;min-width:{width * 6 // 7}px",
            "role": "img",
            "aria-labelledby": f"{name}-title {name}-desc",
        },
    )
    _put(root, "title", diagram.title, id=f"{name}-title")
    _put(root, "desc", ". ".join(diagram.sentences) + ".", id=f"{name}-desc")
    _draw_lanes(root, diagram, height)
    for holding in diagram.holdings:
        _draw_holding(root, holding, tops)
    for step, top in zip(diagram.steps, tops, strict=False):
        _draw_step(root, step, top, text_at)
    return root


def _height(step: Step) -> int:
    return _LINE * (1 + len(_lines(step.text))) + _GAP


def _lines(text: str) -> list[str]:
    return textwrap.wrap(text, _LETTERS)


def _x(lane: int) -> int:
    return _LEFT + _LANE * lane


def _draw_lanes(root: ET.Element, diagram: Diagram, height: int) -> None:
    for lane, participant in enumerate(diagram.participants):
        shown = participant if lane == 0 or len(participant) <= 6 else participant[:5] + "\u2026"
        _put(root, "text", shown, x=_x(lane), y=16, _class="who")
        _put(root, "line", x1=_x(lane), x2=_x(lane), y1=24, y2=height, _class="lane")


def _draw_holding(root: ET.Element, holding: Holding, tops: list[int]) -> None:
    begins, ends = _middle(tops[holding.begins]), _middle(tops[holding.ends])
    dies = ends if holding.dead_from is None else max(begins, _middle(tops[holding.dead_from]))
    for top, bottom, look in ((begins, dies, "held"), (dies, ends, "held dead")):
        if bottom > top:
            x = _x(holding.lane) - _BAR // 2
            _put(root, "rect", x=x, y=top, width=_BAR, height=bottom - top, _class=look)


def _middle(top: int) -> int:
    return top + _LINE


def _draw_step(root: ET.Element, step: Step, top: int, text_at: int) -> None:
    y, x = _middle(top), _x(step.target)
    if step.source != step.target:
        way = 1 if step.target > step.source else -1
        _put(root, "line", x1=_x(step.source), x2=x, y1=y, y2=y, _class=f"arrow {step.kind}")
        head = f"{x},{y} {x - way * 8},{y - _HEAD} {x - way * 8},{y + _HEAD}"
        _put(root, "polygon", points=head, _class=f"head {step.kind}")
    elif step.kind == "end":
        for sign in (1, -1):
            rise = _HEAD * sign
            _put(root, "line", x1=x - 6, x2=x + 6, y1=y - rise, y2=y + rise, _class="arrow end")
    elif step.kind != "more":
        _put(root, "circle", cx=x, cy=y, r=5, _class=f"head {step.kind}")
    _put(root, "text", step.at, x=text_at, y=top + 12, _class="at")
    for number, line in enumerate(_lines(step.text), start=1):
        _put(root, "text", line, x=text_at, y=top + 12 + number * _LINE, _class=step.kind)


def _put(
    parent: ET.Element, tag: str, text: str | None = None, **attributes: str | int
) -> ET.Element:
    """Add an element; ``_class`` is its class, a word that Python has taken."""
    named = {key.lstrip("_"): str(value) for key, value in attributes.items()}
    element = ET.SubElement(parent, tag, named)
    element.text = text
    return element
