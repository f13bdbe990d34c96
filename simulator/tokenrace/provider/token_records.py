"""Tokens as the provider knows them; and those of each family of refresh tokens."""

from collections import OrderedDict
from collections.abc import Collection, Iterator

from msgspec import Struct

from tokenrace.clock import Ticks
from tokenrace.provider.refresh_tokens import RefreshToken
from tokenrace.trace.events import FamilyId, TokenId


class TokenRecord(Struct, frozen=True, kw_only=True, gc=False):
    """A token as the provider knows it. ``expires_at`` is the first instant it is not live.

    ``slot`` is what the request named, 0 where it named none. ``refresh`` is the refresh token it
    was issued with, None where there was none.
    """

    token: TokenId
    issued_at: Ticks
    expires_at: Ticks
    asked_by: str
    slot: int = 0
    refresh: RefreshToken | None = None


class TokensByFamily:
    """The live tokens that came with a refresh token, by its family, in order of issue.

    A family's places never go down from one issue to the next, so those that came with an earlier
    place than the newest are the oldest ones: who looks for them sees those and one more.
    """

    __slots__ = ("_families",)

    def __init__(self) -> None:
        self._families: dict[FamilyId, OrderedDict[TokenId, TokenRecord]] = {}

    def add(self, record: TokenRecord) -> None:
        """Take in a token that was issued just now, with a refresh token."""
        assert record.refresh is not None
        family = self._families.setdefault(record.refresh.family, OrderedDict())
        family[record.token] = record

    def take_out(self, record: TokenRecord) -> None:
        """Forget a token that is live no more."""
        assert record.refresh is not None
        family = self._families[record.refresh.family]
        del family[record.token]
        if not family:
            del self._families[record.refresh.family]

    def of(self, family: FamilyId) -> Collection[TokenRecord]:
        """Return the tokens of ``family``, oldest first; the expired ones too, if any are left."""
        return self._families.get(family, OrderedDict()).values()

    def before(self, refresh: RefreshToken) -> Iterator[TokenRecord]:
        """Yield the tokens that came with an earlier place of the family of ``refresh``."""
        for record in self.of(refresh.family):
            if not came_before(record, refresh):
                return
            yield record


def came_before(record: TokenRecord, refresh: RefreshToken | None) -> bool:
    """Return whether ``record`` came with an earlier place of the family of ``refresh``."""
    own = record.refresh
    if own is None or refresh is None:
        return False
    return own.family == refresh.family and own.place < refresh.place
