"""Every route of the control API, in one table; its OpenAPI document is made from it.

To add a route, write what it does and add it to ``ROUTES``.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pydantic import BaseModel

from tokenrace.clock import SECOND
from tokenrace.fields.quoting import hint
from tokenrace.fields.units import SPAN_MAX, write_span
from tokenrace.scenario.expectations import Expectation
from tokenrace.server.bodies import ClockBody, JournalQuery, NothingBody, WaitBody
from tokenrace.server.event_bodies import AnyEventBody, EventBody
from tokenrace.server.event_effects import Done, raise_event, reset
from tokenrace.server.journal import Entry
from tokenrace.server.problems import Problems, RequestProblem, wrong
from tokenrace.server.served import ServedProvider
from tokenrace.server.served_section import ServedSection
from tokenrace.server.state import State, TimeShown, state_of, time_of
from tokenrace.server.verdict import (
    CANNOT_TELL,
    VerdictBody,
    VerdictShown,
    is_judged,
    verdict_on,
)

TOO_MANY = RequestProblem("", "too many wait already")


class Answered(NamedTuple):
    """What a route answers."""

    status: int
    content: object


class AnswerKind(NamedTuple):
    """One status a route answers with: what it says, and the type of its content."""

    meaning: str
    content: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One route. ``body`` is a model, or a union of them; ``query`` a model."""

    method: str
    path: str
    summary: str
    act: Callable[[ServedProvider, Any], Awaitable[Answered]]
    answers: Mapping[int, AnswerKind]
    body: Any = None
    query: type[BaseModel] | None = None


@dataclass(frozen=True, slots=True)
class JournalPage:
    """Entries, oldest first; ``last`` is the number of the newest there is.

    ``dropped`` counts those since the reset that are not kept any more.
    """

    entries: Sequence[Entry] = field(default_factory=list)
    last: int = 0
    dropped: int = 0


async def _reset(served: ServedProvider, _: NothingBody) -> Answered:
    return Answered(200, reset(served))


async def _state(served: ServedProvider, _: None) -> Answered:
    return Answered(200, state_of(served))


async def _put_policy(served: ServedProvider, section: ServedSection) -> Answered:
    if section.told_lifetime() < SECOND:
        told = "lifetime" if section.expires_in == "lifetime" else "expires_in"
        raise wrong(told, "must be at least 1s, as clients are told whole seconds")
    try:
        return Answered(200, Done(served.keep_by(section)))
    except ValueError as error:  # rules of the profile and of the body that do not go together
        raise wrong("", str(error)) from None


async def _raise_event(served: ServedProvider, body: AnyEventBody) -> Answered:
    return Answered(200, raise_event(body, served))


async def _move_clock(served: ServedProvider, body: ClockBody) -> Answered:
    if served.clock.offset + body.forward > SPAN_MAX:
        limit = f"at most {write_span(SPAN_MAX)} ahead of real time"
        raise wrong("forward", f"must leave the clock {limit}")
    served.move_forward(body.forward)
    return Answered(200, time_of(served, served.clock.now()))


async def _read_journal(served: ServedProvider, query: JournalQuery) -> Answered:
    journal = served.journal
    entries = journal.after(query.after, query.limit)
    return Answered(200, JournalPage(entries, journal.last, journal.dropped))


async def _verdict(served: ServedProvider, body: VerdictBody) -> Answered:
    own = [] if body.strategy is None else _expected_of(body.strategy, served)
    judged = [each for each in own if is_judged(each)]
    if own and not judged:
        raise wrong("strategy", f"{own[0].text!r}: {CANNOT_TELL}")
    left_out = [each.text for each in own if not is_judged(each)]
    return Answered(200, verdict_on(served, [*body.expectations(), *judged], left_out))


def _expected_of(strategy: str, served: ServedProvider) -> list[Expectation]:
    """Return what the served scenario expects of ``strategy``."""
    own = [each for each in served.terms.expect if each.strategy == strategy]
    if not own:
        known = {each.strategy for each in served.terms.expect}
        hinted = hint(strategy, known) if known else "no scenario that expects is served"
        raise wrong("strategy", f"nothing is expected of it; {hinted}")
    return own


async def _wait(served: ServedProvider, body: WaitBody) -> Answered:
    if served.watch.is_full:
        return Answered(429, Problems([TOO_MANY]))
    is_met = await served.watch.until(body.least(), served.counts, body.within)
    return Answered(200 if is_met else 408, state_of(served))


_DONE = {200: AnswerKind("Done.", Done)}
_STATE = AnswerKind("The provider as it is.", State)
ROUTES: Sequence[Route] = (
    Route(
        method="GET",
        path="state",
        summary="The provider as it is: rules, live tokens, counts, 401s by cause, its time.",
        act=_state,
        answers={200: _STATE},
    ),
    Route(
        method="POST",
        path="reset",
        summary="Begin anew, as at the start: no token is known any more, no consent either.",
        act=_reset,
        answers=_DONE,
        body=NothingBody,
    ),
    Route(
        method="PUT",
        path="policy",
        summary="Keep tokens by these rules from now on. What is left out is as in the profile, "
        "and the profile is zoom-2022 where none is named.",
        act=_put_policy,
        answers=_DONE,
        body=ServedSection,
    ),
    Route(
        method="POST",
        path="events",
        summary="Let something happen to the app, or let an endpoint misbehave.",
        act=_raise_event,
        answers=_DONE,
        body=EventBody,
    ),
    Route(
        method="POST",
        path="clock",
        summary="Move the provider's clock forward.",
        act=_move_clock,
        answers={200: AnswerKind("The time that it is now.", TimeShown)},
        body=ClockBody,
    ),
    Route(
        method="GET",
        path="journal",
        summary="What happened, request by request, with the true cause of each 401.",
        act=_read_journal,
        answers={200: AnswerKind("Entries, oldest first.", JournalPage)},
        query=JournalQuery,
    ),
    Route(
        method="POST",
        path="verdict",
        summary="Judge what was seen since the reset by what is expected.",
        act=_verdict,
        answers={200: AnswerKind("The verdict.", VerdictShown)},
        body=VerdictBody,
    ),
    Route(
        method="POST",
        path="wait",
        summary="Wait until counts have come so far.",
        act=_wait,
        answers={
            200: AnswerKind("They have.", State),
            408: AnswerKind("They have not, or the body did not come in time.", State | Problems),
            429: AnswerKind("Too many wait already.", Problems),
        },
        body=WaitBody,
    ),
)
