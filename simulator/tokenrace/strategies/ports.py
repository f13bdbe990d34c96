"""All that a strategy of one process may touch."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from tokenrace.clock import Clock
from tokenrace.distributions import Stream
from tokenrace.stores.contract import LeaseStore, RowLocks, Snapshot, TokenStore
from tokenrace.strategies.contract import Denied, TokenEndpoint
from tokenrace.token import Token


class Insight(Protocol):
    """What the provider knows and tells nobody else; it takes no time."""

    def is_valid(self, token: Token) -> bool:
        """Return whether the API accepts ``token`` now."""
        ...

    def newest(self) -> Token | None:
        """Return the newest token that the API accepts now, or else will accept."""
        ...

    def issue(self) -> Token | Denied:
        """Have a token issued at once, unless none would be accepted."""
        ...


class BrokerLine(Protocol):
    """One process's line to the broker of its fleet."""

    async def current(self) -> Token:
        """Return the token the broker has.

        Raises:
            TokenUnavailable: it has none, and was given none.
            StoreUnavailable: it does not answer.
        """
        ...

    async def other_than(self, refused: Token) -> Token:
        """Say that ``refused`` will not do; return what the broker has then. As ``current``."""
        ...

    def listen(self, take: Callable[[Token], None]) -> None:
        """Have ``take`` called with every new token that the broker tells of."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a process's own HTTP client finds the provider, and as whom. The query of
    ``token_url`` tells the provider which process asks."""

    token_url: str
    api_url: str
    account_id: str
    client_id: str
    client_secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """What the engine lends to one process's strategy.

    ``snapshot`` shows the store's record with no I/O; None where the store cannot, and then a
    strategy that reads the store is never calm. ``row_locks`` is None where the store cannot lock
    its record. ``holder`` names the process in leases. ``stream`` is for a strategy's own chance,
    such as jitter. ``insight`` is the oracle's, None where the provider is out of reach. ``broker``
    is None in a fleet that has none. ``shard`` returns the ports of one part of the fleet's work: a
    record and a lease of its own in the same store, and its number as ``token_index``; None where
    the engine cannot divide its store. ``site`` is for a client of the user's own, None where no
    HTTP is served.
    """

    endpoint: TokenEndpoint
    clock: Clock
    stream: Stream
    store: TokenStore
    leases: LeaseStore
    snapshot: Snapshot | None
    holder: str
    insight: Insight | None = None
    row_locks: RowLocks | None = None
    broker: BrokerLine | None = None
    shard: "Callable[[int], Ports] | None" = None
    site: Site | None = None
