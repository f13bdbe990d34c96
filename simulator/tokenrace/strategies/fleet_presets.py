"""The presets that share tokens beyond the process, and the oracle."""

from collections.abc import Mapping

from tokenrace.clock import SECOND
from tokenrace.strategies.broker_scope import Broker
from tokenrace.strategies.composition import Composition
from tokenrace.strategies.control import Uncontrolled
from tokenrace.strategies.early_trigger import XFetch
from tokenrace.strategies.failure import Raise
from tokenrace.strategies.fleet_scope import SharedCache
from tokenrace.strategies.flight import SingleFlight
from tokenrace.strategies.lease_scope import LeaseCas, SharedLock
from tokenrace.strategies.on_401 import Ignore, IssueIfSame
from tokenrace.strategies.oracle_scope import Oracle
from tokenrace.strategies.preset import AIRBYTE, MINUTE_OF_AWS, MINUTE_OF_RIVET, Preset
from tokenrace.strategies.row_lock_scope import HostFileLock, SqlRowLock
from tokenrace.strategies.split_scope import Partitioned
from tokenrace.strategies.trigger import Leeway

_NANGO = {
    "poll": "NangoHQ/nango@00e3a22 refresh.ts, polled every 50 ms",
    "wait": "NangoHQ/nango@00e3a22 refresh.ts, for up to 12 s",
}

FLEET_PRESETS: Mapping[str, Preset] = {
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
            "leeway": f"{MINUTE_OF_RIVET}, with a shared store",
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
            "leeway": MINUTE_OF_AWS,
            "deadline": "ours: half, which leaves the other half for the write",
            "lease": "memcache leases, NSDI 2013 section 3.2.1, 10 s; Nango the same",
            "retries": AIRBYTE,
            **_NANGO,
        },
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
            "leeway": MINUTE_OF_AWS,
            "deadline": "ours, as lease_cas",
            "lease": "memcache leases, NSDI 2013 section 3.2.1, 10 s; Nango the same",
            "shards": "ours (Zoom's token_index of 2022 had five)",
            "retries": AIRBYTE,
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
            "retries": AIRBYTE,
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
}
