"""Runs to draw plots of, alike in every bin."""

from tokenrace.analysis.summary import Setting, summarize
from tokenrace.clock import SECOND
from tokenrace.trace.events import TokenAdopted, TokenEvicted, TokenIssued
from tokenrace.trace.files import TraceHeader, TraceWriter, read_trace
from tokenrace.trace.tally import ClientTally, ProviderTally

DURATION = 12 * SECOND  # 2 h of the scenario; a bin is 50 ms, 30 s of the scenario
PER_BIN = 100


def a_setting(seeds):
    return Setting(
        scenario="expiry-stampede",
        description="Forty workers find their token expired in the same instant.",
        scenario_sha256="5e" * 32,
        version="0.1.0",
        engine="wire",
        seeds=tuple(range(1, seeds + 1)),
        duration_s=7200.0,
        time_scale=600.0,
        provider={},
        fleet={},
        command="tokenrace run scenarios/expiry-stampede.yaml",
    )


def a_run(folder, strategy, seed, refused):
    """Each bin answers 100 requests, of which ``refused`` names how many were 401 and why.

    Process 0 gets token 1 and process 1 takes it up; a second later token 2 displaces it.
    """
    header = TraceHeader(
        scenario="expiry-stampede",
        strategy=strategy,
        seed=seed,
        engine="wire",
        duration=DURATION,
        lifetime=6 * SECOND,
        time_scale=600.0,
        version="0.1.0",
    )
    provider = ProviderTally(width=header.width, tokens_issued=2, live_peak=1)
    clients = ClientTally(width=header.width)
    for bin_ in range(240):
        provider.responses[bin_] = PER_BIN
        clients.operations["ok"][bin_] = PER_BIN
        for cause, count in refused.items():
            provider.refused[cause][bin_] = count
    path = folder / f"{strategy}-{seed}.jsonl"
    with TraceWriter(path, header) as writer:
        for event in (
            TokenIssued(at=0, token=1, expires_at=6 * SECOND, asked_by="p0.w3"),
            TokenAdopted(at=1, token=1, process=0),
            TokenAdopted(at=SECOND // 2, token=1, process=1),
            TokenIssued(at=SECOND, token=2, expires_at=7 * SECOND, asked_by="p1.w0"),
            TokenEvicted(at=SECOND, token=1, displaced_by=2, asked_by="p1.w0", valid_until=SECOND),
        ):
            writer.write(event)
        writer.finish(provider, clients)
    return read_trace(path)


def runs_of(folder, refused_by_strategy, seeds=2):
    runs = {
        strategy: [a_run(folder, strategy, seed, refused) for seed in range(1, seeds + 1)]
        for strategy, refused in refused_by_strategy.items()
    }
    return summarize(a_setting(seeds), runs), runs
