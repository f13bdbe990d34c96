"""Why a text cannot be read as YAML, in words that say what to do about it."""

import json
import re

import yaml

TOML = 'it looks like TOML; a scenario says name: x, not name = "x", and nests by indentation'
_BYTE_ORDER = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
"""What such a file begins with; UTF-32 first, as its mark begins like the other's."""
_UNQUOTED = "found character '>' that cannot start any token"
_AFTER_BLOCK = "expected a comment or a line break, but found"
_TAB = "found character '\\t' that cannot start any token"
_ADVICE = {
    _UNQUOTED: f'{_UNQUOTED}: put it in quotes, as ">= 3%"',
    _TAB: "a tab stands where the line is indented: use spaces",
}
_TOML_LINE = re.compile(r"""^\s*(\[\[?[\w."'-]+\]\]?|[\w."'-]+\s*=\s*\S.*)\s*(#.*)?$""")
_Mark = yaml.error.Mark


def encoding_of(content: bytes) -> str:
    """Return the name of the encoding of ``content`` if it is one of two or four bytes a letter."""
    for mark, name in _BYTE_ORDER:
        if content.startswith(mark):
            return name
    letters = [byte == 0 for byte in content[:4]]
    if letters.count(True) == 3:
        return "UTF-32"
    return "UTF-16" if letters in ([False, True] * 2, [True, False] * 2) else ""


def spaces_for_tabs_of_json(text: str) -> str:
    """Return ``text``, with spaces for its tabs if it is JSON, where a tab is no indentation."""
    if "\t" not in text or not text.lstrip().startswith("{"):
        return text
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return text
    return text.replace("\t", " ")  # none is within a string: there it is written \\t


def looks_like_toml(text: str) -> bool:
    """Return whether the first line that says anything is one of TOML."""
    said = (
        line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")
    )
    first = next(said, "")
    return _TOML_LINE.match(first) is not None and ": " not in first.partition("=")[0]


def reason_of(wrong: yaml.MarkedYAMLError, text: str) -> tuple[_Mark | None, str]:
    """Return where what is ``wrong`` with ``text`` begins, and what it is."""
    problem, context = wrong.problem or "malformed", wrong.context or ""
    mark = wrong.problem_mark or wrong.context_mark
    if looks_like_toml(text):
        return None, TOML
    if problem in _ADVICE:
        return mark, _ADVICE[problem]
    if problem.startswith(_AFTER_BLOCK):
        return mark, f'{problem}: put a bound that begins with > in quotes, as "> 3%"'
    return _opened(wrong, text) or (mark, _with_context(problem, context))


def _with_context(problem: str, context: str) -> str:
    return f"{context}, {problem}" if problem.startswith("but ") else problem


def _opened(wrong: yaml.MarkedYAMLError, text: str) -> tuple[_Mark | None, str] | None:
    """Return where a quote or a bracket opens that is not closed; None where that is not it."""
    problem, context = wrong.problem or "", wrong.context or ""
    mark = wrong.problem_mark
    if "quoted scalar" in context:
        return wrong.context_mark, f"the quote that opens here is never closed ({problem})"
    if context.startswith("while parsing a flow") and problem.startswith("expected ',' or"):
        bracket = "bracket [" if "sequence" in context else "brace {"
        return (
            wrong.context_mark,
            f"the {bracket} that opens here is not closed: {_at(mark, problem)}",
        )
    opened = None if mark is None else _quote_over_lines(text, mark)
    if mark is None or opened is None:
        return None
    return opened, f"the quote that opens here is closed in line {mark.line + 1} only"


def _at(mark: _Mark | None, problem: str) -> str:
    return problem if mark is None else f"{problem} in line {mark.line + 1}"


def _quote_over_lines(text: str, mark: _Mark) -> _Mark | None:
    """Return where the last quoted text before ``mark`` opens that ends in its line and began in an
    earlier one: most likely the quote at its end should have opened another."""
    opened: _Mark | None = None
    try:
        for token in yaml.scan(text, Loader=yaml.SafeLoader):
            if token.start_mark.index >= mark.index:
                break
            if isinstance(token, yaml.ScalarToken) and token.style in ("'", '"'):
                is_long = token.start_mark.line < token.end_mark.line == mark.line
                opened = token.start_mark if is_long else None
    except yaml.YAMLError:
        pass
    return opened
