"""YAML text as plain data that remembers where each value was written.

The reading follows YAML 1.2's core schema, not PyYAML's 1.1: ``yes`` and ``1:30`` are text, ``010``
is ten. Only the merge key ``<<`` is read as in 1.1. Hostile input ends in a problem, not in a full
memory: files are at most ``SIZE_MAX`` bytes, values at most ``VALUES_MAX`` with every alias counted
as often as it is used, nesting at most ``DEPTH_MAX``.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import yaml
from yaml.composer import Composer, ComposerError
from yaml.parser import Parser
from yaml.reader import Reader, ReaderError
from yaml.resolver import BaseResolver
from yaml.scanner import Scanner

from tokenrace.errors import Problem, ScenarioError
from tokenrace.fields.flaws import Loc
from tokenrace.fields.quoting import shown
from tokenrace.scenario.unreadable_text import (
    TOML,
    encoding_of,
    looks_like_toml,
    reason_of,
    spaces_for_tabs_of_json,
)

SIZE_MAX = 1 << 20
VALUES_MAX = 20_000
DEPTH_MAX = 40
REASON_MAX = 200  # the parser quotes names of any length
EXTENSION = "x-"
"""How the top keys begin that a scenario may have for itself, as those of Compose files."""
MERGE = "<<"
"""The key of YAML 1.1 that takes over another mapping's keys; most files with anchors have it."""

_LOOP = "an alias (*) stands inside what it repeats"
_TAG = "tag:yaml.org,2002:"
_NULL, _BOOL, _INT, _FLOAT, _STR = (
    f"{_TAG}{name}" for name in ("null", "bool", "int", "float", "str")
)
# Numbers too long for 64 bits stay text: no field wants them, and converting them takes long.
_CORE = {
    _NULL: re.compile(r"(?:~|null|Null|NULL|)\Z"),
    _BOOL: re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"),
    _INT: re.compile(r"[-+]?[0-9]{1,18}\Z"),
    _FLOAT: re.compile(
        r"[-+]?(?:\.[0-9]{1,18}|[0-9]{1,18}(?:\.[0-9]{0,18})?)(?:[eE][-+]?[0-9]{1,2})?\Z"
    ),
}


class Place(NamedTuple):
    """A position in the file; both count from 1."""

    line: int
    column: int

    @classmethod
    def of(cls, mark: yaml.error.Mark) -> "Place":
        return cls(mark.line + 1, mark.column + 1)


START = Place(1, 1)


class Unreadable(Exception):  # noqa: N818
    """The text as a whole cannot be read as YAML, for one reason at one place."""

    def __init__(self, place: Place, message: str) -> None:
        self.place = place
        self.message = message
        super().__init__(place, message)


class Document:
    """A YAML document: its ``data``, and where each part of it stands.

    ``slips`` are problems of the YAML itself that left the rest readable, such as duplicate keys.
    """

    def __init__(self, root: yaml.Node) -> None:
        self.slips: list[tuple[Place, Loc, str]] = []
        self._values: dict[Loc, Place] = {}
        self._keys: dict[Loc, Place] = {}
        self._open: set[int] = set()  # nodes being read, by id: an alias to one is a loop
        self.data = self._read(root, ())

    def place_of_value(self, loc: Loc) -> Place:
        """Return where the value at ``loc`` is, or the nearest thing around it that exists."""
        while loc not in self._values:
            loc = loc[:-1]
        return self._values[loc]

    def place_of_key(self, loc: Loc) -> Place:
        """Return where the key of ``loc`` is; a list item has none, so where the item is."""
        return self._keys.get(loc) or self.place_of_value(loc)

    def call(self, names: Mapping[str, str]) -> None:
        """Let what stands at the top keys of ``names`` be found by the names they are meant for."""
        for places in (self._values, self._keys):
            places.update(
                {
                    (names[str(loc[0])], *loc[1:]): place
                    for loc, place in places.items()
                    if loc and loc[0] in names
                }
            )

    def _read(self, node: yaml.Node, loc: Loc) -> object:
        place = Place.of(node.start_mark)
        self._values[loc] = place
        if len(self._values) > VALUES_MAX or len(loc) > DEPTH_MAX:
            raise Unreadable(place, "its aliases (*) expand to too many values")
        if id(node) in self._open:
            raise Unreadable(place, _LOOP)
        self._open.add(id(node))
        value = self._value(node, loc)
        self._open.remove(id(node))
        return value

    def _value(self, node: yaml.Node, loc: Loc) -> object:
        match node:
            case yaml.MappingNode(tag=tag) if tag == f"{_TAG}map":
                return self._mapping(node, loc)
            case yaml.SequenceNode(tag=tag) if tag == f"{_TAG}seq":
                return [self._read(item, (*loc, index)) for index, item in enumerate(node.value)]
            case yaml.ScalarNode(tag=tag, value=text) if tag == _STR or tag in _CORE:
                return self._scalar(node, tag, text, loc)
            case _:
                self._slip(node, loc, f"the tag {shown(node.tag)} means nothing here")
                return None

    def _scalar(self, node: yaml.ScalarNode, tag: str, text: str, loc: Loc) -> object:
        if tag == _STR:
            return text
        if _CORE[tag].match(text) is None:
            self._slip(node, loc, f"the tag {shown(tag)} does not fit {shown(text)}")
            return None
        if tag == _NULL:
            if not text and loc in self._keys:  # nothing is written: point at the key instead
                self._values[loc] = self._keys[loc]
            return None
        if tag == _BOOL:
            return text.lower() == "true"
        return int(text) if tag == _INT else float(text)

    def _mapping(self, node: yaml.MappingNode, loc: Loc) -> dict[str, object]:
        mapping: dict[str, object] = {}
        merged: list[yaml.Node] = []
        for key_node, value_node in node.value:
            key = key_node.value
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag != _STR:
                self._slip(key_node, loc, "a key must be text")
            elif key == MERGE and not key_node.style:
                merged.append(value_node)
            elif not loc and key.startswith(EXTENSION):
                continue  # it holds what anchors (&) name, which is read where it is used
            elif key in mapping:
                line = self._keys[(*loc, key)].line
                self._slip(key_node, (*loc, key), f"duplicate key, first on line {line}")
            else:
                self._take(key_node, value_node, loc, mapping)
        for source in merged:
            self._merge(source, loc, mapping)
        return mapping

    def _take(
        self, key: yaml.ScalarNode, value: yaml.Node, loc: Loc, mapping: dict[str, object]
    ) -> None:
        self._keys[(*loc, key.value)] = Place.of(key.start_mark)
        mapping[key.value] = self._read(value, (*loc, key.value))

    def _merge(self, source: yaml.Node, loc: Loc, mapping: dict[str, object]) -> None:
        """Take from ``source``, a mapping or a list of them, the keys that are not there yet."""
        if id(source) in self._open:
            raise Unreadable(Place.of(source.start_mark), _LOOP)
        self._open.add(id(source))
        if isinstance(source, yaml.SequenceNode):
            for each in source.value:
                self._merge(each, loc, mapping)
        elif isinstance(source, yaml.MappingNode):
            self._merge_mapping(source, loc, mapping)
        else:
            self._slip(source, loc, "<< must name a mapping, or a list of them")
        self._open.remove(id(source))

    def _merge_mapping(
        self, source: yaml.MappingNode, loc: Loc, mapping: dict[str, object]
    ) -> None:
        deeper = [value for key, value in source.value if key.value == MERGE]
        for key, value in source.value:
            is_key = isinstance(key, yaml.ScalarNode) and key.tag == _STR
            if is_key and key.value != MERGE and key.value not in mapping:
                self._take(key, value, loc, mapping)
        for value in deeper:
            self._merge(value, loc, mapping)

    def _slip(self, node: yaml.Node, loc: Loc, message: str) -> None:
        self.slips.append((Place.of(node.start_mark), loc, message))


class _CoreComposer(Reader, Scanner, Parser, Composer, BaseResolver):
    """PyYAML up to the node tree, with the core schema and limits on size."""

    yaml_implicit_resolvers = {None: list(_CORE.items())}  # noqa: RUF012 - PyYAML's own name

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)
        BaseResolver.__init__(self)
        self._depth = 0
        self._count = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        self._depth += 1
        self._count += 1
        if self._depth > DEPTH_MAX or self._count > VALUES_MAX:
            what = "nested too deeply" if self._depth > DEPTH_MAX else "too many values"
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise ComposerError(None, None, what, mark)
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


def read_bytes(path: Path) -> bytes:
    """Return the file's bytes.

    Raises:
        ScenarioError: the file cannot be read, or is too large.
    """
    try:
        with path.open("rb") as file:
            content = file.read(SIZE_MAX + 1)
    except FileNotFoundError:
        message = "no such file"
    except IsADirectoryError:
        message = "is a directory, not a file"
    except OSError as trouble:
        message = f"cannot be read: {trouble.strerror}"
    else:
        if len(content) <= SIZE_MAX:
            return content
        message = f"is too large for a scenario (at most {SIZE_MAX} bytes)"
    raise ScenarioError(path, [Problem(line=0, column=0, key="", message=message)])


def read_document(content: bytes) -> Document:
    """Read ``content``, which must be one YAML document in UTF-8.

    Raises:
        Unreadable: it is not.
    """
    text = spaces_for_tabs_of_json(decoded(content))
    try:
        root = _CoreComposer(text).get_single_node()
    except ReaderError as wrong:
        raise Unreadable(_place_in(text[: wrong.position]), _not_yaml(wrong.reason)) from None
    except yaml.MarkedYAMLError as wrong:
        mark, reason = reason_of(wrong, text)
        place = Place.of(mark) if mark else START
        raise Unreadable(place, _not_yaml(reason)) from None
    except (ValueError, OverflowError):  # an escape such as "\UFFFFFFFF" reaches chr() unchecked
        raise Unreadable(START, _not_yaml("a number or an escape is out of range")) from None
    if root is None:
        raise Unreadable(START, "is empty")
    if isinstance(root, yaml.ScalarNode) and looks_like_toml(text):
        raise Unreadable(START, _not_yaml(TOML))
    return Document(root)


def decoded(content: bytes) -> str:
    """Return the text of ``content``.

    Raises:
        Unreadable: it is in no UTF-8.
    """
    other = encoding_of(content)
    if other:
        raise Unreadable(START, f"is {other} text: save it as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        before = content[: wrong.start].decode("utf-8-sig", errors="replace")
        raise Unreadable(_place_in(before), "is not UTF-8 text: save it as UTF-8") from None


def _place_in(before: str) -> Place:
    """Return the place just after the text ``before``."""
    return Place(before.count("\n") + 1, len(before) - before.rfind("\n"))


def _not_yaml(reason: str) -> str:
    return f"is not YAML: {reason[:REASON_MAX]}"
