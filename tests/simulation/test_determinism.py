"""One seed, one history: the same trace bytes whatever runs it."""

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROBE = ROOT / "tests/simulation/determinism_probe.py"
SCENARIO = ROOT / "scenarios/cold-start.yaml"
NEEDED = ("msgspec", "numpy", "pydantic", "PyYAML", "time-machine")
NAMES = tuple(f"python3.{minor}" for minor in range(11, 20))


def digest_by(python: str | Path, *, hash_seed: int) -> str:
    environment = {
        **os.environ,
        "PYTHONHASHSEED": str(hash_seed),
        "PYTHONPATH": os.pathsep.join([str(ROOT / "simulator"), str(ROOT)]),
    }
    command = [str(python), str(PROBE), str(SCENARIO)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def ours() -> str:
    """The digest that this Python gives."""
    return digest_by(sys.executable, hash_seed=0)


def test_hash_order_decides_nothing(ours):
    """Two processes, two PYTHONHASHSEEDs, one seed."""
    assert digest_by(sys.executable, hash_seed=12_345) == ours


def other_pythons() -> list[tuple[str, Path]]:
    """Every other minor version of Python from 3.11 that the machine has, each once."""
    folders = [Path(folder) for folder in os.get_exec_path()]
    folders += sorted((Path.home() / ".pyenv/versions").glob("*/bin"))
    found: dict[str, Path] = {}
    for folder in folders:
        for name in NAMES:
            path = folder / name
            if path.is_file() and name not in found and works(path):
                found[name] = path
    found.pop(f"python3.{sys.version_info.minor}", None)
    return sorted(found.items())


def works(python: Path) -> bool:
    """A version manager's stand-in for a Python that is not chosen answers with an error."""
    done = subprocess.run([python, "-c", "import venv"], capture_output=True, check=False)
    return done.returncode == 0


def environment_of(name: str, python: Path) -> Path:
    """Return a Python with the needed packages, made once beside our own."""
    folder = Path(sys.prefix) / "other-pythons" / name
    made = folder / "bin/python"
    packages = [f"{package}=={version(package)}" for package in NEEDED]
    ready = folder / "ready"
    if not ready.exists() or ready.read_text() != " ".join(packages):
        subprocess.run([python, "-m", "venv", folder], check=True, capture_output=True)
        install = [made, "-m", "pip", "install", "--quiet", *packages]
        subprocess.run(install, check=True, capture_output=True)
        ready.write_text(" ".join(packages))
    return made


@pytest.mark.parametrize(("name", "python"), other_pythons(), ids=lambda value: Path(value).name)
def test_every_python_gives_the_same_bytes(name, python, ours):
    """Another interpreter, the same packages, the same history."""
    try:
        made = environment_of(name, python)
    except subprocess.CalledProcessError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"could not set up {name}: {error.stderr.decode()[-200:]}")
    assert digest_by(made, hash_seed=1) == ours
