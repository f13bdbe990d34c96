"""A table of figures never cuts a word: what is too wide for the terminal is told below it."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from tokenrace.cli.fitting_table import FittingTable

HEADINGS = ("401 rate", "failed", "outages", "tokens", "causes")
ROWS = {
    "shared_cache_no_lock": (
        "3.31 %\n(0 to 12.5)",
        "3.2 %",
        "1,\n59 min,\n1/5",
        "104,331",
        "evicted 141,660,\nexpired 12",
    ),
    "lease_cas": ("0 %\n(0 to 0.0269)", "0 %", "none", "5", "none"),
}


def _printed(width: int, rows: dict[str, tuple[str, ...]] = ROWS) -> str:
    page = io.StringIO()
    FittingTable(
        title="small: 5 seeds",
        caption=(("", "of responses"), ("outages", "outages: how many")),
        headings=HEADINGS,
        rows=rows,
        leaving=("causes", "outages", "tokens", "failed"),
        told_elsewhere=frozenset({"outages"}),
    ).print(Console(file=page, width=width, markup=False, emoji=False))
    return page.getvalue()


def test_on_a_wide_terminal_each_row_is_one_line():
    """130 columns hold all of it."""
    page = _printed(130)
    assert "3.31 % (0 to 12.5)" in page
    assert "1, 59 min, 1/5" in page
    assert "evicted 141,660, expired 12" in page
    assert "outages: how many" in page


def test_on_eighty_columns_cells_are_stacked():
    """The interval stands under its mean, and nothing leaves the table that fits that way."""
    page = _printed(80)
    assert "3.31 % (0 to 12.5)" not in page
    assert {"(0 to 12.5)", "59 min,", "141,660,"} <= _pieces(page)


def test_what_leaves_the_table_is_told_below_it():
    """The causes go first, in a line for each strategy that has any."""
    assert "causes  shared_cache_no_lock: evicted 141,660, expired 12" in _printed(70)
    assert "causes  lease_cas" not in _printed(70)


def test_a_column_told_elsewhere_leaves_with_its_explanation():
    """Outages have sentences of their own."""
    page = _printed(50)
    assert "outages" not in page


@given(
    width=st.integers(45, 130),
    name=st.text("abcdefghij_", min_size=1, max_size=20),
    cause=st.text("abcdefghij ", min_size=1, max_size=60),
)
def test_no_word_is_cut_and_no_line_of_the_table_is_too_long(width, name, cause):
    """At every width from 45 columns on, with any words; an ellipsis would be a lost figure."""
    page = _printed(width, {**ROWS, name: ("1 %\n(0 to 2)", "1 %", "none", "7", cause)})
    assert "…" not in page
    for word in (name, *cause.split(), "104,331", "141,660,", "(0 to 0.0269)"):
        assert word in page
    bordered = [line for line in page.splitlines() if line[:1] in "┏┃┡│└"]
    assert all(len(line) <= width for line in bordered if line)


@pytest.mark.parametrize("width", [20, 30])
def test_a_name_wider_than_the_terminal_is_folded_and_whole(width):
    """Its letters are all there, over several lines."""
    page = _printed(width)
    assert "…" not in page


def _pieces(page: str) -> set[str]:
    return {piece.strip() for line in page.splitlines() for piece in line.split("│")} | set(
        page.split()
    )
