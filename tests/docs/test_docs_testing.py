"""docs/testing.md: every example runs as it stands, as a test file of its own."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "testing.md").read_text()
EXAMPLES = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def test_the_examples_run_as_they_stand(tmp_path):
    """Readers copy them. Each is imported, its tests are run, and a warning is an error."""
    for number, code in enumerate(EXAMPLES):
        (tmp_path / f"test_example_{number}.py").write_text(code)
    told = [
        "-q",
        "-W",
        "error",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:asyncio",
        f"--rootdir={tmp_path}",
        str(tmp_path),
    ]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *told],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    tests = sum(code.count("\ndef test_") for code in EXAMPLES)
    assert f"{tests} passed" in run.stdout
    assert tests == len(EXAMPLES) - 1, "one example shows the handle and tests nothing"
