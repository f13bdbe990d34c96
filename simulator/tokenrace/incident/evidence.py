"""What a team could have seen in its own logs, under each explanation: what tells them apart.

From the trace of one run, in the stretch in which every call is refused.
"""

from dataclasses import dataclass
from statistics import median

from tokenrace.clock import MINUTE, SECOND, Ticks
from tokenrace.scenario.parts import Part
from tokenrace.simulation.plan import SECOND_MINTER
from tokenrace.trace.events import CallRefused, TokenIssued
from tokenrace.trace.files import RecordedRun


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Of the stretch ``part``: tokens a minute that the fleet asked for, and that anybody did,
    trials aside; and how many seconds old a token was when it was refused, None where none was."""

    by_fleet: float
    by_all: float
    refused_at_age_s: float | None


def evidence_in(run: RecordedRun, part: Part) -> Evidence:
    """Return the evidence of one run whose events were kept."""
    begins, ends = part.begins, part.ends
    assert isinstance(begins, int)
    assert isinstance(ends, int)
    issued: dict[int, Ticks] = {}
    askers: list[str] = []
    ages: list[Ticks] = []
    for event in run.events():
        if event.at >= ends:
            break
        if isinstance(event, TokenIssued):
            issued[event.token] = event.at
            if event.at >= begins:
                askers.append(event.asked_by)
        elif isinstance(event, CallRefused) and event.at >= begins and event.token in issued:
            ages.append(event.at - issued[event.token])
    minutes = (ends - begins) / MINUTE
    fleet = sum(asker.startswith("p") for asker in askers)
    return Evidence(
        by_fleet=fleet / minutes,
        by_all=(fleet + askers.count(SECOND_MINTER)) / minutes,
        refused_at_age_s=median(ages) / SECOND if ages else None,
    )
