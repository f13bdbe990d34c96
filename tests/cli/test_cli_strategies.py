"""``tokenrace strategies``: what a user reads of each strategy."""

from dataclasses import fields

import pytest
from typer.testing import CliRunner

from tokenrace.cli.app import app
from tokenrace.strategies.axes import AXES
from tokenrace.strategies.parameters import kinds_of
from tokenrace.strategies.presets import PRESETS


def output_of(*words, code=0):
    """Return what the command prints, its lines joined: a terminal breaks them."""
    result = CliRunner().invoke(app, ["strategies", *words], env={"COLUMNS": "200"})
    assert result.exit_code == code
    return " ".join(result.output.split())


def test_every_preset_and_every_word_of_an_axis_is_listed():
    """So that a user need not read the schema."""
    shown = output_of()

    assert all(name in shown for name in PRESETS)
    assert all(", ".join(words) in shown for words in AXES.values())


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_shown_in_full(name):
    """What it promises and does not do, each parameter, and the source of each sourced number."""
    shown, preset = output_of(name), PRESETS[name]
    parameters = [
        parameter
        for axis in fields(preset.composition)
        for parameter in kinds_of(type(getattr(preset.composition, axis.name)))
    ]

    assert " ".join(preset.promises.split()) in shown
    assert " ".join(preset.does_not.split()) in shown
    assert all(f" {parameter} " in shown for parameter in parameters)
    assert all(" ".join(source.split()) in shown for source in preset.sources.values())


def test_an_unknown_strategy_is_told_with_the_nearest():
    """One line, exit 2."""
    result = CliRunner().invoke(app, ["strategies", "singleflight"])

    assert result.exit_code == 2
    assert "unknown strategy 'singleflight'; did you mean 'single_flight'?" in result.output
