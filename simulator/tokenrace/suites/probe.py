"""A trial run that tells whether a class shares its token: it does if it calls the store."""

from pathlib import Path

from tokenrace.clock import SECOND
from tokenrace.scenario import parse
from tokenrace.simulation.many_runs import as_they_end
from tokenrace.simulation.planning import plan_run
from tokenrace.simulation.recording import InMemory
from tokenrace.simulation.runners import Runners
from tokenrace.strategies.catalogue import CATALOGUE
from tokenrace.suites.adapted import scenario_text
from tokenrace.suites.modes import Bar, Mode, Scope
from tokenrace.suites.subject import Subject
from tokenrace.trace.files import RecordedRun

_PATIENCE = 20 * SECOND
"""Of real time. A run takes a tenth of a second, and a class may never return."""
_TRIAL = Mode(
    name="trial",
    numbers=(),
    tried="Two processes make a few calls.",
    matters="It is seen whether they use the store.",
    shapes=("ports",),
    needs_hearing=False,
    scenario={
        "provider": {"profile": "zoom-2023", "lifetime": "1h"},
        "fleet": {"processes": 2, "workers": 2},
        "workload": {"arrivals": {"process": "closed", "think": "5s"}},
        "network": {"token": "200ms", "api": "80ms", "store": "5ms"},
        "run": {"duration": "20s", "seeds": 1},
    },
    bars={"shared": Bar(promised="nothing", live_tokens="none", expect={})},
)


def scope_of(subject: Subject, runners: Runners) -> Scope:
    """Return the scope of ``subject``; one whose trial run fails is taken to share.

    Raises:
        RunError: the runners die, whatever they are given.
    """
    if subject.shape != "ports":
        return "process"
    text = scenario_text(_TRIAL, subject.own, "shared")
    scenario = parse(text.encode(), CATALOGUE, Path("trial.yaml"))
    plan = plan_run(scenario, scenario.strategies[0], 1, 1)
    for _, run in as_they_end([plan], InMemory(), runners, _PATIENCE):
        if isinstance(run, RecordedRun) and not run.clients.store_reads + run.clients.store_writes:
            return "process"
    return "shared"
