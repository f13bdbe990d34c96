"""Runs made at once by several processes: the same records, each exactly once, whoever dies."""

import os
import re
import select
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.simulation.virtual_runs import a_plan
from tests.strategies.wrong_strategies import Control, fail
from tokenrace.clock import MINUTE, SECOND
from tokenrace.errors import RunError, RunFailed
from tokenrace.simulation.many_runs import Lost, as_they_end, in_order
from tokenrace.simulation.recording import EVERY_EVENT, TOKEN_EVENTS, InMemory
from tokenrace.simulation.runners import Processes
from tokenrace.trace.events import CallRefused

FOREVER = -1
"""What takes for ever."""


@pytest.fixture(scope="module")
def runners():
    """Two processes of this machine."""
    with Processes(2) as processes:
        yield processes


def plans(count):
    """Plans of three processes that end each other's tokens, a seed each."""
    return [a_plan(processes=3, cap=1, duration=6 * MINUTE, seed=seed) for seed in range(count)]


def a_plan_that_fails():
    plan = a_plan(seed=77)
    return replace(plan, recipe=replace(plan.recipe, control=Control(fail)))


def squared(number):
    while number == FOREVER:
        pass
    return number * number


def never_lets_go(_):
    """Backtracks for ages in C, where no other thread of its process gets a turn."""
    return re.match(r"(a|aa)+$", "a" * 200 + "b")


def keeps_open_for_ever(pipe):
    """Opens ``pipe``, tells so, and never lets go."""
    with Path(pipe).open("w") as out:
        out.write("here")
        out.flush()
        never_lets_go(0)


def leaves_a_child(pipe):
    """Starts a program that keeps ``pipe`` open for ten minutes, and goes on for ever."""
    child = "import sys, time; out = open(sys.argv[1], 'w'); out.write('here'); out.flush(); "
    subprocess.Popen([sys.executable, "-c", f"{child}time.sleep(600)", pipe])
    while True:
        pass


def dies_over_seven(number):
    if number == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def dies_over_everything(_):
    os.kill(os.getpid(), signal.SIGKILL)


def heavy_modules(_):
    return sorted({"matplotlib", "aiohttp", "httpx", "tokenrace.server"} & sys.modules.keys())


def test_runs_made_elsewhere_are_those_made_here_in_the_order_of_their_plans(runners):
    """What a run leaves follows from its plan alone, down to every event."""
    work = InMemory(EVERY_EVENT)

    assert list(in_order(plans(12), work, runners)) == [work(plan) for plan in plans(12)]


def test_every_run_comes_exactly_once_as_it_ends(runners):
    """Each with the number of its plan: the order depends on the machine, the set does not."""
    outcomes = dict(as_they_end(plans(12), InMemory(), runners))

    assert sorted(outcomes) == list(range(12))
    assert [outcomes[number].header.seed for number in range(12)] == list(range(12))


def test_a_run_that_fails_is_a_value_and_the_others_go_on(runners):
    """It names its strategy and seed, and the error of the strategy that raised."""
    first, failed, last = in_order([*plans(1), a_plan_that_fails(), *plans(1)], InMemory(), runners)

    assert first == last
    assert isinstance(failed, RunFailed)
    assert failed.seed == 77
    assert "LookupError: no such secret" in failed.reason


def test_no_more_work_is_taken_than_is_soon_needed(runners):
    """After the first outcome two runners have two batches each, of one or two items."""
    taken = []

    def numbers():
        for number in range(100_000):
            taken.append(number)
            yield number

    outcomes = as_they_end(numbers(), squared, runners)
    next(outcomes)
    assert len(taken) <= 8
    outcomes.close()


def test_what_is_not_done_in_time_is_not_waited_for():
    """Squares up to the one that never comes: its runner is ended with it."""
    with Processes(2) as runners:
        outcomes = dict(as_they_end([1, FOREVER, 2, 3], squared, runners, 2 * SECOND))

    assert outcomes.items() <= {0: 1, 2: 4, 3: 9}.items()
    assert 1 not in outcomes


def test_a_runner_that_lets_no_thread_of_its_own_run_is_killed():
    """It could not notice by itself that nobody waits for it any more."""
    with Processes(1) as runners:
        assert not dict(as_they_end([0], never_lets_go, runners, 2 * SECOND))


def test_a_runner_in_c_code_ends_with_a_process_that_is_killed(tmp_path):
    """SIGKILL of whoever had it started: its own thread, which would notice, has no turn."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    program = (
        "from tests.simulation.test_many_runs import has_one_that_never_lets_go as begin; begin"
    )
    owner = subprocess.Popen([sys.executable, "-c", f"{program}({str(pipe)!r})"])
    assert select.select([reading], [], [], 60)[0]
    owner.kill()
    owner.wait()
    os.set_blocking(reading, True)
    with os.fdopen(reading) as stream:
        assert stream.read() == "here"


def has_one_that_never_lets_go(pipe):
    """Has a runner that keeps ``pipe`` open in C code, and waits for it."""
    with Processes(1) as runners:
        runners.executor.submit(keeps_open_for_ever, pipe).result()


def test_what_a_runner_has_started_ends_with_it(tmp_path):
    """A pipe ends when the last one who could write into it is gone."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with Processes(1) as runners:
        runners.executor.submit(leaves_a_child, str(pipe))
        assert select.select([reading], [], [], 60)[0]
    os.set_blocking(reading, True)
    with os.fdopen(reading) as stream:
        assert stream.read() == "here"


def test_short_work_is_handed_out_in_batches_and_keeps_its_order(runners):
    """Thousands of items that take no time: each is squared once, in its place."""
    assert list(in_order(range(5_000), squared, runners)) == [n * n for n in range(5_000)]


def test_an_item_over_which_its_process_dies_twice_is_lost_and_no_other_is():
    """What was under way at the same time is done again."""
    with Processes(2) as runners:
        outcomes = list(in_order(range(20), dies_over_seven, runners))

    assert isinstance(outcomes[7], Lost)
    assert outcomes[:7] + outcomes[8:] == [*range(7), *range(8, 20)]


def test_an_executor_that_broke_before_is_replaced():
    """Whoever comes next does not have to know of it."""
    with Processes(2) as runners:
        (lost,) = in_order([7], dies_over_seven, runners)
        assert isinstance(lost, Lost)
        assert list(in_order(range(5), squared, runners)) == [0, 1, 4, 9, 16]


def test_processes_that_die_whatever_they_are_given_end_it():
    """No endless line of new ones: a machine without memory is told of, once."""
    with Processes(1) as runners, pytest.raises(RunError, match="die, whatever they are given"):
        list(in_order(range(100), dies_over_everything, runners))


def test_a_process_that_makes_runs_loads_nothing_that_draws_or_serves(runners):
    """It would cost each of them half a second and a hundred megabytes."""
    assert list(in_order([1], heavy_modules, runners)) == [[]]


def test_a_run_in_memory_keeps_the_events_it_was_asked_for(runners):
    """All that happened to tokens; refusals of calls, most of a storm, only as counts."""
    (run,) = in_order(plans(1), InMemory(TOKEN_EVENTS), runners)

    every = list(InMemory(EVERY_EVENT)(plans(1)[0]).events())
    kept = [event for event in every if not isinstance(event, CallRefused)]
    assert list(run.events()) == list(run.token_events()) == kept
    assert 0 < len(kept) < len(every)
