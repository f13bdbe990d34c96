"""What README and the pages of docs/ point to is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page):
    """Files and folders of this repository; the rest of the web is not asked."""
    targets = [page.parent / found for found in LINK.findall(page.read_text(encoding="utf-8"))]

    assert [str(target) for target in targets if not target.exists()] == []


def test_the_index_of_decisions_lists_each_of_them():
    """In order of their numbers, under the title that each has."""
    folder = ROOT / "docs" / "decisions"
    listed = re.findall(
        r"^- \[\d+\]\((.+?)\): (.+)$", (folder / "README.md").read_text(), re.MULTILINE
    )
    titles = [(f.name, f.read_text().splitlines()[0]) for f in sorted(folder.glob("0*.md"))]
    assert [name for name, _ in listed] == [name for name, _ in titles]
    for (_, said), (_, title) in zip(listed, titles, strict=True):
        assert title.lower().endswith(said.lower())
