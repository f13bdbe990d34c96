"""A simulated process's own copies of the user's modules.

Real processes share no memory: what one keeps in a module or a class, no other sees, and the next
run begins with none of it. So each simulated process imports the user's modules for itself. While
its code runs, ``sys.modules`` holds its copies: imports inside functions, ``importlib``, pickling
and type hints find them there.

The user's are all modules that are not of the standard library, of an installed package or of
this one; those stay, with what they hold. The package that a scenario names is the user's even
where it is installed. A module is found and compiled once, then only executed.
"""

import sys
import sysconfig
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from functools import cache
from importlib.machinery import ExtensionFileLoader, ModuleSpec, NamespaceLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

_INSTALLED = ("site-packages", "dist-packages")
_ONE_A_PROCESS = frozenset({"prometheus_client"})
"""Installed packages that refuse to be told the same twice in one process."""
_KEPT = frozenset({"__main__", "__mp_main__", "tokenrace"})


class OwnModules:
    """The modules of every process of one run. ``packages`` are the user's, installed or not."""

    def __init__(self, packages: Collection[str]) -> None:
        self._packages = frozenset(packages) | _ONE_A_PROCESS
        self._tables: dict[int, dict[str, ModuleType]] = {}
        self._outside: dict[str, ModuleType] = {}
        self._specs: dict[str, ModuleSpec] = {}
        self._within: int | None = None
        self._has_changed = False
        self._is_searching = False

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Give processes modules of their own within the block; afterwards all is as before."""
        path = list(sys.path)
        sys.meta_path.insert(0, self)
        try:
            yield
        finally:
            sys.meta_path.remove(self)
            self.leave()
            sys.path[:] = path

    def enter(self, owner: int) -> None:
        """Let ``sys.modules`` hold the modules of ``owner``."""
        if owner == self._within:
            return
        if self._within is None:
            before = self._outside = self._loaded()
        else:
            before = self._table_within()
        table = self._tables.setdefault(owner, {})
        for name in before.keys() - table.keys():
            del sys.modules[name]
        sys.modules.update(table)
        self._within = owner

    def leave(self) -> None:
        """Let ``sys.modules`` hold what it did before the first process was entered."""
        if self._within is None:
            return
        for name in self._table_within():
            del sys.modules[name]
        sys.modules.update(self._outside)
        self._within = None

    def forget(self, owner: int) -> None:
        """Drop the modules of ``owner``, whose code never runs again."""
        if owner == self._within:
            self.leave()
        self._tables.pop(owner, None)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how to load a module of the user's; None for any other. Import asks this."""
        if self._within is None or self._is_searching or name.partition(".")[0] in _KEPT:
            return None
        spec = self._specs.get(name)
        if spec is None:
            spec = self._found(name, path, target)
            if spec is None:
                return None
            self._specs[name] = spec
        self._has_changed = True
        spec = copy(spec)
        if spec.submodule_search_locations is not None:
            spec.submodule_search_locations = list(spec.submodule_search_locations)
        return spec

    def _found(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None
    ) -> ModuleSpec | None:
        self._is_searching = True
        try:
            spec = _search(name, path, target)
        finally:
            self._is_searching = False
        if spec is None:
            module = self._outside.get(name)  # it was made, or its path is gone: nobody has another
            return None if module is None else _spec_of(module)
        if not self._is_users(name, spec):
            return None
        spec.loader = _repeated(name, spec.loader)
        return spec

    def _is_users(self, name: str, spec: ModuleSpec) -> bool:
        top = name.partition(".")[0]
        if top in _KEPT:
            return False
        places = [spec.origin] if spec.has_location else spec.submodule_search_locations
        folders = [str(place) for place in places or ()]
        if not folders or any(map(_is_of_python, folders)):
            return False
        return top in self._packages or not all(map(_is_installed, folders))

    def _loaded(self) -> dict[str, ModuleType]:
        """Return the user's modules that are in ``sys.modules`` outside any process."""
        return {
            name: module
            for name, module in list(sys.modules.items())
            if (spec := getattr(module, "__spec__", None)) is not None
            and isinstance(spec, ModuleSpec)
            and self._is_users(name, spec)
        }

    def _table_within(self) -> dict[str, ModuleType]:
        """Return the modules of the process that was entered last, those just imported as well."""
        assert self._within is not None
        table = self._tables.get(self._within, {})
        if self._has_changed:
            names = self._specs.keys() | table.keys()
            table.update({name: sys.modules[name] for name in names if name in sys.modules})
            for name in [name for name in table if name not in sys.modules]:
                del table[name]
            self._has_changed = False
        return table


class _Compiled:
    """Executes a module that ``loader`` has compiled; in all else it is that loader."""

    def __init__(self, loader: Any, code: CodeType) -> None:
        self._loader = loader
        self._code = code

    def create_module(self, _: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        exec(self._code, module.__dict__)  # noqa: S102 - what a loader is for

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)


class _AsItIs:
    """Gives every process the one module that there is."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module
        self._spec = module.__spec__

    def create_module(self, _: ModuleSpec) -> ModuleType:
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec


class _Once:
    """Loads a module in C the first time: few of them can be loaded twice."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader
        self._module: ModuleType | None = None

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        if self._module is not None:
            return self._module
        made: ModuleType | None = self._loader.create_module(spec)
        return made

    def exec_module(self, module: ModuleType) -> None:
        if self._module is None:
            self._loader.exec_module(module)
            self._module = module

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)


def _repeated(name: str, loader: Any) -> Any:
    """Return what loads as ``loader`` does, many times."""
    if isinstance(loader, ExtensionFileLoader):
        return _Once(loader)
    is_folder = loader is None or isinstance(loader, NamespaceLoader)
    code = None if is_folder or not hasattr(loader, "get_code") else loader.get_code(name)
    return loader if code is None else _Compiled(loader, code)


def _spec_of(module: ModuleType) -> ModuleSpec:
    """Return how to load ``module`` as it is."""
    loader: Any = _AsItIs(module)
    return ModuleSpec(module.__name__, loader)


def _search(name: str, path: Sequence[str] | None, target: ModuleType | None) -> ModuleSpec | None:
    """Return what the other finders find."""
    for finder in list(sys.meta_path):
        if isinstance(finder, OwnModules):
            continue
        spec: ModuleSpec | None = finder.find_spec(name, path, target)
        if spec is not None:
            return spec
    return None


@cache
def _is_of_python(place: str) -> bool:
    """Return whether ``place`` is of the standard library, or built in."""
    if not Path(place).is_absolute():
        return True  # "built-in", "frozen"
    paths = sysconfig.get_paths()
    own = (paths["stdlib"], paths["platstdlib"])
    return any(Path(place).is_relative_to(folder) for folder in own) and not _is_installed(place)


@cache
def _is_installed(place: str) -> bool:
    """Return whether ``place`` is where packages are installed to."""
    return not set(_INSTALLED).isdisjoint(Path(place).parts)
