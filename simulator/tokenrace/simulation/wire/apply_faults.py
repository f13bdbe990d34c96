"""Which process of a run on the wire applies each fault. Nobody else applies it.

``conductor`` (``fleet_conductor.py``) signals real processes from outside. ``client``: the process
that is struck does it to itself (``client_faults.py``, ``own_clocks.py``, ``store_troubles.py``).
``store`` (``store_conductor.py``) acts on the real store, ``server`` (``happenings.py``) on the
provider. The type checker says where a kind is missing.
"""

from typing import Literal, assert_never

from tokenrace.faults.planned import (
    CancelLeader,
    ClockOff,
    Crash,
    Pause,
    PlannedChange,
    Replace,
    Scale,
    SecondMinter,
    StoreLoss,
    StoreTrouble,
    Trial,
)
from tokenrace.faults.schedule import PlannedFault
from tokenrace.network.fates import Partition
from tokenrace.provider.bursts import Burst

Applier = Literal["conductor", "client", "store", "server"]


def applier_of(fault: PlannedFault) -> Applier:
    """Return who applies ``fault``."""
    match fault:
        case Crash(point=None) | Pause() | Replace() | Scale():
            return "conductor"
        case Crash() | ClockOff() | CancelLeader() | Partition():
            return "client"
        case StoreTrouble(kind="slow" | "lag"):  # lag is refused on the wire
            return "client"
        case StoreTrouble() | StoreLoss():
            return "store"
        case PlannedChange() | SecondMinter() | Trial() | Burst():
            return "server"
        case _:
            assert_never(fault)
