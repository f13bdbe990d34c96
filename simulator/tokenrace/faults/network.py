"""The kind of fault of the network: a process that is cut off."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from tokenrace.faults.kind import (
    Planning,
    Setting,
    Spell,
    process_violations,
    store_out_of_reach,
)
from tokenrace.fields.flaws import Flaw, Loc
from tokenrace.fleet.names import process_name

if TYPE_CHECKING:  # its module loads numpy, which a check of a file does without
    from tokenrace.network.fates import Partition

_FAR = {"token": "the token endpoint", "api": "the API", "store": "the store"}


class PartitionSection(Spell):
    """One process reaches nobody over one link; what sets out meanwhile, either way, is lost."""

    process: int = Field(ge=0, description="The number of the process that is cut off, from 0.")
    link: Literal["token", "api", "store"] = Field(
        description="What it cannot reach: the token endpoint, the API, or the store."
    )

    def label(self) -> str:
        """Return what a plot calls this."""
        return f"process {self.process} cut off from {_FAR[self.link]}"

    def planned(self, planning: Planning) -> "Iterator[Partition]":
        """Yield the one cut."""
        from tokenrace.network.fates import Partition  # noqa: PLC0415 - see above

        yield Partition(
            process=process_name(self.process),
            link=self.link,
            begins=planning.at,
            ends=planning.at + planning.scaled(self.duration),
        )

    def violations(self, at: Loc, setting: Setting) -> Iterator[Flaw]:
        """Yield that there is no such process at first, or that the store is not far away."""
        yield from process_violations(self.process, at, setting.processes)
        reason = store_out_of_reach(setting.store, setting.engine)
        if self.link == "store" and reason:
            yield Flaw((*at, "link"), f"store is {reason}")
