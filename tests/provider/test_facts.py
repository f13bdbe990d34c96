"""The facts about Zoom that the provider answers by: each quoted from docs/provider-facts.md, and
asserted over its HTTP. The tables are ``zoom_token_facts.py`` and ``zoom_api_facts.py``.
"""

from pathlib import Path

import pytest

from tests.provider.zoom_api_facts import API_FACTS
from tests.provider.zoom_requests import a_server, token_request
from tests.provider.zoom_token_facts import TOKEN_FACTS
from tokenrace.clock import DAY, SECOND
from tokenrace.provider.lifecycle import RotateSecret
from tokenrace.provider.limits import LABELS
from tokenrace.provider.profiles import PROFILES

FACTS = [*TOKEN_FACTS, *API_FACTS]
DOCUMENT = Path(__file__).parents[2] / "docs" / "provider-facts.md"


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.quote[:60])
def test_the_provider_answers_as_the_fact_has_it(fact):
    """Status and body; of a body that says more, the part that the fact is about."""
    status, body = fact.answer
    got_status, got = fact.shown()

    assert got_status == status
    assert (got if isinstance(body, bytes) else {key: got[key] for key in body}) == body


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.quote[:60])
def test_each_fact_stands_in_the_document_where_it_says(fact):
    """So that neither can change alone."""
    sections = DOCUMENT.read_text(encoding="utf-8").split("\n## ")
    section = next(text for text in sections if text.startswith(fact.section))

    assert fact.quote in section


@pytest.mark.parametrize(
    ("label", "row"),
    [
        ("Light", "| Light | 4/s, 6000/day | 30/s | 80/s |"),
        ("Medium", "| Medium | 2/s, 2000/day | 20/s | 60/s |"),
        ("Heavy", "| Heavy | 1/s, 1000/day | 10/s* | 40/s* |"),
        ("Resource-intensive", "| Resource-intensive | 10/min, 30000/day | 10/min* | 20/min* |"),
    ],
)
def test_the_table_of_limits_is_the_documents(label, row):
    """Every number of a row, for each plan."""
    assert row in DOCUMENT.read_text(encoding="utf-8")
    cells = row.strip("| ").split(" | ")[1:]
    for plan, cell in zip(("free", "pro", "business"), cells, strict=True):
        limits = LABELS[plan][label]
        rate, _, daily = cell.partition(", ")
        count, _, unit = rate.strip("*").partition("/")
        assert (limits.count, limits.window) == (
            int(count),
            {"s": SECOND, "min": 60 * SECOND}[unit],
        )
        if daily:
            assert limits.daily == int(daily.removesuffix("/day"))


def test_an_old_secret_works_on_for_its_overlap():
    """Up to 30 days [D, section 7]; one tick before its end, and at it."""
    server = a_server()
    server.provider.undergo(RotateSecret(new_secret="newer", overlap=30 * DAY), 0)

    assert server.handle(token_request(), 30 * DAY - 1).response.status == 200
    assert server.handle(token_request(), 30 * DAY).response.status == 400


def test_a_profile_says_how_sure_its_rule_is():
    """The cap that nobody has confirmed is called a hypothesis, and Zoom's own word documented."""
    assert PROFILES["zoom-hypothesis"].confidence == "hypothesis"
    assert PROFILES["zoom-2022"].confidence == "reported"
    assert PROFILES["zoom-2023"].confidence == "documented"
