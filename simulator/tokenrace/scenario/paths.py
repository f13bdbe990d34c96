"""Fields of a scenario by their paths: ``fleet.processes``, ``strategies.shared_lock.lock_ttl``.

A path leads to one value: a number, a span, a word, a distribution. A strategy is called by its
name in the results, a fault by its place in the list (``faults.0.at``), and of a fault there is
what the file says. Names, descriptions, expectations and what concerns the wire engine alone are
not fields to sweep over, and neither are seeds.
"""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel

from tokenrace.fields.choices import StrategyChoice
from tokenrace.fields.flaws import Loc
from tokenrace.fields.parameters import Catalogue
from tokenrace.fields.quoting import shown
from tokenrace.scenario.model import Scenario
from tokenrace.user_code.python_class import PythonClass

_NO_FIELDS = frozenset(
    {
        ("name",),
        ("description",),
        ("expect",),
        ("sweep",),
        ("strategies",),
        ("faults",),
        ("run", "seeds"),
        ("run", "engine"),
        ("run", "time_scale"),
        ("workload", "arrivals", "process"),
    }
)
_TAG = "process"


def paths_of(data: Mapping[str, Any], scenario: Scenario, catalogue: Catalogue) -> dict[str, Loc]:
    """Return where each field is in ``data``, which ``scenario`` was read from, by its path."""
    locs = [
        *_fields(Scenario, (), data),
        *_written(data.get("faults", []), ("faults",)),
    ]
    return {
        **{".".join(map(str, loc)): loc for loc in locs},
        **_of_strategies(scenario.strategies, catalogue),
    }


def located(path: str, paths: Mapping[str, Loc]) -> Loc:
    """Return the place of the field at ``path``.

    Raises:
        ValueError: there is none; the text names the nearest.
    """
    plain = path.replace("[", ".").replace("]", "")
    if plain in paths:
        return paths[plain]
    raise ValueError(
        f"no field of the scenario has the path {shown(path)}; {_nearest(plain, paths)}"
    )


def put(data: Mapping[str, Any], loc: Loc, value: object) -> dict[str, Any]:
    """Return a copy of ``data`` with ``value`` at ``loc``; what is not on the way is shared."""
    changed = _put(data, loc, value)
    assert isinstance(changed, dict)
    return changed


def _put(node: Any, loc: Loc, value: object) -> object:
    if not loc:
        return value
    key, rest = loc[0], loc[1:]
    if isinstance(key, int):
        items = list(node)
        items[key] = _put(items[key], rest, value)
        return items
    if isinstance(node, str):  # a strategy that was only named
        node = {"preset": node}
    return {**(node or {}), key: _put((node or {}).get(key), rest, value)}


def _nearest(path: str, paths: Mapping[str, Loc]) -> str:
    same_end = [known for known in paths if known.endswith(f".{path}")]
    near = same_end or get_close_matches(path, paths, n=1, cutoff=0.5)
    if near:
        return f"did you mean {' or '.join(map(repr, near[:4]))}?"
    return "paths are such as fleet.processes or provider.live_tokens"


def _fields(annotation: Any, loc: Loc, node: Any) -> Iterator[Loc]:
    """Yield the places of all fields of ``annotation`` at ``loc``, where ``node`` stands."""
    if loc in _NO_FIELDS:
        return
    model = _model(annotation, node)
    if model is not None:
        for name, field in model.model_fields.items():
            below = node.get(name) if isinstance(node, Mapping) else None
            yield from _fields(field.annotation, (*loc, name), below)
    elif (keys := _keys(annotation)) is not None:
        yield from ((*loc, key) for key in keys)
    else:
        yield loc


def _model(annotation: Any, node: Any) -> type[BaseModel] | None:
    """Return the section that ``annotation`` is, or of several the one ``node`` is tagged for."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for member in get_args(annotation):
        if isinstance(member, type) and issubclass(member, BaseModel):
            words = get_args(member.model_fields[_TAG].annotation)
            if isinstance(node, Mapping) and node.get(_TAG) in words:
                return member
    return None


def _keys(annotation: Any) -> Sequence[str] | None:
    """Return the keys that a mapping may have."""
    if getattr(annotation, "__origin__", None) is not Mapping:
        return None
    return get_args(get_args(annotation)[0])


def _written(node: Any, loc: Loc) -> Iterator[Loc]:
    """Yield the places of all values that are written below ``loc``."""
    match node:
        case dict():
            for key, below in node.items():
                yield from _written(below, (*loc, key))
        case list():
            for place, below in enumerate(node):
                yield from _written(below, (*loc, place))
        case _:
            yield loc


def _of_strategies(choices: Sequence[StrategyChoice], catalogue: Catalogue) -> dict[str, Loc]:
    return {
        f"strategies.{choice.name}.{'.'.join(below)}": ("strategies", place, *below)
        for place, choice in enumerate(choices)
        for below in _settings(choice, catalogue)
    }


def _settings(choice: StrategyChoice, catalogue: Catalogue) -> Iterator[tuple[str, ...]]:
    """Yield the places of what can be set of ``choice``; of a user's own, the options it has."""
    if choice.own is not None:
        options = choice.own.options if isinstance(choice.own, PythonClass) else ()
        yield from (("options", name) for name, _ in options)
        return
    settings = catalogue.parameters(choice.preset, dict(choice.axes))
    yield from ((name,) for name in (*catalogue.axes, *settings))
