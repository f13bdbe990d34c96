"""Calm time goes on around lost messages and partitions, and skipping it is the same history."""

from dataclasses import replace

from tests.simulation.virtual.calm_runs import a_long_plan, history, run
from tests.simulation.virtual.generated_plans import a_strategy
from tokenrace.arrivals import Poisson
from tokenrace.clock import MINUTE, SECOND
from tokenrace.fleet.agenda import OperationMix
from tokenrace.network.fates import Partition
from tokenrace.trace.events import (
    TokenAdopted,
    TokenIssued,
)


def test_calm_goes_on_while_answers_get_lost():
    """One message in a hundred: both ways, about 2 % of 12,000 requests, are stepped by themselves.

    Unknown outcomes: 1 - 0.99**2 = 1.99 %, give or take 5 sigma (0.64 %).
    """
    long = a_long_plan(seed=1)
    lossy = replace(long.links.api, loss_per_million=10_000)
    plan = replace(long, links=replace(long.links, api=lossy))
    _, counted = run(plan, skips_calm=True)
    ended = {outcome: sum(bins) for outcome, bins in counted.clients.operations.items()}
    total = sum(ended.values())

    assert counted.skipped > 0.9 * total
    assert abs(ended["unknown"] / total - 0.0199) < 0.0064
    assert history(plan, skips_calm=True) == history(plan, skips_calm=False)


def test_a_partition_loses_what_sets_out_meanwhile():
    """Process 0 is cut off the API for a minute of twenty; its workers hear nothing and no other's.

    Each of its 4 workers then waits out its timeout of 5 s, thinks 1 s and tries again: about
    10 requests each, within a factor of two.
    """
    long = a_long_plan(seed=1)
    cut = Partition(process="p0", link="api", begins=5 * MINUTE, ends=6 * MINUTE)
    plan = replace(
        long,
        links=replace(long.links, partitions=(cut,)),
        fleet=replace(long.fleet, timeout=5 * SECOND),
    )
    _, counted = run(plan, skips_calm=True)

    assert 20 < counted.clients.unknown < 80
    assert counted.skipped > 0.5 * sum(map(sum, counted.clients.operations.values()))
    assert history(plan, skips_calm=True) == history(plan, skips_calm=False)


def test_a_partition_finds_open_requests_under_way():
    """40 reads a second take 80 ms or so: some have left and not arrived when the cut-off begins.

    Their requests arrive, their answers do not.
    """
    long = a_long_plan(seed=1)
    cut = Partition(process="p0", link="api", begins=5 * MINUTE, ends=5 * MINUTE + SECOND)
    plan = replace(
        long,
        links=replace(long.links, partitions=(cut,)),
        fleet=replace(
            long.fleet, arrivals=Poisson(40.0), mix=OperationMix.of({"get_user": 1}), timeout=SECOND
        ),
    )
    _, counted = run(plan, skips_calm=True)

    assert counted.skipped > 0.9 * sum(map(sum, counted.clients.operations.values()))
    assert history(plan, skips_calm=True) == history(plan, skips_calm=False)


def test_a_store_that_loses_messages_is_felt_by_a_strategy_that_reads_it_each_time():
    """One message in ten is lost: 19 % of the reads fail, and their operations with them."""
    long = a_long_plan(seed=1)
    lossy = replace(long.links.store, loss_per_million=100_000)
    plan = replace(
        long,
        recipe=a_strategy("shared_cache_no_lock"),
        links=replace(long.links, store=lossy),
    )
    _, counted = run(plan, skips_calm=True)
    ended = {outcome: sum(bins) for outcome, bins in counted.clients.operations.items()}

    assert 0.17 < ended["refused"] / sum(ended.values()) < 0.22
    assert history(plan, skips_calm=True) == history(plan, skips_calm=False)


def test_a_lost_answer_leaves_the_token_issued():
    """Half the messages to the token endpoint are lost: more tokens are issued than are adopted."""
    long = a_long_plan(seed=1)
    lossy = replace(long.links.token, loss_per_million=500_000)
    plan = replace(
        long,
        links=replace(long.links, token=lossy),
        fleet=replace(long.fleet, timeout=5 * SECOND),
    )
    sink, _ = run(plan, skips_calm=True)
    issued = {event.token for event in sink.events if isinstance(event, TokenIssued)}
    adopted = {event.token for event in sink.events if isinstance(event, TokenAdopted)}

    assert adopted < issued
    assert history(plan, skips_calm=True) == history(plan, skips_calm=False)
