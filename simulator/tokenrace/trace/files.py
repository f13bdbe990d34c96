"""The file a run leaves: a header, every event in order, the tallies, and a last line.

One JSON object a line. Nothing but the header may hold a float, and every line's keys have one
order, so equal runs leave equal bytes. Neither the writer nor the readers hold more than one event
at a time. The last line counts the events; a file without it was cut short.

    {"trace":2,"scenario":"expiry-stampede","strategy":"single_flight","seed":1,...}
    {"event":"token_issued","at":104211,"token":1,...}
    {"tally":"provider","tokens_issued":12,...}
    {"tally":"end","events":31}
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import msgspec
from msgspec import Struct

from tokenrace.clock import Ticks
from tokenrace.errors import ResultsError
from tokenrace.trace.events import CallRefused, Event, ProcessEnded
from tokenrace.trace.json_lines import EVENT, beginning, event_from, json_line, read_line
from tokenrace.trace.kept import KeptEvents
from tokenrace.trace.tally import ClientTally, ProviderTally, bin_width
from tokenrace.trace.tally_lines import End, TallyReader, tally_line, tally_lines

SCHEMA = 2
_TALLY = b'{"tally":'
_CALL_REFUSED, _PROCESS_ENDED = beginning(CallRefused), beginning(ProcessEnded)
_HEADER: msgspec.json.Decoder[dict[str, Any]] = msgspec.json.Decoder(dict[str, Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceHeader:
    """Which run a trace is of.

    ``duration`` and ``lifetime`` (of a token) are as the engine ran them, in ticks; ``time_scale``
    times an instant of the trace is the instant in the scenario. ``version`` is the package's.
    ``lifetimes`` is how many lifetimes the run is long, by the lifetime in force at each instant;
    0 where that is not known.
    """

    scenario: str
    strategy: str
    seed: int
    engine: str
    duration: Ticks
    lifetime: Ticks
    time_scale: float
    version: str
    lifetimes: float = 0.0

    @property
    def token_lifetimes(self) -> float:
        """How many lifetimes of a token the run is long: 1 at least.

        A run that is shorter than a lifetime says nothing of what a whole one would need.
        """
        return max(1.0, self.lifetimes or self.duration / self.lifetime)

    @property
    def width(self) -> Ticks:
        """The width of a bin of the tallies."""
        return bin_width(self.duration)


class TraceWriter:
    """Writes a trace to a new file at ``path`` as the run goes on; ``finish`` makes it whole.

    A context manager that closes the file. Every method may raise ``ResultsError``: the file
    cannot be written.
    """

    __slots__ = ("_events", "_path", "_stream")

    def __init__(self, path: Path, header: TraceHeader) -> None:
        self._path = path
        self._events = 0
        try:
            self._stream = path.open("wb")
        except OSError as error:
            raise self._unwritable(error) from None
        self._put({"trace": SCHEMA} | asdict(header))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        try:
            self._stream.close()
        except OSError as error:
            raise self._unwritable(error) from None

    def write(self, event: Event) -> None:
        """Write one event. Events come in the order they happened."""
        self._events += 1
        self._put(event)

    def finish(self, provider: ProviderTally, clients: ClientTally) -> None:
        """Write what was counted, and the last line."""
        for values in tally_lines(provider, clients):
            self._put(values)
        self._put(End(events=self._events))

    def _put(self, values: Struct | dict[str, Any]) -> None:
        try:
            self._stream.write(json_line(values))
        except OSError as error:
            raise self._unwritable(error) from None

    def _unwritable(self, error: OSError) -> ResultsError:
        return ResultsError(f"{self._path}: cannot write the trace: {error.strerror}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRun:
    """One run as it can be looked at afterwards. Its events stay in the file ``trace``, or in
    memory those that were kept.

    ``deaths`` are the events of processes that died before the run's end with no fault of the
    scenario to end them, in order. ``differs`` says how a second run under the same seed went
    otherwise; it is empty where none did, or none was made.
    """

    header: TraceHeader
    provider: ProviderTally
    clients: ClientTally
    deaths: tuple[ProcessEnded, ...]
    trace: Path | KeptEvents
    differs: str = ""

    def events(self) -> Iterator[Event]:
        """Yield every event in order; of a run in memory, those that were kept.

        Raises:
            ResultsError: the file cannot be read, or a line of it is none of ours.
        """
        if isinstance(self.trace, KeptEvents):
            return iter(self.trace.events)
        return read_events(self.trace)

    def token_events(self) -> Iterator[Event]:
        """Yield every event but the API's refusals, which are most of a trace and cost most.

        Raises:
            ResultsError: as ``events`` does; damage within a refusal is not noticed.
        """
        if isinstance(self.trace, KeptEvents):
            kept = self.trace.events
            return (event for event in kept if not isinstance(event, CallRefused))
        return read_events(self.trace, passing_over=_CALL_REFUSED)


def read_trace(path: Path) -> RecordedRun:
    """Read the header and the tallies; pass over the events, which are only counted.

    Raises:
        ResultsError: the file cannot be read, is of another schema, cut short or damaged.
    """
    lines = _lines(path)
    header = _header(path, lines)
    reader = TallyReader(header.width)
    events = 0
    deaths = []
    for number, line in lines:
        if line.startswith(EVENT):
            events += 1
            if line.startswith(_PROCESS_ENDED):
                deaths.append(_death(path, number, line))
            continue
        try:
            counts = tally_line(line)
            if isinstance(counts, End):
                _check_end(counts, events, lines)
                reader.settle()
                return RecordedRun(
                    header=header,
                    provider=reader.provider,
                    clients=reader.clients,
                    deaths=unasked_for(deaths),
                    trace=path,
                )
            reader.take(counts)
        except ValueError as error:
            raise _damaged(path, number, error) from None
    raise _cut_short(path)


def read_events(path: Path, *, passing_over: bytes | None = None) -> Iterator[Event]:
    """Yield the events of a trace in order. Does not look at what follows them.

    Lines that begin with ``passing_over`` are left out unread.

    Raises:
        ResultsError: as ``read_trace`` does; also for an event that is none of ours.
    """
    lines = _lines(path)
    _header(path, lines)
    for number, line in lines:
        if passing_over is not None and line.startswith(passing_over):
            continue
        if line.startswith(_TALLY):
            return
        try:
            event = event_from(line)
        except ValueError as error:  # JSON and UTF-8 errors are such
            raise _damaged(path, number, error) from None
        yield event
    raise _cut_short(path)


def unasked_for(deaths: Iterable[ProcessEnded]) -> tuple[ProcessEnded, ...]:
    """Return those of ``deaths`` that no fault of the scenario brought about."""
    return tuple(death for death in deaths if death.fault is None)


def _death(path: Path, number: int, line: bytes) -> ProcessEnded:
    try:
        event = event_from(line)
        if not isinstance(event, ProcessEnded):
            raise ValueError(f"not the end of a process: {event}")  # noqa: TRY301, TRY004
    except ValueError as error:
        raise _damaged(path, number, error) from None
    return event


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        with path.open("rb") as stream:
            yield from enumerate(stream, start=1)
    except OSError as error:
        raise ResultsError(f"{path}: cannot read the trace: {error.strerror}") from None


def _header(path: Path, lines: Iterator[tuple[int, bytes]]) -> TraceHeader:
    _, line = next(lines, (1, b""))
    try:
        values = read_line(_HEADER, line)
        schema = values.pop("trace", None)
        if not isinstance(schema, int):
            raise ValueError("its first line has no schema number")  # noqa: TRY004, TRY301
        if schema > SCHEMA:
            raise ResultsError(
                f"{path}:1: written by a newer tokenrace: trace schema {schema}, "
                f"and this one reads {SCHEMA}"
            )
        if schema < SCHEMA:
            raise ResultsError(_too_old(path, values, schema))
        return _header_from(values)
    except ValueError as error:
        raise _damaged(path, 1, error) from None


def _too_old(path: Path, values: dict[str, Any], schema: int) -> str:
    """Return why an old trace is refused, and the command that makes it anew."""
    options = [f"--{key} {values[key]}" for key in ("engine", "strategy", "seed") if key in values]
    command = " ".join(["tokenrace run <scenario file>", *options, "--out <folder>"])
    return (
        f"{path}:1: written by an older tokenrace: trace schema {schema}, and this one reads "
        f"{SCHEMA}. Make the trace anew: {command}"
    )


def _header_from(values: dict[str, Any]) -> TraceHeader:
    header = msgspec.convert(values, TraceHeader)
    for name in ("duration", "lifetime"):
        if getattr(header, name) <= 0:
            raise ValueError(f"{name} cannot be {getattr(header, name)}")
    return header


def _check_end(end: End, events: int, rest: Iterator[tuple[int, bytes]]) -> None:
    if end.events != events:
        raise ValueError(f"{end.events} events were written, {events} are here")
    if next(rest, None) is not None:
        raise ValueError("more lines follow the last one")


def _damaged(path: Path, line: int, error: ValueError) -> ResultsError:
    return ResultsError(f"{path}:{line}: damaged, or no trace of ours: {error}")


def _cut_short(path: Path) -> ResultsError:
    return ResultsError(f"{path}: cut short: its last line is missing. Run it again")
