"""A mode as a scenario for one class: text that can be written to a file, read and run."""

import textwrap
from typing import Any

import yaml

from tokenrace.suites.modes import Mode, Scope
from tokenrace.user_code.python_class import PythonClass

OURS = "ours"
"""What the class is called in the results."""
_WIDTH = 100


def scenario_text(mode: Mode, own: PythonClass, scope: Scope) -> str:
    """Return the scenario in which ``own`` is held to what ``mode`` expects of its ``scope``."""
    bar = mode.bars[scope]
    told = f"{mode.tried} Promised: {bar.promised}. {mode.matters}"
    sections = dict(mode.scenario)
    provider = {**sections.pop("provider"), "live_tokens": bar.live_tokens}
    faults = sections.pop("faults", [])
    run = {**sections.pop("run"), "engine": "virtual"}
    lines = [f"name: {mode.name}", "description: >"]
    lines += textwrap.wrap(told, _WIDTH, initial_indent="  ", subsequent_indent="  ")
    lines += [_line("provider", provider)]
    lines += [_line(key, value) for key, value in sections.items()]
    lines += ["strategies:", f"  - {strategy_line(own)}"]
    lines += ["faults:", *(f"  - {_flow(fault)}" for fault in faults)] if faults else []
    lines += ["expect:", f"  {OURS}:"] if bar.expect else []
    lines += [f"    {_line(figure, bound)}" for figure, bound in bar.expect.items()]
    return "\n".join([*lines, _line("run", run)]) + "\n"


def strategy_line(own: PythonClass) -> str:
    """Return the entry of ``own`` under ``strategies``."""
    named: dict[str, object] = {"name": OURS, "python": own.target}
    return _flow(named | ({"options": dict(own.options)} if own.options else {}))


def _line(key: str, value: object) -> str:
    return f"{key}: {_flow(value)}"


def _flow(value: Any) -> str:
    """Return ``value`` as YAML on one line."""
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=float("inf"))
    return str(text).removesuffix("\n").removesuffix("\n...")
