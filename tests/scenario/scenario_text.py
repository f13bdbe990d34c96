"""Scenarios as text, the smallest above all, and what a user sees of their problems."""

from pathlib import Path

import pytest

from tokenrace.errors import ScenarioError
from tokenrace.fields.parameters import (
    ChoiceParameter,
    NumberParameter,
    PositiveSpanParameter,
    ShareParameter,
    SpanParameter,
    WholeParameter,
)
from tokenrace.scenario import Catalogue, parse

PLAIN = {"trigger": "leeway", "control": "none", "scope": "process"}
CATALOGUE = Catalogue(
    presets={
        "check_then_act": PLAIN,
        "single_flight": {**PLAIN, "control": "single_flight"},
        "shared_lock": {**PLAIN, "scope": "shared_lock", "trigger": "none"},
    },
    plain=PLAIN,
    axes={
        "trigger": {
            "none": {},
            "leeway": {"leeway": SpanParameter("Refresh this long before expiry.")},
            "xfetch": {"beta": NumberParameter("How eager.")},
        },
        "control": {"none": {}, "single_flight": {}},
        "scope": {
            "process": {},
            "shared_lock": {
                "lock_ttl": PositiveSpanParameter("The lock lapses after this long."),
                "retries": WholeParameter("How often to try again."),
                "jitter": ShareParameter("The random part of the margin."),
                "manner": ChoiceParameter("What a 401 does.", ("evict", "mint")),
            },
        },
    },
    why_not=lambda preset, axes, settings: (
        "a lock without a trigger makes no sense"
        if preset is None and axes.get("scope") == "shared_lock" and "trigger" not in axes
        else None
    ),
)
SMALLEST = """\
name: smallest
fleet: {processes: 1, workers: 2}
workload:
  arrivals: {process: closed, think: 1s}
strategies: [single_flight]
run:
  duration: 1h
"""


def read(text):
    """Return the scenario in ``text``."""
    return parse(text.encode(), CATALOGUE, Path("x.yaml"))


def problems_of(text):
    """Return the lines a user would see for ``text``, without the file's name."""
    with pytest.raises(ScenarioError) as caught:
        read(text)
    return [line.removeprefix("x.yaml:") for line in str(caught.value).splitlines()]


def changed(old, new):
    """Return the smallest scenario with one piece of its text replaced."""
    assert old in SMALLEST
    return SMALLEST.replace(old, new)
