"""What a user waits for: whole commands, in processes of their own."""

import subprocess
import sys
import time
from pathlib import Path
from statistics import median

ROUNDS = 21
SCENARIO = Path("scenarios/cold-start.yaml")


def wait_ms(*words: str, rounds: int = ROUNDS) -> float:
    """Return how long ``tokenrace`` with ``words`` takes, the median of ``rounds``, in ms."""
    return 1_000 * median(_once(words) for _ in range(rounds))


def _once(words: tuple[str, ...]) -> float:
    command = [str(Path(sys.executable).with_name("tokenrace")), *words]
    begun = time.perf_counter()
    subprocess.run(command, capture_output=True, check=True)
    return time.perf_counter() - begun
