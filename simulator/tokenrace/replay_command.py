"""The command that repeats one run, to the letter of the shell."""

import shlex
from collections.abc import Sequence
from pathlib import Path


def replay_command(file: Path | str, strategy: str, seed: int, settings: Sequence[str] = ()) -> str:
    """Return it for the scenario in ``file``; ``settings`` change fields of it: PATH=VALUE."""
    changes = [word for setting in settings for word in ("--set", setting)]
    words = ["tokenrace", "replay", str(file), *changes, "--strategy", strategy]
    return shlex.join([*words, "--seed", str(seed)])


def again_command(file: Path | str, engine: str, strategy: str, seed: int) -> str:
    """Return it for a run on ``engine``: on the wire it leads to the like of that run."""
    if engine == "virtual":
        return replay_command(file, strategy, seed)
    words = ["tokenrace", "run", str(file), "--engine", "wire"]
    return shlex.join([*words, "--strategy", strategy, "--seed", str(seed)])
