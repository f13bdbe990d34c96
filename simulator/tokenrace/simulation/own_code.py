"""Whether code of the user's own can be run at all; asked before the first run."""

import shutil
from pathlib import Path

from tokenrace.errors import BlockedLoopError, UserCodeError
from tokenrace.program_end import signals_watched
from tokenrace.strategies.user_class import load
from tokenrace.user_code.blocking import forbid_ends
from tokenrace.user_code.command import Command
from tokenrace.user_code.python_class import PythonClass


def check_own_code(own: PythonClass | Command) -> None:
    """Load a class; find a program.

    Raises:
        UserCodeError: it cannot be loaded or started, or is no strategy.
    """
    if isinstance(own, PythonClass):
        _try_to_load(own)
        return
    program = own.words[0]
    if shutil.which(program) is not None:
        return
    if "/" not in program:
        why = f"there is no program {program} on the PATH; one in the working folder is ./{program}"
    elif not Path(program).exists():
        why = f"there is no file {program} in {Path.cwd()}"
    else:
        why = f"{program} is no program that can be executed: chmod +x {program}"
    raise UserCodeError(str(own), why)


def _try_to_load(own: PythonClass) -> None:
    """Load a class. Where its module ends the program, as ``sys.exit()`` does, nothing is said
    yet: its runs fail of it, and only they."""
    # What no run of presets needs is not loaded for it.
    from tokenrace.simulation.virtual.own_processes import (  # noqa: PLC0415
        looking,
        own_modules,
    )

    ends: list[BlockedLoopError] = []
    with signals_watched() as signals:
        try:
            modules = own_modules([own])
            with forbid_ends(ends.append), modules.in_use(), looking(modules):
                load(own)
        except UserCodeError:
            signals.check()
            if not ends:
                raise
        except BaseException:  # noqa: BLE001 - whatever a module of the user's does
            signals.check()
