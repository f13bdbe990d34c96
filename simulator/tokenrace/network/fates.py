"""What may befall a message: small rules, each of which may lose what the ones before it let pass.

A request that is lost never takes effect. An answer that is lost leaves the effect: a lost answer
to a token request leaves the token issued, and nobody has it.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

from msgspec import Struct

from tokenrace.clock import Ticks
from tokenrace.distributions import PER_MILLION, Spanned

LinkName = Literal["token", "api", "store"]
NEVER: Ticks = 1 << 60
"""How long a lost message takes: longer than any run, and sums of it still fit 64 bits."""


class Ways(Struct, frozen=True, gc=False):
    """One round trip, in ticks; ``NEVER`` for a message that is lost."""

    there: Ticks
    back: Ticks


class Rule(Protocol):
    """What may befall a message of one caller on one link."""

    def fate(self, ways: Ways, sent_at: Ticks) -> Ways:
        """Return the ways that a request sent at ``sent_at`` takes, which so far were ``ways``."""
        ...


@dataclass(frozen=True, slots=True)
class Loss:
    """Loses each message with a chance of ``per_million``, drawn from the caller's ``chances``."""

    chances: Spanned
    per_million: int

    def fate(self, ways: Ways, sent_at: Ticks) -> Ways:  # noqa: ARG002
        chance = self.chances.next()
        if chance < self.per_million:
            return Ways(NEVER, ways.back)
        return Ways(ways.there, NEVER) if chance < either_lost(self.per_million) else ways


def either_lost(per_million: int) -> int:
    """Return the chance, per million, that a request or else its answer is lost: p + (1 - p) p."""
    return per_million + (PER_MILLION - per_million) * per_million // PER_MILLION


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """Loses every request that sets out from ``begins`` to ``ends``, the end exclusive."""

    begins: Ticks
    ends: Ticks

    def fate(self, ways: Ways, sent_at: Ticks) -> Ways:
        return Ways(NEVER, ways.back) if self.begins <= sent_at < self.ends else ways


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """Keeps every request that sets out from ``begins`` to ``ends``, the end exclusive, for ``by``
    more before it arrives."""

    begins: Ticks
    ends: Ticks
    by: Ticks

    def fate(self, ways: Ways, sent_at: Ticks) -> Ways:
        is_kept = ways.there < NEVER and self.begins <= sent_at < self.ends
        return Ways(ways.there + self.by, ways.back) if is_kept else ways


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """Process ``process`` (its name) reaches nobody over ``link`` from ``begins`` to ``ends``.

    A message is lost that sets out within, the end exclusive; one under way arrives.
    """

    process: str
    link: LinkName
    begins: Ticks
    ends: Ticks

    def concerns(self, link: LinkName, caller: str) -> bool:
        """Return whether ``caller``, a process or one of its workers, is cut off ``link``."""
        return link == self.link and caller.partition(".")[0] == self.process

    def holds(self, at: Ticks) -> bool:
        """Return whether a message that sets out at ``at`` is lost."""
        return self.begins <= at < self.ends

    def fate(self, ways: Ways, sent_at: Ticks) -> Ways:
        if self.holds(sent_at):
            return Ways(NEVER, ways.back)
        return Ways(ways.there, NEVER) if self.holds(sent_at + ways.there) else ways
