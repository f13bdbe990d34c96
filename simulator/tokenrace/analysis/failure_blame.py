"""Why operations failed that got no 401: from what was counted, and the events that led there.

A refused token request is an event, so that its asker, its instant and what it was answered are
known. All else, such as callers that hang, is only counted, bin by bin.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tokenrace.analysis.blame_diagram import PROVIDER, Diagram, Step, StepKind
from tokenrace.analysis.blames import Blamed, clock_of
from tokenrace.analysis.failure_words import most_frequent
from tokenrace.analysis.figures import failure_counts
from tokenrace.analysis.timeline import in_words
from tokenrace.analysis.wording import several
from tokenrace.clock import Ticks
from tokenrace.trace.events import AppChanged, Event, FaultStruck, IssueRefused, TokenIssued
from tokenrace.trace.files import RecordedRun
from tokenrace.trace.outcomes import Failure
from tokenrace.trace.tally import ClientTally

Show = Callable[[Ticks], str]
"""Writes an instant of a trace."""


def telling_failure(runs: Sequence[RecordedRun]) -> Failure | None:
    """Return the most frequent failure of ``runs`` that is no 401 of the API; None where more calls
    got 401 than operations failed for other reasons."""
    failures: Counter[Failure] = Counter()
    for run in runs:
        failures.update(failure_counts(run))
    answered_401 = sum(sum(run.provider.causes().values()) for run in runs)
    others = sum(count for why, count in failures.items() if why.kind != "call_401")
    return most_frequent(failures) if others > answered_401 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureBlame:
    """What led to operations that failed for ``failure``, ``count`` of ``operations``, the first
    of them in the bin from ``begins`` on.

    ``refused`` is the first token request that was refused so, ``requests`` how many were; None
    where it is no matter of token requests. ``issued`` is the last token issued before to who was
    refused. ``happened`` is what befell the app, or struck from the scenario, last of all before.
    """

    failure: Failure
    count: int
    operations: int
    begins: Ticks
    refused: IssueRefused | None
    requests: int
    issued: TokenIssued | None
    happened: AppChanged | FaultStruck | None


@dataclass(slots=True)
class FailureWitness:
    """A sink that sees a run go by, and keeps what it takes to blame ``failure`` from ``begins``
    on."""

    failure: Failure
    begins: Ticks = 0
    _happened: list[AppChanged | FaultStruck] = field(default_factory=list, init=False)
    _issued: dict[str, TokenIssued] = field(default_factory=dict, init=False)
    _refused: IssueRefused | None = field(default=None, init=False)
    _requests: int = field(default=0, init=False)

    def write(self, event: Event) -> None:
        """Take one event."""
        match event:
            case TokenIssued() if self._refused is None:
                self._issued[event.asked_by] = event
            case AppChanged() | FaultStruck():
                self._happened.append(event)
            case IssueRefused() if event.at >= self.begins and self._is_meant(event):
                self._requests += 1
                self._refused = self._refused or event
            case _:
                pass

    def blame(self, clients: ClientTally) -> FailureBlame | None:
        """Return the blame, from what was seen and what was counted; None where no operation failed
        so."""
        counted = clients.failures.get(self.failure)
        first = None if counted is None else _first(counted, self.begins // clients.width)
        if counted is None or first is None:
            return None
        refused = self._refused
        before = (first + 1) * clients.width if refused is None else refused.at + 1
        happened = [each for each in self._happened if each.at < before]
        return FailureBlame(
            failure=self.failure,
            count=sum(counted),
            operations=sum(sum(bins) for bins in clients.operations.values()),
            begins=first * clients.width,
            refused=refused,
            requests=self._requests,
            issued=None if refused is None else self._issued.get(refused.asked_by),
            happened=happened[-1] if happened else None,
        )

    def _is_meant(self, refused: IssueRefused) -> bool:
        texts = (f"{refused.status} {refused.error}", refused.error, str(refused.status))
        return self.failure.kind == "token_refused" and self.failure.detail in texts


def failure_blame(
    events: Iterable[Event], clients: ClientTally, failure: Failure, begins: Ticks = 0
) -> FailureBlame | None:
    """Return why operations of the run with these ``events`` and counts failed for ``failure``,
    from ``begins`` on."""
    witness = FailureWitness(failure, begins)
    for event in events:
        witness.write(event)
    return witness.blame(clients)


def failure_in_words(blame: FailureBlame, show: Show) -> Iterator[str]:
    """Yield the sentences."""
    refused = blame.refused
    if refused is not None:
        answer = f"{refused.status} {refused.error}".rstrip()
        yield f"{show(refused.at)}: {refused.asked_by} asked for a token and was refused: {answer}"
    operations = several(blame.operations, "operation")
    failed = f"{blame.count:,} of {operations} failed: {blame.failure.in_words()}"
    if refused is None:
        yield f"from {show(blame.begins)} on, {failed}"
    if blame.happened is not None:
        yield f"before that, at {show(blame.happened.at)}: {in_words(blame.happened)}"
    if refused is None:
        return
    yield _last_token(refused, blame.issued, show)
    yield f"{several(blame.requests, 'token request')} got that answer; {failed}"


def _last_token(refused: IssueRefused, issued: TokenIssued | None, show: Show) -> str:
    if issued is None:
        return f"no token had been issued to {refused.asked_by} before"
    return (
        f"the last token issued to {refused.asked_by} was token {issued.token}, at "
        f"{show(issued.at)}, whose time is over at {show(issued.expires_at)}"
    )


def failure_diagram(blame: FailureBlame, show: Show) -> Diagram:
    """Return the diagram of ``blame``."""
    first, *others = failure_in_words(blame, show)
    refused = blame.refused
    lanes = (PROVIDER,) if refused is None else (PROVIDER, refused.asked_by)
    told: tuple[tuple[Event | None, StepKind, int], ...] = (
        (blame.issued, "issue", 1),
        (blame.happened, "befall", 0),
        (refused, "refuse", 1),
    )
    steps = [
        Step(at=show(event.at), kind=kind, source=0, target=lane, text=in_words(event))
        for event, kind, lane in told
        if event is not None
    ]
    if refused is None:
        text = f"{blame.count:,} operations fail from then on: {blame.failure.in_words()}"
        steps.append(Step(at=show(blame.begins), kind="more", source=0, target=0, text=text))
    at = {id(step): each for step, each in zip(steps, _instants(blame), strict=True)}
    return Diagram(
        title=first.partition(": ")[2],
        sentences=(first, *others),
        participants=lanes,
        steps=tuple(sorted(steps, key=lambda step: at[id(step)])),
        holdings=(),
    )


def _instants(blame: FailureBlame) -> list[Ticks]:
    events = (blame.issued, blame.happened, blame.refused)
    told = [event.at for event in events if event is not None]
    return told if blame.refused is not None else [*told, blame.begins]


def _first(bins: Sequence[int], begins: int) -> int | None:
    """Return the first of ``bins`` from ``begins`` on that counted anything."""
    return next((at for at in range(begins, len(bins)) if bins[at]), None)


def failures_blamed(runs: Mapping[str, Sequence[RecordedRun]]) -> Iterator[Blamed]:
    """Yield for each strategy the story of its most frequent failure that is no 401, where such are
    more than its 401s; of the seed that has the most of them. The clock is the scenario's.

    Raises:
        ResultsError: a trace cannot be read.
    """
    for strategy, of_strategy in runs.items():
        failure = telling_failure(of_strategy)
        if failure is None:
            continue
        run = max(of_strategy, key=lambda each: failure_counts(each).get(failure, 0))
        found = failure_blame(run.token_events(), run.clients, failure)
        assert found is not None, "a failure was counted and is not there"
        diagram = failure_diagram(found, clock_of(run))
        yield Blamed(strategy=strategy, seed=run.header.seed, diagram=diagram)
