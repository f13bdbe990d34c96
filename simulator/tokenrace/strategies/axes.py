"""The five axes, and by which word a scenario names each kind on them."""

from collections.abc import Mapping
from typing import Any

from tokenrace.strategies.broker_scope import Broker
from tokenrace.strategies.control import (
    MutexDoubleChecked,
    MutexNoRecheck,
    TryLock,
    TurnAway,
    Uncontrolled,
)
from tokenrace.strategies.early_trigger import Timer, TwoWindow, XFetch
from tokenrace.strategies.failure import Backoff, NegativeCache, Raise, ServeOld
from tokenrace.strategies.fleet_scope import SharedCache
from tokenrace.strategies.flight import Background, LateFlag, LeaderFlight, SingleFlight
from tokenrace.strategies.lease_scope import LeaseCas, SharedLock
from tokenrace.strategies.on_401 import Evict, EvictIfSame, Ignore, Issue, IssueIfSame
from tokenrace.strategies.oracle_scope import Oracle
from tokenrace.strategies.row_lock_scope import HostFileLock, SqlRowLock
from tokenrace.strategies.scope import Layered, Process
from tokenrace.strategies.split_scope import Clients, Partitioned
from tokenrace.strategies.trigger import EveryCall, Leeway

AXES: Mapping[str, Mapping[str, type[Any]]] = {
    "trigger": {
        "none": EveryCall,
        "leeway": Leeway,
        "two_window": TwoWindow,
        "timer": Timer,
        "xfetch": XFetch,
    },
    "control": {
        "none": Uncontrolled,
        "mutex_no_recheck": MutexNoRecheck,
        "mutex_double_checked": MutexDoubleChecked,
        "single_flight": SingleFlight,
        "leader_flight": LeaderFlight,
        "try_lock": TryLock,
        "background": Background,
        "late_flag": LateFlag,
        "turn_away": TurnAway,
    },
    "scope": {
        "process": Process,
        "layered": Layered,
        "shared_cache": SharedCache,
        "shared_lock": SharedLock,
        "lease_cas": LeaseCas,
        "clients": Clients,
        "partitioned": Partitioned,
        "broker": Broker,
        "oracle": Oracle,
        "sql_row_lock": SqlRowLock,
        "host_file_lock": HostFileLock,
    },
    "on_401": {
        "ignore": Ignore,
        "evict": Evict,
        "evict_if_same": EvictIfSame,
        "mint": Issue,
        "mint_if_same": IssueIfSame,
    },
    "failure": {
        "raise": Raise,
        "serve_old": ServeOld,
        "backoff": Backoff,
        "negative_cache": NegativeCache,
    },
}
"""Axis -> word -> kind. Every kind can be made with its defaults; the first of an axis is what a
strategy has that says nothing of it, the trigger aside, which is a leeway."""


NEED_ROW_LOCKS = ("sql_row_lock", "host_file_lock")
"""The scopes that make sense only in a store that can lock its record."""
NEED_SHARED_STORE = ("shared_cache", "shared_lock", "lease_cas", *NEED_ROW_LOCKS)
"""The scopes that make sense only in a store that processes share."""


def word_of(axis: str, kind: object) -> str:
    """Return the word for the kind that ``kind`` is of."""
    return next(word for word, known in AXES[axis].items() if isinstance(kind, known))
