"""What the processes of a fleet share, as a scenario asks for it and a run is given it."""

from dataclasses import dataclass, field
from typing import Literal

StoreName = Literal["sqlite", "memory", "host_file", "redis", "postgres"]
LockWay = Literal["row", "advisory"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreChoice:
    """What processes share. ``url`` None: where the environment says, or on this machine.

    ``lock`` is how PostgreSQL locks the record, ``pool`` how many connections each process has to
    it at most; to other kinds neither means anything.
    """

    kind: StoreName
    url: str | None = field(default=None, repr=False)
    lock: LockWay = "row"
    pool: int = 10
