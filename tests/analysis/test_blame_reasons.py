"""What blame says beyond a token's story: clocks, callers who ignore 401s, surplus, regressions."""

from dataclasses import replace
from pathlib import Path

from tokenrace.analysis.blame import Wanted, Witness, blame
from tokenrace.analysis.blame_words import blame_in_words
from tokenrace.analysis.first_difference import FirstDifference, Remembered
from tokenrace.analysis.surplus import Surplus
from tokenrace.analysis.timeline import clock_time
from tokenrace.clock import HOUR, MINUTE, SECOND
from tokenrace.fields.choices import StrategyChoice
from tokenrace.scenario import parse
from tokenrace.scenario.world import choice_of, settings_of
from tokenrace.simulation.planning import plan_run
from tokenrace.simulation.virtual.engine import VirtualEngine
from tokenrace.strategies.catalogue import CATALOGUE
from tokenrace.trace.events import (
    CallRefused,
    FaultStruck,
    TokenAdopted,
    TokenEvicted,
    TokenIssued,
)


def issued(token, at, asked_by="p0.w0", lifetime=HOUR):
    return TokenIssued(at=at, token=token, expires_at=at + lifetime, asked_by=asked_by)


def refused(at, token=1, cause="expired", asked_by="p0.w0"):
    return CallRefused(at=at, token=token, cause=cause, asked_by=asked_by)


def told(events, wanted=None):
    """Return the sentences on the first 401 of ``events``."""
    return list(blame_in_words(blame(events, wanted or Wanted()), clock_time))


def test_a_wrong_clock_of_the_caller_is_named():
    """The machine slept: its clock is 1,208 s behind, and the token is an hour old."""
    clock = FaultStruck(
        at=20 * MINUTE, fault=0, what="the clock of process 0 is 1208 s behind and gains 0 ppm"
    )
    events = [issued(1, 0), TokenAdopted(at=0, token=1, process=0), clock, refused(HOUR)]

    assert (
        "p0 judges expiry by a wrong clock: since 00:20:00.000000, "
        "the clock of process 0 is 1208 s behind and gains 0 ppm"
    ) in told(events)


def test_a_clock_of_another_process_is_no_cause():
    """Nor is one's own where the token was evicted."""
    clock = FaultStruck(at=0, fault=0, what="the clock of process 1 is 60 s behind and gains 0 ppm")

    assert "clock" not in " ".join(told([clock, issued(1, 0), refused(HOUR)]))
    own = replace_process(clock)
    evicted = [own, issued(1, 0), refused(MINUTE, cause="evicted")]
    assert "clock" not in " ".join(told(evicted))


def replace_process(clock):
    return FaultStruck(
        at=clock.at, fault=clock.fault, what=clock.what.replace("process 1", "process 0")
    )


def test_a_caller_who_goes_on_with_a_refused_token_ignores_401s():
    """Ten more calls in ten minutes, and no request for a token."""
    calls = [refused(HOUR + minute * MINUTE) for minute in range(11)]

    assert told([issued(1, 0), *calls])[-1] == (
        "p0 ignores 401s: it got 10 more with that token, up to 01:10:00.000000, "
        "and asked for no other one"
    )


def test_calls_that_were_under_way_are_not_ignorance():
    """Ten at once, then another token; what is refused later is another story."""
    calls = [refused(HOUR + number) for number in range(10)]
    later = [refused(2 * HOUR + minute * MINUTE) for minute in range(10)]

    sentences = told([issued(1, 0), *calls, issued(2, HOUR + SECOND), *later])

    assert "ignores" not in " ".join(sentences)


def test_who_took_a_dead_token_up_is_not_said_to_have_held_it():
    """Nobody held it when it ended; p2 read it from the store afterwards."""
    events = [
        issued(1, 0),
        TokenEvicted(at=MINUTE, token=1, displaced_by=2, asked_by="p1.w0", valid_until=MINUTE),
        TokenAdopted(at=2 * MINUTE, token=1, process=2),
        refused(3 * MINUTE, cause="evicted", asked_by="p2.w0"),
    ]

    assert told(events)[-1] == (
        "no process held it when it ended; p2 took it up after that, dead as it was"
    )


def test_who_took_a_dead_token_up_and_has_another_since_is_told_too():
    """The call is p2's, begun while p2 used token 1; when its answer comes, p2 uses token 2."""
    events = [
        issued(1, 0),
        TokenEvicted(at=MINUTE, token=1, displaced_by=2, asked_by="p1.w0", valid_until=MINUTE),
        TokenAdopted(at=2 * MINUTE, token=1, process=2),
        TokenAdopted(at=2 * MINUTE, token=1, process=3),
        TokenAdopted(at=2 * MINUTE + 1, token=2, process=2),
        refused(3 * MINUTE, cause="evicted", asked_by="p2.w0"),
    ]

    assert told(events)[-1] == (
        "no process held it when it ended; p2 and p3 took it up after that, dead as it was"
    )


def test_a_surplus_of_tokens_is_put_down_to_who_asked_and_why():
    """One first, one though another lives, one after a 401, one near the end, one after it. That a
    token takes another's place is no reason to ask for it: the trace tells of that first."""
    surplus = Surplus()
    for event in (
        issued(1, 0),
        TokenEvicted(at=MINUTE, token=1, displaced_by=2, asked_by="p1.w3", valid_until=MINUTE),
        issued(2, MINUTE, "p1.w3"),
        refused(2 * MINUTE, cause="evicted", asked_by="p0.w1"),
        issued(3, 3 * MINUTE, "p0.w1"),
        issued(4, 53 * MINUTE, "p2.w0"),
        issued(5, 3 * HOUR, "p2.w0"),
    ):
        surplus.write(event)

    assert list(surplus.sentences(clock_time)) == [
        (
            "5 tokens issued: 1 while the newest token was in the first half of its life, "
            "1 after a 401 to the same process, "
            "1 while the newest token was in the second half of its life, "
            "1 after the newest token had ended, 1 as the first one"
        ),
        "the 401s before them: evicted 1",
        "most of the first two kinds were requested by: p1 1, p0 1",
        (
            "first of them, at 00:01:00.000000: p1.w3 is issued token 2, "
            "though token 1 of p0.w0 had been live since 00:00:00.000000"
        ),
    ]


def test_the_first_event_that_differs_is_told_and_common_faults_are_no_cause():
    """Both runs have the fault; the second process asks for a token in the new one only."""
    fault = FaultStruck(at=SECOND, fault=0, what="process 0 is replaced")
    common = [issued(1, 0), fault]
    before, now = [*common, issued(2, HOUR)], [*common, issued(2, MINUTE, "p1.w0")]

    difference = FirstDifference(before)
    for event in now:
        difference.write(event)

    assert difference.sentences(clock_time) == (
        (
            "the first event that differs from the baseline's run: at 00:01:00.000000: "
            "p1.w0 is issued token 2; in the baseline: at 01:00:00.000000: p0.w0 is issued token 2"
        ),
        "the faults before that happened in both runs: they are not the cause",
    )


def test_a_run_that_stops_early_differs_in_what_is_missing():
    """The baseline had one more token."""
    difference = FirstDifference([issued(1, 0), issued(2, HOUR)])
    difference.write(issued(1, 0))

    assert difference.sentences(clock_time) == (
        (
            "the first event that differs from the baseline's run: nothing more; "
            "in the baseline: at 01:00:00.000000: p0.w0 is issued token 2"
        ),
    )


SCENARIO = b"""
name: two-processes
provider: {profile: zoom-2022, live_tokens: 1, lifetime: 10m}
fleet: {processes: 2, workers: 2}
workload:
  arrivals: {process: closed, think: exponential 10s}
  operations: {get_user: 1}
strategies: [{name: ours, preset: shared_lock, lock_ttl: 2s}]
run: {duration: 30m, seeds: 1, engine: virtual}
"""


def history(scenario, choice):
    remembered = Remembered()
    plan = plan_run(scenario, choice, 1, 1)
    VirtualEngine().run(plan, remembered, lambda _: None)
    return remembered.events


def test_the_strategy_of_a_baseline_is_made_again_from_what_it_says():
    """Settings, spans included, survive; so its run is the same to the last event."""
    scenario = parse(SCENARIO, CATALOGUE, Path("two-processes.yaml"))
    (ours,) = scenario.strategies

    again = choice_of("ours", settings_of(ours))

    assert again == ours
    difference = FirstDifference(history(scenario, ours))
    for event in history(scenario, again):
        difference.write(event)
    assert difference.sentences(clock_time) == (
        "both histories have the same events: only counts differ",
    )
    other = StrategyChoice(preset="check_then_act", name="ours")
    assert history(scenario, other) != history(scenario, ours)


def test_code_of_the_users_own_is_not_made_again():
    """Its text is not in the baseline; nor is anything that cannot be read."""
    assert choice_of("ours", '{"python": "tokens:Source"}') is None
    assert choice_of("ours", "") is None


def test_a_witness_may_be_asked_at_any_time():
    """The gate asks at the end of a run, a trace's reader as soon as nothing can be added."""
    witness = Witness(Wanted())
    witness.write(issued(1, 0))
    assert witness.blame is None
    witness.write(refused(HOUR))
    assert witness.blame is not None
    assert not witness.is_done
    witness.write(issued(2, HOUR + SECOND))
    assert witness.is_done
    assert replace(witness.blame, heedless=None) == witness.blame
