"""The presets that keep a token in each process."""

from collections.abc import Mapping

from tokenrace.clock import MINUTE, SECOND
from tokenrace.strategies.composition import Composition
from tokenrace.strategies.control import MutexDoubleChecked, MutexNoRecheck, TryLock, Uncontrolled
from tokenrace.strategies.early_trigger import Timer, TwoWindow
from tokenrace.strategies.failure import Raise, ServeOld
from tokenrace.strategies.flight import Background, SingleFlight
from tokenrace.strategies.on_401 import Ignore, Issue, IssueIfSame
from tokenrace.strategies.preset import AIRBYTE, MINUTE_OF_AWS, MINUTE_OF_RIVET, Preset
from tokenrace.strategies.scope import Process
from tokenrace.strategies.trigger import EveryCall, Leeway

PROCESS_PRESETS: Mapping[str, Preset] = {
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
            "leeway": f"{MINUTE_OF_RIVET}; Spring Security, clockSkew = 60 s",
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
        sources={"leeway": MINUTE_OF_AWS},
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
            "leeway": MINUTE_OF_AWS,
            "retries": AIRBYTE,
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
}
