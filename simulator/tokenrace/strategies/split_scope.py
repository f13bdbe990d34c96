"""Scopes in which one process has several tokens: its strategy is split, and each worker has a part
(``split.py``)."""

from dataclasses import dataclass
from typing import Annotated

from tokenrace.clock import MILLISECOND, SECOND
from tokenrace.strategies.fleet_scope import LocalCopy, StoreDown
from tokenrace.strategies.lease_scope import LeaseCas, LeaseSpan, Poll, Wait
from tokenrace.strategies.parameters import Count, Share
from tokenrace.strategies.ports import Ports
from tokenrace.strategies.scope import IssueToken, Keeper, Process


@dataclass(frozen=True, slots=True, kw_only=True)
class Clients:
    """In the memory of each of several client objects of a process, which know nothing of each
    other: a lock in one is none for the others.

    So it is with a client for each worker or request [axios-auth-refresh #210, Authlib #673,
    grpc-go #1238].
    """

    clients: Annotated[int, Count("How many client objects the workers of a process share.", 1)] = 5

    def __post_init__(self) -> None:
        _check_counts(self, "clients")

    def keeper(self, issue: IssueToken, ports: Ports) -> Keeper:
        """Return the keeper of one client."""
        return Process().keeper(issue, ports)


@dataclass(frozen=True, slots=True, kw_only=True)
class Partitioned:
    """In the store, a record and a lease for each of several parts into which the fleet's workers
    fall; within a part as lease_cas.

    A part names its number as ``token_index`` when it asks for a token; where the provider has a
    slot for each, as Zoom's of 2022, the parts do not evict each other.
    """

    shards: Annotated[
        int, Count("Into how many parts the fleet's workers fall, each with a token of its own.", 1)
    ] = 4
    lease: LeaseSpan = 10 * SECOND
    deadline: Annotated[
        float, Share("After which part of its lease a holder stops waiting for a token.")
    ] = 0.5
    poll: Poll = 50 * MILLISECOND
    wait: Wait = 12 * SECOND
    local_copy: LocalCopy = 0
    store_down: StoreDown = "fail"

    def __post_init__(self) -> None:
        _check_counts(self, "shards")
        self._within()

    def keeper(self, issue: IssueToken, ports: Ports) -> Keeper:
        """Return the keeper of one part."""
        return self._within().keeper(issue, ports)

    def _within(self) -> LeaseCas:
        return LeaseCas(
            lease=self.lease,
            deadline=self.deadline,
            poll=self.poll,
            wait=self.wait,
            local_copy=self.local_copy,
            store_down=self.store_down,
        )


def _check_counts(scope: object, name: str) -> None:
    if getattr(scope, name) < 1:
        raise ValueError(f"{name} must be at least 1, got {getattr(scope, name)}")
