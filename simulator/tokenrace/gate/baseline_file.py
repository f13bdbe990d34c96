"""Reading and writing a baseline. One that cannot be read is never written over."""

import json
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from tokenrace.errors import ResultsError
from tokenrace.files.json_reading import read_json
from tokenrace.files.whole_file import write_whole
from tokenrace.gate.baseline import Baseline, KnownRun, KnownScenario, KnownStrategy
from tokenrace.scenario.wording import of_record

SCHEMA = 1
_BASELINE = TypeAdapter(Baseline)
_NOT_OVERWRITTEN = "It is left as it is: restore it, or move it away and make it anew"


def read_baseline(path: Path) -> Baseline:
    """Return the baseline in the file at ``path``.

    Raises:
        ResultsError: the file cannot be read, is from a newer version, damaged or no baseline.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise ResultsError(
            f"{path}: there is no such baseline. Make it: tokenrace baseline PATH... --out {path}"
        ) from None
    except OSError as error:
        raise ResultsError(f"{path}: cannot read the baseline: {error.strerror}") from None
    try:
        values = read_json(content)
    except ValueError as error:
        raise _damaged(path, str(error)) from None
    _check_schema(path, values)
    try:
        baseline = _BASELINE.validate_json(content, strict=True)
    except ValidationError as error:
        raise _damaged(path, of_record(error)) from None
    for wrong in _wrong_in(baseline):
        raise _damaged(path, wrong)
    return baseline


def write_baseline(path: Path, baseline: Baseline) -> None:
    """Write ``baseline`` to ``path``, whole or not at all.

    Raises:
        ResultsError: the file cannot be written.
    """
    text = "\n".join(_lines(baseline)) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text)
    except OSError as error:
        raise ResultsError(f"{path}: cannot write the baseline: {error.strerror}") from None


def _lines(baseline: Baseline) -> Iterator[str]:
    yield f'{{"baseline": {SCHEMA},'
    sections: dict[str, Sequence[KnownScenario | KnownStrategy | KnownRun]] = {
        "scenarios": baseline.scenarios,
        "strategies": baseline.strategies,
        "runs": baseline.runs,
    }
    for name, lines in sections.items():
        yield f'"{name}": ['
        written = [json.dumps(asdict(line), ensure_ascii=False) for line in lines]
        yield from [f"{line}," for line in written[:-1]] + written[-1:]
        yield "]}" if name == "runs" else "],"


def _check_schema(path: Path, values: object) -> None:
    schema = values.get("baseline") if isinstance(values, dict) else None
    if type(schema) is not int or schema < 1:
        raise _damaged(path, "it has no schema number")
    if schema > SCHEMA:
        raise ResultsError(
            f"{path}: written by a newer tokenrace: baseline schema {schema}, and this one reads "
            f"up to {SCHEMA}. It is left as it is"
        )


def _wrong_in(baseline: Baseline) -> Iterator[str]:
    """Yield what is there twice, or belongs to nothing."""
    files = {each.file for each in baseline.scenarios}
    named = {(each.file, each.strategy) for each in baseline.strategies}
    yield from _twice([each.file for each in baseline.scenarios])
    yield from _twice([(each.file, each.strategy) for each in baseline.strategies])
    yield from _twice([(each.file, each.strategy, each.seed) for each in baseline.runs])
    for file, strategy in sorted(named):
        if file not in files:
            yield f"strategy {strategy} is of {file}, which is no scenario of it"
    for run in baseline.runs:
        if (run.file, run.strategy) not in named:
            yield f"a run is of {run.strategy} in {run.file}, which is no strategy of it"


def _twice(keys: Iterable[Hashable]) -> Iterator[str]:
    seen = set()
    for key in keys:
        if key in seen:
            what = ", ".join(map(str, key)) if isinstance(key, tuple) else key
            yield f"there are two lines for {what}"
        seen.add(key)


def _damaged(path: Path, why: str) -> ResultsError:
    return ResultsError(f"{path}: damaged, or no baseline of ours: {why}. {_NOT_OVERWRITTEN}")
