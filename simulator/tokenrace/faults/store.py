"""The kinds of fault of the store that processes share."""

from collections.abc import Iterator

from pydantic import Field

from tokenrace.faults.kind import OWN_STORE, FaultSection, Planning, Setting, Spell
from tokenrace.faults.planned import StoreLoss, StoreTrouble
from tokenrace.fields.flaws import Flaw, Loc
from tokenrace.fields.values import UNSCALED, PositiveSpan

_UNSEEN = "uses the store unseen"


def shared_store_violations(at: Loc, setting: Setting) -> Iterator[Flaw]:
    """Yield that processes share no store, if so."""
    if setting.store == "memory":
        yield Flaw(at, f"is {OWN_STORE}")


class StoreDownSection(Spell):
    """No process reaches the store: a call made meanwhile fails after network.store_timeout. One
    that was under way comes through."""

    def label(self) -> str:
        """Return what a plot calls this."""
        return "store down"

    def planned(self, planning: Planning) -> Iterator[StoreTrouble]:
        """Yield the one stretch of trouble."""
        until = planning.at + planning.scaled(self.duration)
        yield StoreTrouble(fault=planning.number, at=planning.at, until=until, kind="down")

    def violations(self, at: Loc, setting: Setting) -> Iterator[Flaw]:
        """Yield that there is no store that processes share."""
        yield from shared_store_violations(at, setting)

    def over_command(self, at: Loc, why: str) -> Iterator[Flaw]:
        """Yield that nobody sees what a program does with the store."""
        yield Flaw(at, f"is {why}: it {_UNSEEN}")


class StoreSlowSection(Spell):
    """Every call of the store that is made meanwhile takes longer to get there."""

    by: PositiveSpan = Field(description=f"How much longer. {UNSCALED}")

    def label(self) -> str:
        """Return what a plot calls this."""
        return "store slow"

    def planned(self, planning: Planning) -> Iterator[StoreTrouble]:
        """Yield the one stretch of trouble."""
        until = planning.at + planning.scaled(self.duration)
        yield StoreTrouble(
            fault=planning.number, at=planning.at, until=until, kind="slow", by=self.by
        )

    def violations(self, at: Loc, setting: Setting) -> Iterator[Flaw]:
        """Yield that there is no store that processes share."""
        yield from shared_store_violations(at, setting)

    def over_command(self, at: Loc, why: str) -> Iterator[Flaw]:
        """Yield that nobody sees what a program does with the store."""
        yield Flaw(at, f"is {why}: it {_UNSEEN}")


class ReplicaLagSection(Spell):
    """Reads of the store see what was written some time ago; virtual engine only."""

    lag: PositiveSpan = Field(description=f"How long ago. {UNSCALED}")

    def label(self) -> str:
        """Return what a plot calls this."""
        return "replica lag"

    def planned(self, planning: Planning) -> Iterator[StoreTrouble]:
        """Yield the one stretch of trouble."""
        until = planning.at + planning.scaled(self.duration)
        yield StoreTrouble(
            fault=planning.number, at=planning.at, until=until, kind="lag", by=self.lag
        )

    def violations(self, at: Loc, setting: Setting) -> Iterator[Flaw]:
        """Yield that there is no store that processes share, or that it is a real one."""
        yield from shared_store_violations(at, setting)
        if setting.engine == "wire" and setting.store != "memory":
            yield Flaw(at, "is only on the virtual engine: a real store has no replica")


class LoseLockSection(FaultSection):
    """The lock that is held, or else the next one taken, is gone from the store, as after a
    failover; its holder does not know."""

    def label(self) -> str:
        """Return what a plot calls this."""
        return "lock lost"

    def planned(self, planning: Planning) -> Iterator[StoreLoss]:
        """Yield the one loss."""
        yield StoreLoss(fault=planning.number, at=planning.at, kind="lock")

    def violations(self, at: Loc, setting: Setting) -> Iterator[Flaw]:
        """Yield that there is no store that processes share."""
        yield from shared_store_violations(at, setting)

    def over_command(self, at: Loc, why: str) -> Iterator[Flaw]:
        """Yield that nobody sees what a program does with the store."""
        yield Flaw(at, f"is {why}: it {_UNSEEN}")


class LoseWriteSection(FaultSection):
    """The next write of the token is acknowledged and not kept, as after a failover."""

    def label(self) -> str:
        """Return what a plot calls this."""
        return "write lost"

    def planned(self, planning: Planning) -> Iterator[StoreLoss]:
        """Yield the one loss."""
        yield StoreLoss(fault=planning.number, at=planning.at, kind="write")

    def violations(self, at: Loc, setting: Setting) -> Iterator[Flaw]:
        """Yield that there is no store that processes share."""
        yield from shared_store_violations(at, setting)

    def over_command(self, at: Loc, why: str) -> Iterator[Flaw]:
        """Yield that nobody sees what a program does with the store."""
        yield Flaw(at, f"is {why}: it {_UNSEEN}")
