"""``summary.json``: what a scenario's runs amount to, for people, programs and CI.

The same runs give the same bytes. Keys may be added within a schema number, never renamed or
removed; a reader passes over keys it does not know.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from tokenrace.analysis.blames import Blamed
from tokenrace.analysis.figures import StrategyFigures, figures_of
from tokenrace.analysis.scale_note import ScaleNote
from tokenrace.analysis.sentences import Picture
from tokenrace.analysis.verdicts import Verdict, Word, worst
from tokenrace.clock import SECOND
from tokenrace.errors import ResultsError
from tokenrace.files.json_reading import read_json
from tokenrace.files.whole_file import write_whole
from tokenrace.scenario.wording import of_record
from tokenrace.trace.events import called
from tokenrace.trace.files import RecordedRun

SCHEMA = 1
Plain = int | float | str | bool | None
"""A value that JSON, a table and a plot can show as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What was run: as the user wrote it, not as ``time_scale`` shrank it.

    ``duration_s`` is in seconds of the scenario. ``scenario_sha256`` is of what the file says,
    however it is laid out (``scenario_hash``). ``provider`` and ``fleet`` are facts to show beside
    the figures; ``command`` makes them again.
    """

    scenario: str
    description: str
    scenario_sha256: str
    version: str
    engine: str
    seeds: tuple[int, ...]
    duration_s: float
    time_scale: float
    provider: dict[str, Plain]
    fleet: dict[str, Plain]
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """A process that died in a run, ``at_s`` seconds into it, and so took no further part.

    ``process`` is its number in the fleet, or the name of one that is no part of it.
    """

    strategy: str
    seed: int
    process: int | str
    at_s: float
    in_flight: int
    reason: str

    @property
    def who(self) -> str:
        """What messages call the process."""
        return called(self.process)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedFault:
    """A fault of the scenario, which begins ``at_s`` seconds of the scenario into each run."""

    at_s: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary(Setting):
    """A setting and the figures of each strategy, in the scenario's order.

    ``faults`` are the scenario's. ``deaths`` is empty unless processes died that should not have;
    the figures are then of less than was asked for. ``verdicts`` are on what the scenario expects,
    and ``doubts`` say why the runs are inconclusive all the same. ``pictures`` are the plots beside
    the summary, and what they show; ``blames`` tell of each strategy why one of its calls got 401.
    ``scale`` says what is true where the runs were scaled; None where they were not, and in
    summaries of older versions.
    """

    faults: tuple[PlannedFault, ...] = ()
    pictures: tuple[Picture, ...] = ()
    deaths: tuple[Death, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    doubts: tuple[str, ...] = ()
    blames: tuple[Blamed, ...] = ()
    scale: ScaleNote | None = None
    strategies: dict[str, StrategyFigures]

    @property
    def verdict(self) -> Word:
        """The worst of all verdicts; inconclusive at best where there are doubts."""
        return worst(
            [each.verdict for each in self.verdicts] + ["inconclusive"] * bool(self.doubts)
        )


_SUMMARY = TypeAdapter(Summary)


def scale_in_short(summary: Summary) -> str:
    """Return that the runs of ``summary`` were scaled, with what is true, in a line; empty where
    they were not."""
    if summary.time_scale == 1:
        return ""
    if summary.scale is not None:
        return summary.scale.short()
    return f"scaled, {summary.time_scale:g} times as fast as written"


def summarize(
    setting: Setting,
    runs: Mapping[str, Sequence[RecordedRun]],
    *,
    faults: tuple[PlannedFault, ...] = (),
    verdicts: tuple[Verdict, ...] = (),
    doubts: tuple[str, ...] = (),
) -> Summary:
    """Return the summary of ``runs``: for each strategy, one run for each seed.

    It has no pictures yet: nobody has drawn any.
    """
    strategies = {strategy: figures_of(of_strategy) for strategy, of_strategy in runs.items()}
    return Summary(
        **{field.name: getattr(setting, field.name) for field in fields(Setting)},
        faults=faults,
        deaths=tuple(death for of_strategy in runs.values() for death in _deaths(of_strategy)),
        verdicts=verdicts,
        doubts=doubts,
        strategies=strategies,
    )


def _deaths(runs: Sequence[RecordedRun]) -> Iterator[Death]:
    for run in runs:
        for death in run.deaths:
            yield Death(
                strategy=run.header.strategy,
                seed=run.header.seed,
                process=death.process,
                at_s=death.at / SECOND,
                in_flight=death.in_flight,
                reason=death.reason,
            )


def write_summary(path: Path, summary: Summary) -> None:
    """Write ``summary`` to a new file at ``path``.

    Raises:
        ResultsError: the file cannot be written.
    """
    values = {"schema": SCHEMA} | _SUMMARY.dump_python(summary, mode="json")
    text = json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    try:
        write_whole(path, text)
    except OSError as error:
        raise ResultsError(f"{path}: cannot write the summary: {error.strerror}") from None


def read_summary(path: Path) -> Summary:
    """Return the summary in the file at ``path``.

    Raises:
        ResultsError: the file cannot be read, is from a newer version or is no summary.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ResultsError(f"{path}: cannot read the summary: {error.strerror}") from None
    try:
        values = read_json(content)
    except ValueError as error:
        raise ResultsError(f"{path}: damaged, or no summary of ours: {error}") from None
    _check_schema(path, values)
    try:
        return _SUMMARY.validate_json(content, strict=True)
    except ValidationError as error:
        raise ResultsError(f"{path}: {of_record(error)}") from None


def _check_schema(path: Path, values: object) -> None:
    schema = values.get("schema") if isinstance(values, dict) else None
    if not isinstance(schema, int):
        raise ResultsError(f"{path}: no summary of ours: it has no schema number")
    if schema > SCHEMA:
        raise ResultsError(
            f"{path}: written by a newer tokenrace: summary schema {schema}, "
            f"and this one reads up to {SCHEMA}"
        )
