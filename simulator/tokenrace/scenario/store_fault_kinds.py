"""The kinds of fault that befall the store that processes share."""

from pydantic import Field

from tokenrace.fields.values import PositiveSpan, Section
from tokenrace.scenario.fault_kinds import Spell

_UNSCALED = "Not changed by run.time_scale."


class StoreDownSection(Spell):
    """No process reaches the store: a call made meanwhile fails after network.store_timeout. One
    that was under way comes through."""

    def label(self) -> str:
        """Return what a plot calls this."""
        return "store down"


class StoreSlowSection(Spell):
    """Every call of the store that is made meanwhile takes longer to get there."""

    by: PositiveSpan = Field(description=f"How much longer. {_UNSCALED}")

    def label(self) -> str:
        """Return what a plot calls this."""
        return "store slow"


class ReplicaLagSection(Spell):
    """Reads of the store see what was written some time ago; virtual engine only."""

    lag: PositiveSpan = Field(description=f"How long ago. {_UNSCALED}")

    def label(self) -> str:
        """Return what a plot calls this."""
        return "replica lag"


class LoseLockSection(Section):
    """The lock that is held, or else the next one taken, is gone from the store, as after a
    failover; its holder does not know."""

    def label(self) -> str:
        """Return what a plot calls this."""
        return "lock lost"


class LoseWriteSection(Section):
    """The next write of the token is acknowledged and not kept, as after a failover."""

    def label(self) -> str:
        """Return what a plot calls this."""
        return "write lost"
