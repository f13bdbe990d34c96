"""When what happened: the stretches of an explanation's week that the report looks at.

They follow from the scenario's faults, which stand in this order: what goes wrong, if anything
does; the trial from a single process; the ownership transfer; the rotation of the secret; the
deploy of the fix. A stretch is made of whole bins, the run's 240th parts, so that what comes before
or after does not blur it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenrace.clock import Ticks
from tokenrace.errors import SimulatorError
from tokenrace.faults.kinds import Fault
from tokenrace.scenario import Scenario
from tokenrace.scenario.parts import Part
from tokenrace.trace.tally import bin_width


@dataclass(frozen=True, slots=True, kw_only=True)
class Phases:
    """Stretches of scenario time. ``calm``: before anything goes wrong. ``trouble``: from the trial
    to the transfer. ``transferred``: from there to the rotation. ``rotated``: from that to the
    fix. ``fixed``: a while after it, to the end."""

    calm: Part
    trouble: Part
    transferred: Part
    rotated: Part
    fixed: Part


def phases_of(scenario: Scenario, file: Path) -> Phases:
    """Return the stretches of ``scenario``, read from ``file``.

    Raises:
        SimulatorError: its faults are not those of the incident, in their order.
    """
    faults, width = scenario.faults, bin_width(scenario.run.duration)
    trial = _instant(faults, lambda fault: fault.trial is not None)
    transfer = _instant(faults, lambda fault: fault.transfer_ownership is not None)
    rotation = _instant(faults, lambda fault: fault.rotate_secret is not None)
    fix = _instant(faults, lambda fault: bool(fault.deploy and fault.deploy.strategy))
    if not 0 <= trial < transfer < rotation < fix:
        raise SimulatorError(
            f"{file}: is no explanation of the incident: after what goes wrong it needs a trial, "
            "transfer_ownership, rotate_secret and the deploy of a strategy, in this order"
        )
    first = min(fault.at for fault in faults)
    return Phases(
        calm=Part(0, _down(first, width)),
        trouble=Part(_up(trial, width), _down(transfer, width)),
        transferred=Part(_up(transfer, width), _down(rotation, width)),
        rotated=Part(_up(rotation, width), _down(fix, width)),
        fixed=Part(_up(fix, width) + width, None),
    )


def _instant(faults: Sequence[Fault], is_it: Callable[[Fault], bool]) -> Ticks:
    """Return when the first fault that ``is_it`` strikes; -1 where there is none."""
    return next((fault.at for fault in faults if is_it(fault)), -1)


def _down(at: Ticks, width: Ticks) -> Ticks:
    return at // width * width


def _up(at: Ticks, width: Ticks) -> Ticks:
    return -(-at // width) * width
