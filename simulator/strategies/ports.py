"""All that a strategy of one process may touch."""

from dataclasses import dataclass

from simulator.clock import Clock
from simulator.rng import Stream
from simulator.stores.contract import LeaseStore, Snapshot, TokenStore
from simulator.strategies.contract import TokenEndpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """What the engine lends to one process's strategy.

    ``snapshot`` shows the store's record with no I/O; None where the store cannot, and then a
    strategy that reads the store is never calm. ``holder`` names the process in leases. ``stream``
    is for a strategy's own chance, such as jitter.
    """

    endpoint: TokenEndpoint
    clock: Clock
    stream: Stream
    store: TokenStore
    leases: LeaseStore
    snapshot: Snapshot | None
    holder: str
