"""One provider being served: it answers, it is changed, and it remembers what happened.

No sockets here, and no ``await``: each method takes effect at once, so that requests and changes
have one total order. What a second minter asks comes in between, as any other client's requests do.
"""

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from tokenrace.clock import DAY, SECOND, Ticks
from tokenrace.fields.units import write_span
from tokenrace.provider import lifecycle
from tokenrace.provider.app import App
from tokenrace.provider.bursts import Burst, Bursts, in_words
from tokenrace.provider.endpoints import Provider
from tokenrace.provider.http import Exchange, ZoomHttp
from tokenrace.provider.lifecycle import Change, ChangePolicy, RotateSecret
from tokenrace.provider.limits import ApiLimits
from tokenrace.provider.messages import Granted
from tokenrace.provider.reading import HttpRequest
from tokenrace.provider.redaction import Redaction
from tokenrace.rng import Streams
from tokenrace.scenario.expectations import Expectation
from tokenrace.server.counts import Counts, LastMinute
from tokenrace.server.journal import Entry, Journal, Kept
from tokenrace.server.second_minters import SecondMinter, SecondMinters
from tokenrace.server.served_section import ServedSection
from tokenrace.server.shifted_clock import ShiftedClock
from tokenrace.server.watch import Watch
from tokenrace.trace.events import ProviderEvent
from tokenrace.trace.tally import Peak


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is served at the start, and again after every reset.

    ``unix_time`` is that of tick 0, in seconds. ``expect`` is what the served scenario expects, if
    there is one.
    """

    app: App
    section: ServedSection
    signing_key: bytes = field(repr=False)
    unix_time: int
    api_url: str
    expect: tuple[Expectation, ...] = ()


class ServedProvider:
    """The provider of ``terms`` by ``clock``; ``sink`` gets each entry of its journal."""

    def __init__(self, terms: Terms, clock: ShiftedClock, sink: Callable[[Kept], None]) -> None:
        self.terms = terms
        self.clock = clock
        self.redaction = Redaction(terms.app.credentials.client_secret)
        """Keeps secrets out of whatever is shown."""
        self.journal = Journal(sink, self.redaction)
        self.watch = Watch()
        self.minters = SecondMinters(self.answer, clock)
        self.section = terms.section
        self._resets = 0
        self._begin()

    def answer(self, asked: HttpRequest) -> Exchange:
        """Let ``asked`` take effect; return what to send."""
        now = self.clock.now()
        exchange = self.zoom.handle(asked, now)
        self.counts.take(exchange)
        if exchange.reached == "token":
            self.counts.token_requests += 1
            self.counts.token_requests_peak = self._requests.add(now)
        if exchange.endpoint == "token":
            live = self.provider.ledger.live_count(now)
            self.counts.live_peak = max(self.counts.live_peak, live)
            if isinstance(exchange.reply, Granted) and exchange.reply.is_new:
                self.issues.add(now)
        self.journal.take_request(asked, exchange, now)
        self.watch.changed(self.counts)
        return exchange

    def undergo(self, change: Change) -> Entry:
        """Let ``change`` happen to the app; return what happened, as it is in the journal."""
        if isinstance(change, RotateSecret):
            self.redaction.hide(change.new_secret)
        _, *events = self.provider.undergo(change, self.clock.now())
        return self._changed(lifecycle.in_words(change), events)

    def suffer(self, burst: Burst, extent: str) -> Entry:
        """Let ``burst`` strike; return what it does, and to what ``extent``, in words."""
        bursts = self.provider.bursts
        bursts.forget_over(self.clock.now())
        bursts.add(burst)
        where = "token endpoint" if burst.endpoint == "token" else "API"
        does = f"from now on, the {where} {in_words(burst.ailment)}"
        return self._changed(f"{does}: {extent}" if extent else does, ())

    def keep_by(self, section: ServedSection) -> Entry:
        """Keep tokens, and limit calls, by ``section`` from now on; return that."""
        policy, before = section.policy(), self.section
        self.section = section
        if (section.plan, section.limit_headers) != (before.plan, before.limit_headers):
            self.provider.limit(self._limits())
        _, *events = self.provider.undergo(ChangePolicy(policy=policy), self.clock.now())
        named = section.model_dump(mode="json", exclude_unset=True)
        rules = ", ".join(f"{key} {value}" for key, value in named.items()) or section.profile
        return self._changed(f"rules from now on: {rules}", events)

    def authorize(self) -> tuple[Entry, str]:
        """Take the user's consent; return that, and the value of its first refresh token.

        Raises:
            ValueError: the rules know no refresh tokens.
        """
        value, events = self.zoom.authorize(self.clock.now())
        return self._changed("the user consents", events), value

    def admit(self, minter: SecondMinter) -> Entry:
        """Let ``minter`` begin, with the app's newest secret; return that."""
        shown = self.terms.app.credentials
        secret = self.provider.standing.secret
        self.minters.begin(minter, replace(shown, client_secret=secret))
        return self._changed(f"a second minter asks for tokens, {minter.rate_hz:g}/s", ())

    def move_forward(self, span: Ticks) -> Entry:
        """Move the clock; return that."""
        self.clock.move_forward(span)
        return self._changed(f"the clock was moved forward by {write_span(span)}", ())

    def reset(self) -> Entry:
        """Begin anew, with the secret, the rules and the clock of the start; and a signing key of
        its own, so that no token from before is taken for a new one."""
        self._resets += 1
        self.clock.restart()
        self.minters.end()
        self.journal.clear()
        self._begin()
        return self._changed("reset", ())

    @property
    def provider(self) -> Provider:
        """The provider as it is since the last reset."""
        return self.zoom.provider

    def _begin(self) -> None:
        terms = self.terms
        self.section = terms.section
        self.counts = Counts()
        self.issues = LastMinute()
        self._requests = Peak()
        self.zoom = ZoomHttp(
            Provider(terms.app, terms.section.policy(), self._limits(), Bursts((), Streams(0))),
            signing_key=hmac.digest(terms.signing_key, b"%d" % self._resets, hashlib.sha256),
            epoch=terms.unix_time,
            api_url=terms.api_url,
            redaction=self.redaction,
        )

    def _limits(self) -> ApiLimits | None:
        limits, midnight = self.section.limits(), -(self.terms.unix_time * SECOND % DAY)
        return None if limits is None else replace(limits, midnight=midnight)

    def _changed(self, what: str, events: Sequence[ProviderEvent]) -> Entry:
        self.counts.take_ends(events)
        entry = self.journal.take_change(what, events, self.clock.now())
        self.watch.changed(self.counts)
        return entry
