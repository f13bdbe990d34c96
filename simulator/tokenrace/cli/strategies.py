"""``tokenrace strategies``: what a process can do about its tokens."""

import inspect
from collections.abc import Iterator
from dataclasses import fields

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tokenrace.errors import SimulatorError
from tokenrace.fields.quoting import hint, shown
from tokenrace.fields.units import write_span
from tokenrace.strategies.axes import AXES, word_of
from tokenrace.strategies.parameters import LatencySpan, LifetimeSpan, Value, kinds_of
from tokenrace.strategies.presets import PRESETS, Preset

_EXAMPLE = """\
In a scenario:
 strategies:
   - single_flight
   - {preset: shared_lock, lock_ttl: 2s}
   - {name: ours, control: single_flight, scope: lease_cas, on_401: mint_if_same}"""


def show_strategies(console: Console) -> None:
    """Print one row for every preset, and the words of every axis."""
    table = Table(
        title="Presets: strategies that libraries and services ship",
        caption="one in full: tokenrace strategies NAME",
        box=box.SIMPLE_HEAD,
        title_justify="left",
        caption_justify="left",
        title_style="bold",
        pad_edge=False,
    )
    table.add_column("preset", no_wrap=True)
    table.add_column("what it does")
    for name, preset in PRESETS.items():
        table.add_row(name, preset.summary)
    console.print(table)
    console.print()
    console.print(Text("Axes: choose on any of them, in a preset or without one", style="bold"))
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column()
    for axis, words in AXES.items():
        grid.add_row(f" {axis}", ", ".join(words))
    console.print(grid)
    console.print()
    console.print(Text(_EXAMPLE))


def show_strategy(console: Console, name: str) -> None:
    """Print all there is to say about the preset ``name``: what it is made of, what it promises
    and does not do, and whose default each number is.

    Raises:
        SimulatorError: there is no such preset.
    """
    preset = PRESETS.get(name)
    if preset is None:
        raise SimulatorError(f"unknown strategy {shown(name)}; {hint(name, PRESETS)}")
    console.print(Text(name, style="bold"))
    console.print(Text(preset.summary))
    console.print()
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, style="bold")
    grid.add_column()
    for about, says in _rows(preset):
        grid.add_row(about, Text(says))
    console.print(grid)


def _rows(preset: Preset) -> Iterator[tuple[str, str]]:
    yield "promises", preset.promises
    yield "does not", preset.does_not
    for axis in fields(preset.composition):
        kind = getattr(preset.composition, axis.name)
        yield axis.name, f"{word_of(axis.name, kind)}: {_first_sentence(kind)}"
        for name, parameter in kinds_of(type(kind)).items():
            is_span = isinstance(parameter, LifetimeSpan | LatencySpan)
            value = _written(getattr(kind, name), is_span=is_span)
            source = preset.sources.get(name)
            yield f"  {name}", f"{value}  [{source}]" if source else value


def _first_sentence(kind: object) -> str:
    """Return the first sentence of what the kind's documentation says."""
    text = " ".join((inspect.getdoc(type(kind)) or "").replace("``", "").split())
    return text.split(". ")[0].rstrip(".") + "."


def _written(value: Value, *, is_span: bool) -> str:
    if is_span:
        assert isinstance(value, int)
        return write_span(value)
    return f"{value:g}" if isinstance(value, float) else str(value)
