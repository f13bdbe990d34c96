"""A served provider as the control API shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Literal

from tokenrace.clock import SECOND, Ticks
from tokenrace.fields.units import write_span
from tokenrace.provider.bursts import Endpoint, in_words
from tokenrace.provider.policy import TokenPolicy
from tokenrace.server.counts import Counts
from tokenrace.server.event_effects import FOREVER
from tokenrace.server.served import ServedProvider
from tokenrace.server.served_section import ServedSection
from tokenrace.trace.events import TokenId

TOKENS_SHOWN = 100


@dataclass(frozen=True, slots=True)
class TimeShown:
    """The provider's clock: microseconds since the server began, that in UTC, and how far the clock
    is ahead of real time."""

    at: Ticks
    utc: str
    ahead: str


@dataclass(frozen=True, slots=True)
class AppShown:
    """How the app stands."""

    is_active: bool
    is_blocked: bool
    owner_lacks: Literal["nothing", "scopes", "tokens"]


@dataclass(frozen=True, slots=True)
class TokenShown:
    """A live token, by its number; its instants are microseconds of the provider's clock."""

    token: TokenId
    asked_by: str
    issued_at: Ticks
    expires_at: Ticks


@dataclass(frozen=True, slots=True)
class BurstShown:
    """A burst that may strike yet; None where it has no end, and any number may be struck."""

    endpoint: Endpoint
    what: str
    ends_at: Ticks | None
    struck: int
    count: int | None


@dataclass(frozen=True, slots=True)
class MinterShown:
    """A second minter that asks on; None where it has no end, and may ask any number of times."""

    rate_hz: float
    ends_at: Ticks | None
    asked: int
    count: int | None


@dataclass(frozen=True, slots=True)
class JournalShown:
    """The number of the journal's newest entry, and how many it does not keep any more."""

    last: int
    dropped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A served provider. ``policy`` can be put back as it is; ``rules`` are what it comes to.

    ``live_tokens`` counts all that are live; ``tokens`` are the newest ``TOKENS_SHOWN`` of them,
    oldest first. ``consents`` counts those of the user's that have not ended. ``counts`` begin at
    the reset. ``waiting`` is how many wait for some of them (``POST wait``).
    """

    time: TimeShown
    policy: ServedSection
    rules: TokenPolicy
    app: AppShown
    live_tokens: int
    tokens: Sequence[TokenShown]
    consents: int
    counts: Counts
    issued_last_minute: int
    waiting: int
    bursts: Sequence[BurstShown]
    second_minters: Sequence[MinterShown]
    journal: JournalShown


def state_of(served: ServedProvider) -> State:
    """Return ``served`` as it is now."""
    now = served.clock.now()
    provider, standing = served.provider, served.provider.standing
    return State(
        time=time_of(served, now),
        policy=served.section,
        rules=provider.policy,
        app=AppShown(standing.is_active, standing.is_blocked, standing.owner_lacks),
        live_tokens=provider.ledger.live_count(now),
        tokens=_newest(served, now),
        consents=len(provider.live_consents(now)),
        counts=served.counts,
        issued_last_minute=served.issues.count(now),
        waiting=len(served.watch),
        bursts=_bursts(served, now),
        second_minters=[
            MinterShown(minter.rate_hz, minter.ends, minter.asked, minter.count)
            for minter in served.minters.standing(now)
        ],
        journal=JournalShown(served.journal.last, served.journal.dropped),
    )


def time_of(served: ServedProvider, now: Ticks) -> TimeShown:
    """Return what ``now`` is, in each way of saying it."""
    utc = datetime.fromtimestamp(served.terms.unix_time + now // SECOND, UTC)
    return TimeShown(now, utc.isoformat(), write_span(served.clock.offset))


def _newest(served: ServedProvider, now: Ticks) -> list[TokenShown]:
    newest = islice(served.provider.ledger.newest_live(now), TOKENS_SHOWN)
    shown = [
        TokenShown(
            record.token,
            record.asked_by,
            record.issued_at,
            record.expires_at,
        )
        for record in newest
    ]
    return shown[::-1]


def _bursts(served: ServedProvider, now: Ticks) -> list[BurstShown]:
    return [
        BurstShown(
            burst.endpoint,
            in_words(burst.ailment),
            None if burst.ends >= FOREVER else burst.ends,
            struck,
            burst.count,
        )
        for burst, struck in served.provider.bursts.standing(now)
    ]
