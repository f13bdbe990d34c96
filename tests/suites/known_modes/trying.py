"""A class tried on a suite in this process: what the check would find, without its processes."""

import importlib
import sys
from pathlib import Path

from tokenrace.analysis.doubts import doubts_about
from tokenrace.analysis.figures import fault_span
from tokenrace.analysis.verdicts import judge
from tokenrace.errors import RunFailed
from tokenrace.faults.kinds import labels_of_traced
from tokenrace.gate.story import Story
from tokenrace.simulation.planning import plan_run
from tokenrace.simulation.recording import InMemory
from tokenrace.suites.cases import Fitted
from tokenrace.suites.subject import Subject
from tokenrace.user_code.python_class import PythonClass

HERE = Path(__file__).parent
FLEET = (HERE / "fleet_tokens.py").read_text()
MEMORY = (HERE / "memory_tokens.py").read_text()


def planted(source, changes):
    """Return ``source`` with every one of ``changes`` made; each must be there to be changed."""
    for old, new in changes:
        assert old in source, old
        source = source.replace(old, new)
    return source


def fitted(folder, source, name, scope):
    """The suite, fitted to the class ``name`` of a module ``mine`` that holds ``source``."""
    (folder / "mine.py").write_text(source)
    sys.modules.pop("mine", None)
    importlib.invalidate_caches()
    return Fitted("known-modes", Subject.of(PythonClass(target=f"mine:{name}")), scope)


def found(suite, only=None):
    """What does not hold, by mode: every expectation that fails, every run that did, every doubt.

    Of ``only`` that mode, if it is given.
    """
    wrong = {}
    for case in suite.cases(Path("known-modes")):
        assert isinstance(case.story, Story)
        if only in (None, case.title):
            told = list(_wrong(case))
            wrong |= {case.title: told} if told else {}
    return wrong


def _wrong(case):
    scenario = case.scenario
    made = [InMemory()(plan_run(scenario, scenario.strategies[0], s, 1)) for s in case.seeds]
    runs = {"ours": [run for run in made if not isinstance(run, RunFailed)]}
    yield from (run.reason for run in made if isinstance(run, RunFailed))
    if runs["ours"]:
        for verdict in judge(scenario.expect, runs, fault_span(scenario.faults)):
            if verdict.verdict != "pass":
                yield f"{verdict.verdict}: {verdict.expected}, measured {verdict.measured}"
        yield from doubts_about(runs, labels_of_traced(scenario.faults))
