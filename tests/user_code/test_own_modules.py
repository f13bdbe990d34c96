"""A process's own copies of the user's modules: what others see of them, and what imports find."""

import importlib
import sys
from contextlib import ExitStack

import pytest

from tokenrace.user_code.own_modules import OwnModules

MODULES = {
    "shop/__init__.py": "from shop import state\n",
    "shop/state.py": "import json\n\nfound = []\n\n\nclass Base: ...\n",
    "shop/tokens.py": """\
from __future__ import annotations

import pickle
import typing
from dataclasses import dataclass, field, fields

from tokenrace.token import Token

from . import circle, state
from .state import Base


@dataclass
class Held(Base):
    token: Token
    tags: list[str] = field(default_factory=list)


def lazily():
    import shop.late

    return shop.late


def by_name(name):
    import importlib

    return importlib.import_module(name)


def copied(held):
    return pickle.loads(pickle.dumps(held))


def hints():
    return typing.get_type_hints(Held)
""",
    "shop/circle.py": "import shop.tokens\n\n\ndef back():\n    return shop.tokens\n",
    "shop/late.py": "seen = []\n",
    "apart/inner.py": "value = []\n",
}
ONE, OTHER = 1, 2


@pytest.fixture
def modules(tmp_path, monkeypatch):
    """The modules of processes, in a folder that imports find."""
    for name, text in MODULES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    own = OwnModules(["shop"])
    with own.in_use():
        yield own


def imported(modules, owner, name="shop.tokens"):
    """Return what the process ``owner`` gets when it imports ``name``."""
    modules.enter(owner)
    __import__(name)
    return sys.modules[name]


def test_processes_share_nothing_that_is_the_users(modules):
    """Not the module, a list in it, or a class; what the library and this package hold they do."""
    one, other = imported(modules, ONE), imported(modules, OTHER)

    assert one is not other
    assert one.state.found is not other.state.found
    assert one.Base is not other.Base
    assert one.Token is other.Token
    assert one.state.json is other.state.json is sys.modules["json"]


def test_each_finds_its_own_again_whenever_it_imports(modules):
    """In a function, by name, through a circle, through its package."""
    one, other = imported(modules, ONE), imported(modules, OTHER)
    modules.enter(ONE)
    late = one.lazily()

    assert imported(modules, ONE) is one
    assert one.circle.back() is one
    assert one.by_name("shop.state") is one.state
    modules.enter(OTHER)
    assert other.lazily() is not late
    assert sys.modules["shop"].tokens is other
    modules.enter(ONE)
    assert one.lazily() is late
    assert sys.modules["shop"].late is late


def test_what_looks_a_module_up_finds_the_processs_own(modules):
    """Pickling goes by the module's name, as do dataclasses and type hints written as text."""
    one, _ = imported(modules, ONE), imported(modules, OTHER)
    modules.enter(ONE)
    held = one.Held(token=one.Token("a", 1, 2))

    assert type(one.copied(held)) is one.Held
    assert one.copied(held) == held
    assert one.hints()["token"] is one.Token


def test_a_folder_without_init_is_a_package_of_each(modules):
    """Its modules too."""
    one, other = imported(modules, ONE, "apart.inner"), imported(modules, OTHER, "apart.inner")

    assert one.value is not other.value


def test_a_process_that_is_forgotten_begins_anew(modules):
    """Started again, it has none of what it had."""
    one = imported(modules, ONE)
    modules.forget(ONE)

    assert imported(modules, ONE) is not one


def test_afterwards_all_is_as_before(tmp_path, monkeypatch):
    """A copy that the program had loaded is there again, the same; of the others none is left."""
    for name, text in MODULES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    before = importlib.import_module("shop.state")

    path = list(sys.path)
    own = OwnModules(["shop"])
    with own.in_use():
        sys.path.append("elsewhere")
        assert imported(own, ONE, "shop.state") is not before
        imported(own, ONE, "apart.inner")

    assert sys.modules["shop.state"] is before
    assert "apart.inner" not in sys.modules
    assert sys.path == path
    assert own not in sys.meta_path
    for name in [name for name in sys.modules if name.partition(".")[0] == "shop"]:
        del sys.modules[name]


def test_a_module_that_no_finder_knows_stays_the_one_there_is(modules, monkeypatch):
    """As one that a test has made; its maker's object is what processes get."""
    with ExitStack() as stack:
        stack.callback(sys.modules.pop, "made_here", None)
        module = type(sys)("made_here")
        sys.modules["made_here"] = module
        assert imported(modules, ONE, "made_here") is module


def test_a_module_that_fails_leaves_nothing_behind(modules, tmp_path):
    """As everywhere in Python: the next import tries again, in each process."""
    (tmp_path / "broken.py").write_text("1 / 0\n")
    for owner in (ONE, ONE, OTHER):
        with pytest.raises(ZeroDivisionError):
            imported(modules, owner, "broken")
    assert "broken" not in sys.modules
