"""What commands print where: results on standard output, progress beside it, in any encoding."""

import os
import subprocess
import sys
from xml.etree import ElementTree as ET

import pytest

from tests.checked import LONE, a_scenario, check, folder, put

__all__ = ["folder"]


def tokenrace(*words, **environment):
    """Run the command as a shell does; return its exit code, output and errors as bytes."""
    got = subprocess.run(
        [sys.executable, "-m", "tokenrace", *words],
        env=os.environ | environment,
        capture_output=True,
        check=False,
    )
    return got.returncode, got.stdout, got.stderr


SAYS_MUCH = """
class Source:
    def __init__(self, fetch): ...
    async def get_token(self): raise LookupError("kein Schl\\u00fcssel \\u2026 \\u2603")
"""


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["check", "--help"],
        ["profiles", "zoom-2023"],
        ["validate", "wr\u00f6ng.yaml"],
        ["check", "b\u00fccher"],
        ["run", "b\u00fccher/s.yaml", "--strategy", "check_then_act", "--seeds", "2"],
    ],
)
def test_no_encoding_ends_a_command(folder, words):
    """Names of files and errors with letters that ASCII has not: the exit code is the same. What is
    said of wrong input is UTF-8 all the same, what was found is ASCII."""
    put(folder, "b\u00fccher/s.yaml", a_scenario(strategy=LONE, expect="rate_401: <= 100%"))
    ours = '{name: ours, python: "mine:Source"}'
    put(folder, "b\u00fccher/t.yaml", a_scenario("t", strategy=ours, of="ours", seeds=1))
    put(folder, "wr\u00f6ng.yaml", "fleet: \u2603\n")
    put(folder, "mine.py", SAYS_MUCH)
    code, _, _ = tokenrace(*words, PYTHONIOENCODING="utf-8", PYTHONUTF8="1")
    plain, output, errors = tokenrace(*words, PYTHONIOENCODING="ascii", PYTHONUTF8="1")

    assert plain == code
    assert code in {0, 1, 2}
    assert output.isascii()
    assert b"UnicodeEncodeError" not in errors
    assert b"Traceback" not in errors


def test_progress_is_not_among_what_was_found(folder):
    """So that the output can be piped."""
    put(folder, "s.yaml", a_scenario(seeds=1))
    _, output, errors = tokenrace("run", "s.yaml")

    assert errors.decode().splitlines() == ["run 1 of 1: shared_lock, seed 1 (900 s)"]
    assert b"run 1 of 1" not in output


def test_junit_has_the_time_of_each_case_and_nothing_else_that_differs(folder):
    """The cases of a suite share its time; without times and the date two files are equal."""
    put(folder, "s.yaml", a_scenario(strategy=LONE))
    texts = []
    for name in ("a.xml", "b.xml"):
        check("s.yaml", "--junit", name)
        root = ET.parse(folder / name).getroot()
        (suite,) = root
        cases = [float(case.get("time")) for case in suite.findall("testcase")]
        assert sum(cases) == pytest.approx(float(suite.get("time")), abs=0.002)
        assert min(cases) > 0
        for element in root.iter():
            element.attrib.pop("time", None)
            element.attrib.pop("timestamp", None)
        texts.append(ET.tostring(root))

    assert texts[0] == texts[1]
