"""The engines by name, each imported only when it is asked for."""

from simulator.errors import SimulatorError
from simulator.scenario.model import EngineName
from simulator.simulation.experiment import Engine


def engine_named(name: EngineName) -> Engine:
    """Return the engine called ``name``, as it runs by default."""
    if name == "wire":
        from simulator.simulation.wire.engine import WireEngine

        return WireEngine()
    from simulator.simulation.virtual.engine import VirtualEngine

    return VirtualEngine()


def engine_asked_for(name: EngineName | None, *, no_skip: bool, port: int | None) -> Engine | None:
    """Return the engine that the command line's options mean; None where they leave it open.

    Raises:
        SimulatorError: the options contradict each other.
    """
    if port is not None:
        if no_skip or name == "virtual":
            raise SimulatorError("--port is for the wire engine: virtual time has no ports")
        from simulator.simulation.wire.engine import WireEngine

        return WireEngine(port)
    if no_skip and name == "wire":
        raise SimulatorError("--no-skip is for the virtual engine: real time cannot be skipped")
    if no_skip:
        from simulator.simulation.virtual.engine import VirtualEngine

        return VirtualEngine(skips_calm=False)
    return None if name is None else engine_named(name)
