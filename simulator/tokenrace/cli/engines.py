"""The engines by name, each imported only when it is asked for."""

from tokenrace.errors import SimulatorError
from tokenrace.fields.values import EngineName
from tokenrace.simulation.experiment import Engine


def engine_named(name: EngineName, *, no_skip: bool = False, port: int | None = None) -> Engine:
    """Return the engine called ``name`` with the command line's options for it.

    Raises:
        SimulatorError: an option is for the other engine.
    """
    if name == "wire":
        if no_skip:
            raise SimulatorError(
                "--no-skip is for the virtual engine: real time cannot be skipped; "
                "add --engine virtual"
            )
        from tokenrace.simulation.wire.engine import WireEngine

        return WireEngine(port or 0)
    if port is not None:
        raise SimulatorError(
            "--port is for the wire engine: virtual time has no ports; add --engine wire"
        )
    from tokenrace.simulation.virtual.engine import VirtualEngine

    return VirtualEngine(skips_calm=not no_skip)
