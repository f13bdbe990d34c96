"""Which scenarios have a reference run, and where its results are."""

from pathlib import Path

SCENARIOS, RESULTS = Path("scenarios"), Path("results")
TOP = "basics"
"""The theme of the scenarios that stand in ``scenarios/`` itself."""
INDEX = RESULTS / "README.md"
FINGERPRINTS = RESULTS / "fingerprints.json"
"""Of the runs behind each summary: a baseline with other counts is of other code."""


def scenario_files() -> list[Path]:
    """Return the scenarios, in order; they are named from the folder of the checkout."""
    files = sorted(SCENARIOS.rglob("*.yaml"), key=lambda file: (theme_of(file), file.stem))
    return [file for file in files if file.parent.name != "sweeps"]


def theme_of(file: Path) -> str:
    """Return the folder of ``file``, in words of the results."""
    return TOP if file.parent == SCENARIOS else file.parent.name


def place_of(file: Path) -> Path:
    """Return where the reference run of the scenario in ``file`` is."""
    return RESULTS / theme_of(file) / file.stem


def places_there() -> list[Path]:
    """Return the folders that are reference runs: those of themes with a summary in them."""
    return sorted(summary.parent for summary in RESULTS.glob("*/*/summary.json"))
