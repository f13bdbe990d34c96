"""A headless Chromium, where the machine has one."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
HEADLESS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
)


def find_chromium() -> str:
    """Return the browser's path; skips the test where there is none, which is a failure where
    TOKENRACE_STRICT is set: there nothing may be left out."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is not None:
        return found
    why = "no Chromium on this machine: install Debian's chromium to try the control page"
    if os.environ.get("TOKENRACE_STRICT"):
        pytest.fail(why)
    pytest.skip(why)


def opened(url: str, folder: Path, *options: str, width: int = 1000, height: int = 1400):
    """Open ``url`` and let its script run for a while; return the page's DOM as text, and what the
    browser wrote into its log."""
    command = [
        find_chromium(),
        *HEADLESS,
        "--enable-logging=stderr",
        f"--user-data-dir={folder / 'profile'}",
        f"--window-size={width},{height}",
        "--virtual-time-budget=3000",
        *options,
        "--dump-dom",
        url,
    ]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return ended.stdout, ended.stderr
