"""One event, one line of JSON: ``{"at": 5, "event": "token_issued", ...}``.

The instant comes first, then the kind, then the event's own fields in the order it declares them.
The bytes follow from the event alone, so two runs of one seed can be compared with ``cmp``. Written
by hand, kind by kind: a storm has millions of events, and ``json.dumps`` costs five times as much.
"""

from collections.abc import Callable, Mapping
from json.encoder import encode_basestring_ascii as _quoted
from typing import Any, cast

from tokenrace.trace.events import (
    CAUSES,
    FAMILY_ENDS,
    REFRESH_CAUSES,
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

KINDS: dict[str, type[Event]] = {
    "token_issued": TokenIssued,
    "token_evicted": TokenEvicted,
    "token_revoked": TokenRevoked,
    "issue_refused": IssueRefused,
    "call_refused": CallRefused,
    "family_authorized": FamilyAuthorized,
    "refresh_refused": RefreshRefused,
    "family_ended": FamilyEnded,
    "app_changed": AppChanged,
    "fault_struck": FaultStruck,
    "trial_made": TrialMade,
    "token_adopted": TokenAdopted,
    "process_ended": ProcessEnded,
    "process_started": ProcessStarted,
}
"""The name of each kind of event in a trace."""


def event_line(event: Event) -> str:
    """Return ``event`` as one line, newline included."""
    return _WRITERS[type(event)](event)


def event_from(values: Mapping[str, object]) -> Event:
    """Return the event that a line's ``values`` describe.

    Raises:
        ValueError: they describe none; the text says what is wrong.
    """
    kind = values.get("event")
    if not isinstance(kind, str) or kind not in KINDS:
        raise ValueError(f"no such event: {kind!r}")
    wanted = _TYPES[kind]
    if values.keys() - {"event"} != wanted.keys():
        raise ValueError(f"{kind} has the fields {', '.join(wanted)}")
    for name, types in wanted.items():
        if type(values[name]) not in types:
            raise ValueError(f"{kind}.{name} cannot be {values[name]!r}")
    name, words = _WORDS.get(kind, ("at", ()))
    if words and values[name] not in words:
        raise ValueError(f"no such {name}: {values[name]!r}")
    return KINDS[kind](**{name: cast("Any", values[name]) for name in wanted})


_INT: tuple[type, ...] = (int,)
_TEXT: tuple[type, ...] = (str,)
_TYPE_OF_FIELD: dict[str, tuple[type, ...]] = {
    "at": _INT,
    "token": _INT,
    "expires_at": _INT,
    "displaced_by": _INT,
    "valid_until": _INT,
    "status": _INT,
    "process": _INT,
    "in_flight": _INT,
    "asked_by": _TEXT,
    "cause": _TEXT,
    "error": _TEXT,
    "reason": _TEXT,
    "change": _TEXT,
    "fault": _INT,
    "what": _TEXT,
    "family": _INT,
    "life": _INT,
}
_TYPES = {
    name: {field: _TYPE_OF_FIELD[field] for field in kind.__struct_fields__}
    for name, kind in KINDS.items()
}
_TYPES["call_refused"]["token"] = (int, type(None))
_TYPES["trial_made"]["token"] = _TYPES["trial_made"]["status"] = (int, type(None))
_TYPES["refresh_refused"]["family"] = (int, type(None))
_TYPES["process_ended"]["fault"] = (int, type(None))
_TYPES["process_ended"]["process"] = (int, str)
_WORDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "call_refused": ("cause", CAUSES),
    "refresh_refused": ("cause", REFRESH_CAUSES),
    "family_ended": ("reason", FAMILY_ENDS),
}
"""The fields that hold one of a few words, by the kind of event."""


def _token_issued(event: TokenIssued) -> str:
    return (
        f'{{"at": {event.at}, "event": "token_issued", "token": {event.token},'
        f' "expires_at": {event.expires_at}, "asked_by": {_quoted(event.asked_by)}}}\n'
    )


def _token_evicted(event: TokenEvicted) -> str:
    return (
        f'{{"at": {event.at}, "event": "token_evicted", "token": {event.token},'
        f' "displaced_by": {event.displaced_by}, "asked_by": {_quoted(event.asked_by)},'
        f' "valid_until": {event.valid_until}}}\n'
    )


def _token_revoked(event: TokenRevoked) -> str:
    return f'{{"at": {event.at}, "event": "token_revoked", "token": {event.token}}}\n'


def _issue_refused(event: IssueRefused) -> str:
    return (
        f'{{"at": {event.at}, "event": "issue_refused", "status": {event.status},'
        f' "error": {_quoted(event.error)}, "asked_by": {_quoted(event.asked_by)}}}\n'
    )


def _call_refused(event: CallRefused) -> str:
    token = "null" if event.token is None else event.token
    return (
        f'{{"at": {event.at}, "event": "call_refused", "token": {token},'
        f' "cause": "{event.cause}", "asked_by": {_quoted(event.asked_by)}}}\n'
    )


def _trial_made(event: TrialMade) -> str:
    token = "null" if event.token is None else event.token
    status = "null" if event.status is None else event.status
    return (
        f'{{"at": {event.at}, "event": "trial_made", "fault": {event.fault}, "token": {token},'
        f' "status": {status}}}\n'
    )


def _token_adopted(event: TokenAdopted) -> str:
    return (
        f'{{"at": {event.at}, "event": "token_adopted", "token": {event.token},'
        f' "process": {event.process}}}\n'
    )


def _family_authorized(event: FamilyAuthorized) -> str:
    return f'{{"at": {event.at}, "event": "family_authorized", "family": {event.family}}}\n'


def _refresh_refused(event: RefreshRefused) -> str:
    family = "null" if event.family is None else event.family
    return (
        f'{{"at": {event.at}, "event": "refresh_refused", "family": {family},'
        f' "cause": "{event.cause}", "asked_by": {_quoted(event.asked_by)}}}\n'
    )


def _family_ended(event: FamilyEnded) -> str:
    return (
        f'{{"at": {event.at}, "event": "family_ended", "family": {event.family},'
        f' "reason": "{event.reason}"}}\n'
    )


def _app_changed(event: AppChanged) -> str:
    return f'{{"at": {event.at}, "event": "app_changed", "change": {_quoted(event.change)}}}\n'


def _fault_struck(event: FaultStruck) -> str:
    return (
        f'{{"at": {event.at}, "event": "fault_struck", "fault": {event.fault},'
        f' "what": {_quoted(event.what)}}}\n'
    )


def _process_ended(event: ProcessEnded) -> str:
    fault = "null" if event.fault is None else event.fault
    who = _quoted(event.process) if isinstance(event.process, str) else event.process
    return (
        f'{{"at": {event.at}, "event": "process_ended", "process": {who},'
        f' "in_flight": {event.in_flight}, "reason": {_quoted(event.reason)}, "fault": {fault}}}\n'
    )


def _process_started(event: ProcessStarted) -> str:
    return (
        f'{{"at": {event.at}, "event": "process_started", "process": {event.process},'
        f' "life": {event.life}}}\n'
    )


_WRITERS: dict[type[Event], Callable[[Any], str]] = {
    TokenIssued: _token_issued,
    TokenEvicted: _token_evicted,
    TokenRevoked: _token_revoked,
    IssueRefused: _issue_refused,
    CallRefused: _call_refused,
    TrialMade: _trial_made,
    TokenAdopted: _token_adopted,
    ProcessEnded: _process_ended,
    ProcessStarted: _process_started,
    FamilyAuthorized: _family_authorized,
    RefreshRefused: _refresh_refused,
    FamilyEnded: _family_ended,
    AppChanged: _app_changed,
    FaultStruck: _fault_struck,
}
