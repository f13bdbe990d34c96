"""The scenarios to check: found in files and folders, read, and every problem told at once."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tokenrace.errors import Problem, ScenarioError, SimulatorError, UserCodeError
from tokenrace.fields.flaws import dotted
from tokenrace.fields.values import EngineName
from tokenrace.gate.story import Story
from tokenrace.scenario import Scenario, parse
from tokenrace.scenario.places import Places, places_of
from tokenrace.scenario.source import Document, Unreadable, read_bytes, read_document
from tokenrace.simulation.own_code import check_own_code
from tokenrace.strategies.catalogue import CATALOGUE

_SUFFIXES = (".yaml", ".yml")
_TELLING_KEYS = {"fleet", "workload", "strategies", "run"}
"""A YAML file in a folder that has none of them is somebody else's."""


class BadInput(SimulatorError):  # noqa: N818
    """What is to be checked cannot be: all that is wrong, by file where a scenario is."""

    def __init__(self, problems: Sequence[str | ScenarioError]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A scenario to check, on ``engine``; ``title`` tells it from the others.

    ``impossible`` says what of it cannot happen on that engine: then it is not run.
    One of a suite has a ``story``, and its ``file`` need not be there.
    """

    file: Path
    title: str
    scenario: Scenario
    places: Places
    engine: EngineName
    story: Story | None = None
    impossible: tuple[Problem, ...] = ()

    @property
    def seeds(self) -> range:
        """The seeds of its runs."""
        return range(1, 1 + self.scenario.run.seeds)

    @property
    def size(self) -> int:
        """The number of its runs."""
        if self.impossible:
            return 0
        return len(self.scenario.strategies) * len(self.seeds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What there is to check, and the YAML files of folders that are no scenarios."""

    cases: tuple[Case, ...]
    passed_over: tuple[Path, ...]


def read_cases(paths: Sequence[Path], engine: EngineName) -> Found:
    """Return the scenarios in ``paths``, files and folders, each once, in order.

    With ``engine`` wire those that name the wire engine run there; all others on virtual time. One
    of a folder that cannot run there is no problem of the others.

    Raises:
        BadInput: with every problem of every file.
    """
    problems: list[str | ScenarioError] = []
    cases: list[Case] = []
    passed_over: list[Path] = []
    for file, is_named in _files(paths, problems):
        try:
            case = _read(file, engine, is_named=is_named)
        except ScenarioError as wrong:
            problems.append(wrong)
        else:
            passed_over += [file] if case is None else []
            cases += [] if case is None else [case]
    if not problems and not cases:
        problems.append(f"{', '.join(map(str, paths))}: there is no scenario (.yaml, .yml) in it")
    if problems:
        raise BadInput(problems)
    return Found(cases=_with_titles(cases), passed_over=tuple(passed_over))


def _with_titles(cases: Sequence[Case]) -> tuple[Case, ...]:
    """Files in two folders may have one name: then the file says which is meant."""
    names = Counter(case.title for case in cases)
    return tuple(
        case if names[case.title] == 1 else replace(case, title=case.file.as_posix())
        for case in cases
    )


def _files(
    paths: Sequence[Path], problems: list[str | ScenarioError]
) -> Iterator[tuple[Path, bool]]:
    """Yield each file, and whether it was named itself."""
    seen: set[Path] = set()
    for path in paths:
        for file in _within(path, problems):
            if file.resolve() not in seen:
                seen.add(file.resolve())
                yield file, file == path


def _within(path: Path, problems: list[str | ScenarioError]) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    try:
        inside = sorted(path.iterdir())
    except OSError as error:
        problems.append(f"{path}: cannot be read: {error.strerror}")
        return
    for each in inside:
        if each.name.startswith("."):
            continue
        if each.is_dir():
            if not each.is_symlink():  # it may lead back here
                yield from _within(each, problems)
        elif each.suffix in _SUFFIXES:
            yield each


def _read(file: Path, engine: EngineName, *, is_named: bool) -> Case | None:
    """Return the case in ``file``; None where it is no scenario and nobody said it was."""
    content = read_bytes(file)
    document = _document(content, file)
    if not is_named and not _looks_like_a_scenario(document):
        return None
    return _case(content, document, file, engine, must_run=is_named)


def read_case(content: bytes, file: Path, story: Story) -> Case:
    """Return the case of a scenario that is in memory, for virtual time.

    Raises:
        ScenarioError: it is none, or its code cannot be loaded.
    """
    document = _document(content, file)
    return replace(_case(content, document, file, "virtual", must_run=True), story=story)


def _document(content: bytes, file: Path) -> Document:
    try:
        return read_document(content)
    except Unreadable as wrong:
        line, column = wrong.place
        only = Problem(line=line, column=column, key="", message=wrong.message)
        raise ScenarioError(file, [only]) from None


def _case(
    content: bytes, document: Document, file: Path, engine: EngineName, *, must_run: bool
) -> Case:
    scenario = parse(content, CATALOGUE, file)
    case = Case(
        file=file,
        title=scenario.name,
        scenario=scenario,
        places=places_of(scenario, document),
        engine="wire" if engine == scenario.run.engine == "wire" else "virtual",
    )
    impossible, code = [*_impossible(case, document)], [*_wrong_code(case)]
    if code or (impossible and must_run):
        raise ScenarioError(file, [*impossible, *code])
    return replace(case, impossible=tuple(impossible))


def _looks_like_a_scenario(document: Document) -> bool:
    return isinstance(document.data, dict) and not _TELLING_KEYS.isdisjoint(document.data)


def _impossible(case: Case, document: Document) -> Iterator[Problem]:
    for flaw in case.scenario.impossible_on(case.engine):
        line, column = document.place_of_value(flaw.loc)
        advice = "; add --engine wire" if case.scenario.run.engine != case.engine else ""
        message = f"{flaw.message}{advice}"
        yield Problem(line=line, column=column, key=dotted(flaw.loc), message=message)


def _wrong_code(case: Case) -> Iterator[Problem]:
    """Load the user's code before the first run: a typo must not cost its time."""
    for choice in case.scenario.strategies:
        if choice.own is not None:
            try:
                check_own_code(choice.own)
            except UserCodeError as error:
                line, column = case.places.strategies[choice.name]
                key = f"strategy {choice.name}"
                yield Problem(line=line, column=column, key=key, message=str(error))
