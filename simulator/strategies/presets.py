"""The presets: strategies that real libraries and services ship, each by its usual name.

``check_then_act``, ``mutex_double_checked``, ``single_flight`` and both shared ones differ in
control and scope alone: their leeway is the same, so that comparing them compares that.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.clock import MINUTE, SECOND
from simulator.strategies.broker_scope import Broker
from simulator.strategies.composition import Composition
from simulator.strategies.control import MutexDoubleChecked, MutexNoRecheck, TryLock, Uncontrolled
from simulator.strategies.early_trigger import Timer, TwoWindow, XFetch
from simulator.strategies.failure import Raise, ServeOld
from simulator.strategies.fleet_scope import SharedCache
from simulator.strategies.flight import Background, SingleFlight
from simulator.strategies.lease_scope import LeaseCas, SharedLock
from simulator.strategies.on_401 import Ignore, Issue, IssueIfSame
from simulator.strategies.oracle_scope import Oracle
from simulator.strategies.row_lock_scope import HostFileLock, SqlRowLock
from simulator.strategies.scope import Process
from simulator.strategies.split_scope import Partitioned
from simulator.strategies.trigger import EveryCall, Leeway


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A composition with what there is to say about it.

    ``sources`` tells for each parameter whose default its number is; one without is ours.
    """

    composition: Composition
    summary: str
    promises: str
    does_not: str
    sources: Mapping[str, str]


_MINUTE_OF_AWS = "aws-sdk-go-v2 CredentialsCache, mandatory window = 1 min"
_MINUTE_OF_RIVET = "zoom/rivet-javascript 0.4.0, EXPIRATION_DELTA_SECONDS = 60"
_AIRBYTE = "airbyte-cdk 7.39.1, REFRESH_TOKEN_THEN_RETRY once per request"
_NANGO = {
    "poll": "NangoHQ/nango@00e3a22 refresh.ts, polled every 50 ms",
    "wait": "NangoHQ/nango@00e3a22 refresh.ts, for up to 12 s",
}

PRESETS: Mapping[str, Preset] = {
    "mint_per_call": Preset(
        composition=Composition(
            trigger=EveryCall(),
            control=Uncontrolled(),
            scope=Process(),
            on_401=Ignore(),
            failure=Raise(),
        ),
        summary="A new token for every call.",
        promises="No call uses a token that an earlier call used.",
        does_not="Keep the tokens of concurrent calls from evicting each other.",
        sources={},
    ),
    "check_then_act": Preset(
        composition=Composition(
            trigger=Leeway(leeway=60 * SECOND),
            control=Uncontrolled(),
            scope=Process(),
            on_401=Ignore(),
            failure=Raise(),
        ),
        summary="Keep the token until shortly before its expiry; no lock.",
        promises="One token per lifetime for a process with a single worker.",
        does_not="Stop its workers from all refreshing when they find the token old.",
        sources={
            "leeway": f"{_MINUTE_OF_RIVET}; Spring Security, clockSkew = 60 s",
        },
    ),
    "mutex_no_recheck": Preset(
        composition=Composition(
            trigger=Leeway(leeway=30 * SECOND),
            control=MutexNoRecheck(),
            scope=Process(),
            on_401=Ignore(),
            failure=Raise(),
        ),
        summary="A lock around the refresh, but nobody looks again once inside.",
        promises="At most one refresh of a process is under way.",
        does_not="Save a single token: each worker in line still has one issued.",
        sources={"leeway": "httpx-auth 0.23.1, early_expiry = 30 s"},
    ),
    "mutex_double_checked": Preset(
        composition=Composition(
            trigger=Leeway(leeway=60 * SECOND),
            control=MutexDoubleChecked(),
            scope=Process(),
            on_401=Ignore(),
            failure=Raise(),
        ),
        summary="Look, lock, look again, then refresh under the lock.",
        promises="One token per process and lifetime.",
        does_not="Know of other processes; notice that its token was evicted; spare its workers "
        "a failing token endpoint, which each of them asks in turn.",
        sources={"leeway": "Authlib 1.9.9, leeway = 60 s (golang.org/x/oauth2 has 10 s)"},
    ),
    "single_flight": Preset(
        composition=Composition(
            trigger=Leeway(leeway=60 * SECOND),
            control=SingleFlight(),
            scope=Process(),
            on_401=Ignore(),
            failure=Raise(),
        ),
        summary="The first worker refreshes; those who come meanwhile share its result.",
        promises="One token per process and lifetime; one failure shared by all who waited; a "
        "cancelled worker takes nobody down.",
        does_not="Know of other processes; notice that its token was evicted.",
        sources={"leeway": _MINUTE_OF_AWS},
    ),
    "reactive_unconditional": Preset(
        composition=Composition(
            trigger=Leeway(leeway=225 * SECOND),
            control=Uncontrolled(),
            scope=Process(),
            on_401=Issue(retries=1),
            failure=Raise(),
        ),
        summary="On a 401, have a new token issued and try again; no lock, no comparison.",
        promises="A worker alone recovers from an eviction within one call.",
        does_not="See that somebody has refreshed already: each 401 evicts one more token, and the "
        "workers can keep each other in 401s for good.",
        sources={
            "leeway": "google-auth 2.62.2, REFRESH_THRESHOLD = 225 s",
            "retries": "Duende.AccessTokenManagement 4, one retry with ForceTokenRenewal "
            "(google-auth has 2)",
        },
    ),
    "reactive_cas": Preset(
        composition=Composition(
            trigger=Leeway(leeway=60 * SECOND),
            control=SingleFlight(),
            scope=Process(),
            on_401=IssueIfSame(retries=1),
            failure=Raise(),
        ),
        summary="On a 401, refresh only if the refused token is still the one in use; try again.",
        promises="One refresh per dead token and process, however late its 401s arrive.",
        does_not="Know of other processes: with fewer live tokens than processes they evict each "
        "other.",
        sources={
            "leeway": _MINUTE_OF_AWS,
            "retries": _AIRBYTE,
        },
    ),
    "shared_cache_no_lock": Preset(
        composition=Composition(
            trigger=Leeway(leeway=60 * SECOND),
            control=Uncontrolled(),
            scope=SharedCache(),
            on_401=Ignore(),
            failure=Raise(),
        ),
        summary="Read the token from the fleet's store for every call; no lock.",
        promises="Between refreshes the whole fleet uses one token.",
        does_not="Stop the fleet from refreshing all at once, nor an answer that comes late from "
        "putting a dead token into the store.",
        sources={
            "leeway": f"{_MINUTE_OF_RIVET}, with a shared store",
        },
    ),
    "shared_lock": Preset(
        composition=Composition(
            trigger=Leeway(leeway=60 * SECOND),
            control=Uncontrolled(),
            scope=SharedLock(),
            on_401=Ignore(),
            failure=Raise(),
        ),
        summary="Read the fleet's store for every call; refresh under a lock of the whole fleet.",
        promises="One token per lifetime for the whole fleet, while the token endpoint answers "
        "within lock_ttl.",
        does_not="Stop a holder slower than lock_ttl from refreshing beside its successor; notice "
        "that its token was evicted.",
        sources={
            "leeway": "Duende.AccessTokenManagement 4, renewal 60 s before expiry",
            "lock_ttl": "NangoHQ/nango@00e3a22 refresh.ts, lock of 10 s",
            **_NANGO,
        },
    ),
    "advisory_mandatory": Preset(
        composition=Composition(
            trigger=TwoWindow(advisory=15 * MINUTE, mandatory=10 * MINUTE),
            control=TryLock(),
            scope=Process(),
            on_401=Ignore(),
            failure=ServeOld(pause=0),
        ),
        summary="Try the lock early: one worker refreshes, the others use the old token; late, "
        "all wait.",
        promises="One token per process and lifetime, and nobody waits but the one who refreshes; "
        "a failure before the late window is not felt.",
        does_not="Know of other processes; notice that its token was evicted.",
        sources={
            "advisory": "botocore 1.44.5, _advisory_refresh_timeout = 15 min",
            "mandatory": "botocore 1.44.5, _mandatory_refresh_timeout = 10 min",
            "pause": "botocore 1.44.5 remembers no failure",
        },
    ),
    "stale_async": Preset(
        composition=Composition(
            trigger=TwoWindow(advisory=225 * SECOND, mandatory=0),
            control=Background(),
            scope=Process(),
            on_401=Ignore(),
            failure=ServeOld(pause=30 * SECOND),
        ),
        summary="One refresh in the background while the old token is used to its end.",
        promises="One token per process and lifetime, and nobody waits for it.",
        does_not="Know of other processes; notice that its token was evicted.",
        sources={
            "advisory": "google-auth 2.62.2, REFRESH_THRESHOLD = 225 s",
            "mandatory": "google-auth 2.62.2, INVALID at the expiry",
            "pause": "azure-identity 1.27.0, no second try within 30 s",
        },
    ),
    "timer_refresh": Preset(
        composition=Composition(
            trigger=Timer(fraction=0.8, jitter=10 * SECOND),
            control=SingleFlight(),
            scope=Process(),
            on_401=Ignore(),
            failure=Raise(),
        ),
        summary="A timer renews the token at four fifths of its life; requests never do.",
        promises="No request waits, but for a process's first token.",
        does_not="Know of other processes; notice that its token was evicted or revoked.",
        sources={
            "fraction": "kubelet token manager, at 80 % of the life (Envoy: half, Vault: 2/3)",
            "jitter": "kubelet token manager, U(0, 10 s)",
        },
    ),
    "xfetch": Preset(
        composition=Composition(
            trigger=XFetch(beta=1.0),
            control=Uncontrolled(),
            scope=SharedCache(),
            on_401=Ignore(),
            failure=Raise(),
        ),
        summary="Each call may refresh early, at random, the likelier the nearer the expiry.",
        promises="No lock, and no herd: e^(1/beta) tokens per rotation on average.",
        does_not="Keep the second of those from evicting the first: with a cap of 1 and beta 1, "
        "63 % of rotations do that.",
        sources={"beta": "Vattani, Chierichetti, Lowenstein, PVLDB 8(8) 2015, beta = 1"},
    ),
    "lease_cas": Preset(
        composition=Composition(
            trigger=Leeway(leeway=60 * SECOND),
            control=SingleFlight(),
            scope=LeaseCas(),
            on_401=IssueIfSame(retries=1),
            failure=Raise(),
        ),
        summary="A lease, a deadline within it, a write that is compared; on a 401 refresh only "
        "if the refused token is still the one in the store.",
        promises="One token per lifetime for the whole fleet; a holder that is late writes nothing "
        "over a newer token; an evicted token is replaced once.",
        does_not="Undo the eviction that a token asked for in vain has caused at the provider.",
        sources={
            "leeway": _MINUTE_OF_AWS,
            "deadline": "ours: half, which leaves the other half for the write",
            "lease": "memcache leases, NSDI 2013 section 3.2.1, 10 s; Nango the same",
            "retries": _AIRBYTE,
            **_NANGO,
        },
    ),
    "partitioned": Preset(
        composition=Composition(
            trigger=Leeway(leeway=60 * SECOND),
            control=SingleFlight(),
            scope=Partitioned(shards=4),
            on_401=IssueIfSame(retries=1),
            failure=Raise(),
        ),
        summary="The workers fall into four parts, each with a token, a record and a lease of its "
        "own, as lease_cas.",
        promises="One token per lifetime for each part; what happens to one token is felt by a "
        "quarter of the workers.",
        does_not="Do with fewer live tokens than parts, where they count for all parts together; "
        "only slots named by token_index give each part a cap of its own.",
        sources={
            "leeway": _MINUTE_OF_AWS,
            "deadline": "ours, as lease_cas",
            "lease": "memcache leases, NSDI 2013 section 3.2.1, 10 s; Nango the same",
            "shards": "ours (Zoom's token_index of 2022 had five)",
            "retries": _AIRBYTE,
            **_NANGO,
        },
    ),
    "token_broker": Preset(
        composition=Composition(
            trigger=Leeway(leeway=0),
            control=SingleFlight(),
            scope=Broker(renew_at=0.8, delivery="push", min_interval=SECOND),
            on_401=IssueIfSame(retries=1),
            failure=Raise(),
        ),
        summary="One process has all tokens issued and pushes them to the others, which ask for "
        "none.",
        promises="One token at a time for the whole fleet; a refused token is replaced once, "
        "however many say so.",
        does_not="Reach a process faster than the network: with a cap of 1 the requests under way "
        "while a new token spreads are refused; go on past a token's expiry without its broker.",
        sources={
            "leeway": "ours: the broker is earlier",
            "renew_at": "kubelet token manager, at 80 % of the life (Envoy: half, Vault: 2/3)",
            "poll_every": "Kubernetes, a mounted secret is looked at every 60 s",
            "min_interval": "ours",
            "retries": _AIRBYTE,
        },
    ),
    "oracle": Preset(
        composition=Composition(
            trigger=Leeway(leeway=10 * SECOND),
            control=Uncontrolled(),
            scope=Oracle(),
            on_401=IssueIfSame(retries=1),
            failure=Raise(),
        ),
        summary="Know what the provider knows: a yardstick, and nothing anybody could build.",
        promises="No 401 but those of requests under way when their token ends; what another "
        "strategy has more is avoidable.",
        does_not="Exist outside the virtual engine.",
        sources={"leeway": "ours: longer than any request is under way", "retries": "ours"},
    ),
    "sql_row_lock": Preset(
        composition=Composition(
            trigger=Leeway(leeway=60 * SECOND),
            control=Uncontrolled(),
            scope=SqlRowLock(),
            on_401=Ignore(),
            failure=Raise(),
        ),
        summary="Lock the token's row, look again, refresh and write in one transaction.",
        promises="One token per lifetime for the whole fleet, however slow the token endpoint is, "
        "however long a process stands still.",
        does_not="Go on while the holder stands still: everybody waits, each with an open "
        "connection; notice that its token was evicted.",
        sources={
            "leeway": "Duende.AccessTokenManagement 4, renewal 60 s before expiry",
            "lock_timeout": f"as long as shared_lock waits: {_NANGO['wait']} (PostgreSQL: no end, "
            "lock_timeout = 0; MySQL: innodb_lock_wait_timeout = 50 s)",
        },
    ),
    "host_file_lock": Preset(
        composition=Composition(
            trigger=Leeway(leeway=60 * SECOND),
            control=Uncontrolled(),
            scope=HostFileLock(),
            on_401=Ignore(),
            failure=Raise(),
        ),
        summary="Lock a file of the host, look again, refresh and write the file.",
        promises="One token per lifetime for all processes of one host.",
        does_not="Know of other hosts; keep any order among those who wait; notice that its token "
        "was evicted.",
        sources={
            "leeway": "Duende.AccessTokenManagement 4, renewal 60 s before expiry",
            "lock_timeout": "msal-extensions CrossPlatLock, for up to 5 s (it locks the write of "
            "its cache only)",
            "poll": "msal-extensions CrossPlatLock, tried every 0.25 s",
        },
    ),
}
