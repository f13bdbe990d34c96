"""A trace as a person reads it: one line an event, in words."""

from collections.abc import Callable, Iterable, Iterator
from typing import assert_never

from tokenrace.clock import DAY, HOUR, MINUTE, SECOND, Ticks
from tokenrace.trace.events import (
    AppChanged,
    CallRefused,
    Event,
    FamilyAuthorized,
    FamilyEnded,
    FaultStruck,
    IssueRefused,
    ProcessEnded,
    ProcessStarted,
    RefreshRefused,
    TokenAdopted,
    TokenEvicted,
    TokenIssued,
    TokenRevoked,
    TrialMade,
)


def timeline(events: Iterable[Event], show: Callable[[Ticks], str]) -> Iterator[str]:
    """Yield a line for each event; ``show`` writes an instant."""
    for event in events:
        yield f"{show(event.at):>18}  {in_words(event)}"


def in_words(event: Event) -> str:  # noqa: C901, PLR0911 - one for each kind of event
    """Return what happened, without when."""
    match event:
        case TokenIssued():
            return f"{event.asked_by} is issued token {event.token}"
        case TokenEvicted():
            grace = event.valid_until - event.at
            until = f", and is valid for {grace / SECOND:g} s more" if grace else ""
            return (
                f"token {event.token} is evicted by token {event.displaced_by}, "
                f"which {event.asked_by} asked for{until}"
            )
        case TokenRevoked():
            return f"token {event.token} is revoked"
        case IssueRefused():
            return f"{event.asked_by} is refused a token: {event.status} {event.error}"
        case CallRefused():
            token = "no token" if event.token is None else f"token {event.token}"
            return f"{event.asked_by} gets 401 with {token}: {event.cause}"
        case FamilyAuthorized() | RefreshRefused() | FamilyEnded():
            return _of_a_family(event)
        case AppChanged():
            return f"the app: {event.change}"
        case FaultStruck():
            return f"fault {event.fault + 1} of the scenario: {event.what}"
        case TrialMade():
            return _of_a_trial(event)
        case TokenAdopted():
            return f"p{event.process} begins to use token {event.token}"
        case ProcessEnded() | ProcessStarted():
            return _of_a_process(event)
        case _:
            assert_never(event)


def _of_a_trial(event: TrialMade) -> str:
    answer = "nothing that can be read" if event.status is None else str(event.status)
    if event.token is None:
        return f"a trial gets no token: {answer}"
    return f"a trial with token {event.token}, issued for it, gets {answer}"


def _of_a_process(event: ProcessEnded | ProcessStarted) -> str:
    match event:
        case ProcessEnded():
            requests = "request" if event.in_flight == 1 else "requests"
            in_flight = f"{event.in_flight} {requests} in flight"
            who = event.who if isinstance(event.process, str) else f"p{event.process}"
            return f"{who} dies ({event.reason}) with {in_flight}"
        case ProcessStarted():
            again = "" if event.life == 1 else f" again, for its life {event.life}"
            return f"p{event.process} is started{again}"
        case _:
            assert_never(event)


def _of_a_family(event: FamilyAuthorized | RefreshRefused | FamilyEnded) -> str:
    match event:
        case FamilyAuthorized():
            return f"the user consents: refresh family {event.family} begins"
        case RefreshRefused():
            shown = "no token of ours" if event.family is None else f"family {event.family}"
            return f"{event.asked_by} is refused a refresh with {shown}: {event.cause}"
        case FamilyEnded():
            return f"refresh family {event.family} ends: {event.reason}"
        case _:
            assert_never(event)


def clock_time(at: Ticks) -> str:
    """Return an instant as days, hours, minutes and seconds, to the microsecond."""
    days, rest = divmod(at, DAY)
    hours, rest = divmod(rest, HOUR)
    minutes, rest = divmod(rest, MINUTE)
    seconds, fraction = divmod(rest, SECOND)
    day = f"{days}d " if days else ""
    return f"{day}{hours:02}:{minutes:02}:{seconds:02}.{fraction:06}"
