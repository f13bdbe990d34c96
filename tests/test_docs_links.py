"""What README and the pages of docs/ point to is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page):
    """Files and folders of this repository; the rest of the web is not asked."""
    targets = [page.parent / found for found in LINK.findall(page.read_text(encoding="utf-8"))]

    assert [str(target) for target in targets if not target.exists()] == []
