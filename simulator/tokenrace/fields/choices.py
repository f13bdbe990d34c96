"""The ``strategies`` section: which strategies run, under which names, with which settings.

An entry is a preset's name, or a mapping with ``preset``, an optional ``name`` for the results,
another choice on any axis, and any of the parameters that result. Without ``preset`` it needs a
``name`` and composes a strategy of its own; with ``python`` it names the user's class
(``own_code.py``), with ``command`` the user's program (``own_command.py``). Every entry is checked
even when an earlier one is wrong.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import ValidationInfo

from tokenrace.command import Command
from tokenrace.fields.flaws import MISSING_FLAW, UNKNOWN_KEY_FLAW, Flaw, Loc, refusal
from tokenrace.fields.own_code import PYTHON, read_python_class, written
from tokenrace.fields.own_command import COMMAND, read_command
from tokenrace.fields.own_command import written as written_command
from tokenrace.fields.parameters import Catalogue, Parameters, Setting
from tokenrace.fields.quoting import hint, one_of, shown
from tokenrace.python_class import PythonClass
from tokenrace.store_choice import StoreName

NAME_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,63}$"  # it becomes a file name in the results
_NAME = re.compile(NAME_PATTERN)
ORACLE = "oracle"
PARTITIONED = "partitioned"
"""Both the presets and the words on the scope axis."""
BROKER_SCOPE, BROKER_PRESET = "broker", "token_broker"
ORACLE_ON_WIRE = "the oracle is only on the virtual engine: it looks into the provider"
PARTITIONED_ON_WIRE = "partitioned is only on the virtual engine: a real store has one record"
COMMAND_ON_VIRTUAL = (
    "a command runs only on the wire engine (run.engine: wire): its program keeps real time"
)
_OWN_KEYS = ("preset", "name")


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyChoice:
    """One strategy to run: ``preset`` with other words on ``axes`` and ``settings`` changed, called
    ``name`` in the results.

    ``preset`` None: composed of nothing but what ``axes`` and ``settings`` say. They hold only what
    the scenario changes, in its order; spans are in ticks. With ``own`` it is code of the
    user's, and nothing of these.
    """

    preset: str | None
    name: str
    axes: tuple[tuple[str, str], ...] = ()
    settings: tuple[tuple[str, Setting], ...] = ()
    own: PythonClass | Command | None = None

    def is_oracle(self) -> bool:
        """Return whether it needs to know what only the virtual engine's provider can tell."""
        return ORACLE in (dict(self.axes).get("scope"), self.preset)

    def is_partitioned(self) -> bool:
        """Return whether it keeps several records in the store."""
        return dict(self.axes).get("scope", self.preset) == PARTITIONED

    def has_broker(self) -> bool:
        """Return whether its fleet has a process that asks for all tokens."""
        return dict(self.axes).get("scope", self.preset) in (BROKER_SCOPE, BROKER_PRESET)


def engine_flaws(
    choice: StrategyChoice, at: Loc, engine: Literal["wire", "virtual"]
) -> Iterator[Flaw]:
    """Yield why a strategy cannot run on ``engine``."""
    if engine == "wire" and choice.is_oracle():
        yield Flaw(at, ORACLE_ON_WIRE)
    if engine == "wire" and choice.is_partitioned():
        yield Flaw(at, PARTITIONED_ON_WIRE)
    if engine == "virtual" and isinstance(choice.own, Command):
        yield Flaw(at, COMMAND_ON_VIRTUAL)


def strategy_flaws(
    choices: Iterator[tuple[Loc, StrategyChoice]], store: StoreName, catalogue: Catalogue
) -> Iterator[Flaw]:
    """Yield what ``store`` cannot do for each of ``choices``, which come with their places."""
    for loc, choice in choices:
        scope = catalogue.words(choice.preset, dict(choice.axes))["scope"]
        reason = _lacks(scope, store, catalogue)
        if reason is not None:
            yield Flaw(loc, f"{choice.name} makes no sense with store {store}: {reason}")


def _lacks(scope: str, store: StoreName, catalogue: Catalogue) -> str | None:
    if store == "memory" and scope in catalogue.shared_scopes:
        return f"scope {scope} needs a store that processes share; memory is each process's own"
    if store == "redis" and scope in catalogue.row_lock_scopes:
        return (
            f"scope {scope} needs a lock that lives as long as its holder, which Redis does not "
            "have; take sqlite, host_file or postgres"
        )
    return None


def read_strategies(raw: object, info: ValidationInfo) -> tuple[StrategyChoice, ...]:
    """Read the section; the validation context must be the ``Catalogue``.

    Raises:
        ValidationError: every problem at its own place.
    """
    if not isinstance(raw, list):
        raise ValueError(f"must be a list of strategies, got {shown(raw)}")  # noqa: TRY004 - pydantic takes it
    if not raw:
        raise ValueError("must name at least one strategy")
    assert info.context is not None, "validate with context=catalogue"
    catalogue: Catalogue = info.context
    flaws: list[Flaw] = []
    choices: dict[int, StrategyChoice] = {}
    for index, entry in enumerate(raw):
        try:
            choices[index] = _read_entry(entry, catalogue)
        except _FlawedEntry as flawed:
            flaws += [flaw._replace(loc=(index, *flaw.loc)) for flaw in flawed.flaws]
    flaws += _namesakes(choices)
    if flaws:
        raise refusal(flaws)
    return tuple(choices.values())


def read_strategy(raw: object, info: ValidationInfo) -> StrategyChoice:
    """Read one entry; as ``read_strategies``."""
    assert info.context is not None, "validate with context=catalogue"
    try:
        return _read_entry(raw, info.context)
    except _FlawedEntry as flawed:
        raise refusal(flawed.flaws) from None


def write_strategies(choices: tuple[StrategyChoice, ...]) -> list[dict[str, object]]:
    """Return the section for the scenario's canonical form; spans stay in ticks."""
    return [_written(choice) for choice in choices]


def _written(choice: StrategyChoice) -> dict[str, object]:
    if isinstance(choice.own, Command):
        return {"name": choice.name, **written_command(choice.own)}
    if choice.own is not None:
        return {"name": choice.name, **written(choice.own)}
    return {
        "preset": choice.preset,
        "name": choice.name,
        "axes": dict(choice.axes),
        "settings": dict(choice.settings),
    }


class _FlawedEntry(Exception):  # noqa: N818
    """An entry with ``flaws``, placed from the entry down."""

    def __init__(self, *flaws: Flaw) -> None:
        self.flaws = flaws
        super().__init__(flaws)


def _read_entry(entry: object, catalogue: Catalogue) -> StrategyChoice:
    if isinstance(entry, str):
        _check_preset(entry, catalogue, ())
        return StrategyChoice(preset=entry, name=entry)
    if not isinstance(entry, dict):
        message = f"must be a strategy's name or a mapping, got {shown(entry)}"
        raise _FlawedEntry(Flaw((), message))
    if PYTHON in entry:
        return _own(entry, *read_python_class(entry))
    if COMMAND in entry:
        return _own(entry, *read_command(entry))
    if "preset" not in entry:
        if not entry.keys() & catalogue.axes.keys():
            axes = ", ".join(catalogue.axes)
            message = f"is required, or python, command, or a choice on an axis: {axes}"
            raise _FlawedEntry(Flaw(("preset",), message, MISSING_FLAW))
        if "name" not in entry:
            message = "is required for a strategy that is no preset"
            raise _FlawedEntry(Flaw(("name",), message, MISSING_FLAW))
        return _read_mapping(None, entry, catalogue)
    preset = entry["preset"]
    if not isinstance(preset, str):
        raise _FlawedEntry(Flaw(("preset",), f"must be text, got {shown(preset)}"))
    _check_preset(preset, catalogue, ("preset",))
    return _read_mapping(preset, entry, catalogue)


def _own(
    entry: Mapping[str, object], own: PythonClass | Command | None, flaws: list[Flaw]
) -> StrategyChoice:
    if "name" not in entry:
        flaws.append(Flaw(("name",), "is required for a strategy of your own", MISSING_FLAW))
    else:
        flaws += _name_flaws(entry["name"])
    if flaws:
        raise _FlawedEntry(*flaws)
    return StrategyChoice(preset=None, name=str(entry["name"]), own=own)


def _name_flaws(name: object) -> list[Flaw]:
    if isinstance(name, str) and _NAME.fullmatch(name) is not None:
        return []
    message = "must be lower-case letters, digits, '-' and '_' (at most 64)"
    return [Flaw(("name",), f"{message}, got {shown(name)}")]


def _check_preset(preset: str, catalogue: Catalogue, loc: Loc) -> None:
    if preset in catalogue.presets:
        return
    near, known = hint(preset, catalogue.presets), f"known: {', '.join(catalogue.presets)}"
    rest = known if near == known else f"{near} {known}"
    raise _FlawedEntry(Flaw(loc, f"unknown strategy {shown(preset)}; {rest}"))


def _read_mapping(
    preset: str | None, entry: Mapping[str, object], catalogue: Catalogue
) -> StrategyChoice:
    name = entry.get("name", preset)
    flaws = _name_flaws(name)
    axes = _read_axes(entry, catalogue, flaws)
    settings = _read_settings(entry, catalogue.parameters(preset, axes), catalogue, flaws)
    wrong = None if flaws else catalogue.why_not(preset, axes, settings)
    if wrong is not None:
        flaws.append(Flaw((), wrong))
    if flaws:
        raise _FlawedEntry(*flaws)
    return StrategyChoice(
        preset=preset, name=str(name), axes=tuple(axes.items()), settings=tuple(settings.items())
    )


def _read_axes(
    entry: Mapping[str, object], catalogue: Catalogue, flaws: list[Flaw]
) -> dict[str, str]:
    axes: dict[str, str] = {}
    for axis, words in catalogue.axes.items():
        word = entry.get(axis)
        if axis not in entry:
            continue
        if isinstance(word, str) and word in words:
            axes[axis] = word
        else:
            flaws.append(Flaw((axis,), f"must be {one_of([*words])}, got {shown(word)}"))
    return axes


def _read_settings(
    entry: Mapping[str, object],
    parameters: Parameters,
    catalogue: Catalogue,
    flaws: list[Flaw],
) -> dict[str, Setting]:
    settings: dict[str, Setting] = {}
    for key, raw in entry.items():
        if key in _OWN_KEYS or key in catalogue.axes:
            continue
        if key not in parameters:
            known = (*_OWN_KEYS, *catalogue.axes, *parameters)
            flaws.append(Flaw((key,), f"unknown key; {hint(key, known)}", UNKNOWN_KEY_FLAW))
            continue
        try:
            settings[key] = parameters[key].read(raw)
        except ValueError as wrong:
            flaws.append(Flaw((key,), str(wrong)))
    return settings


def _namesakes(choices: Mapping[int, StrategyChoice]) -> Iterator[Flaw]:
    """Yield a flaw for each entry whose name an earlier one has."""
    first: dict[str, int] = {}
    for index, choice in choices.items():
        if choice.name in first:
            message = f"the name {choice.name!r} is taken by strategies[{first[choice.name]}]"
            yield Flaw((index,), f"{message}; tell them apart with 'name'")
        first.setdefault(choice.name, index)
