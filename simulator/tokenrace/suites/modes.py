"""The failure modes of a suite, as they lie in the wheel: one file each in the suite's folder.

A file says what is tried, what a right class of either scope promises, and why that matters; which
classes it can be tried on; the scenario, without a strategy; and for each scope how many tokens may
be live and what is expected. What is expected holds for every right class, whatever its leeway, its
back-off and its names: a file of a suite has no tolerance that a class could be tuned to.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Literal, get_args

import yaml

Scope = Literal["shared", "process"]
"""Whether the processes of a fleet use one token, or each its own."""
Shape = Literal["ports", "get_token", "client"]
"""What a class is called with: docs/bring-your-own.md."""
SUITES: Mapping[str, str] = {"known-modes": "known_modes"}
"""Every suite, and the folder of its files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """What a right class promises, how many tokens may be live, and what is expected of it."""

    promised: str
    live_tokens: int | str
    expect: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """One failure mode. ``numbers`` are those of scenarios/README.md."""

    name: str
    numbers: tuple[int, ...]
    tried: str
    matters: str
    shapes: tuple[Shape, ...]
    needs_hearing: bool
    scenario: Mapping[str, Any]
    bars: Mapping[Scope, Bar]


def read_suite(suite: str) -> tuple[Mode, ...]:
    """Return the modes of the suite of that name, in the order of their numbers."""
    folder = files("tokenrace.suites") / SUITES[suite]
    modes = [
        _mode(each.name.removesuffix(".yaml"), yaml.safe_load(each.read_text(encoding="utf-8")))
        for each in folder.iterdir()
        if each.name.endswith(".yaml")
    ]
    return tuple(sorted(modes, key=lambda mode: (mode.numbers, mode.name)))


def _mode(name: str, values: Mapping[str, Any]) -> Mode:
    scopes: tuple[Scope, ...] = get_args(Scope)
    return Mode(
        name=name,
        numbers=tuple(values["modes"]),
        tried=values["tried"],
        matters=values["matters"],
        shapes=tuple(values.get("shapes", get_args(Shape))),
        needs_hearing=values.get("needs_hearing", False),
        scenario=values["scenario"],
        bars={scope: Bar(**values[scope]) for scope in scopes if scope in values},
    )
