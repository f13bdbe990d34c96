"""A class of the user's by name, not loaded: what a scenario says and a process looks up."""

from dataclasses import dataclass

Option = str | int | float | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonClass:
    """What ``target``, written ``module:name``, is called for each process, with ``options`` by
    keyword."""

    target: str
    options: tuple[tuple[str, Option], ...] = ()
