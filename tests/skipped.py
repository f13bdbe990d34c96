"""Tests that need a program which this machine may not have."""

import os
from typing import NoReturn

import pytest


def leave_out(why: str) -> NoReturn:
    """Skip the test. In CI, and where TOKENRACE_STRICT is set, nothing may be left out: fail it."""
    if os.environ.get("CI") or os.environ.get("TOKENRACE_STRICT"):
        pytest.fail(why)
    pytest.skip(why)
