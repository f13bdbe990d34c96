"""The control page in a real browser: what a user sees, with nothing from anywhere else."""

import asyncio
import re
from functools import partial

import pytest

from tests.browser import opened
from tests.browser_session import a_browser
from tests.provider.zoom_requests import a_request, bearer
from tests.server.served_world import a_world
from tokenrace.server.control import ALL_ROUTES
from tokenrace.server.page import page

TOKEN = "sesame"


async def some_history(world):
    """Three tokens at a cap of two: the first is evicted, and a call with it refused."""
    tokens = [(await world.issue(caller=f"p{number}"))[1] for number in range(3)]
    assert [await world.call(token) for token in tokens] == [401, 200, 200]


def shown(tmp_path, *options, width=1000, **own):
    """Return the page after some history, as the browser has it, and the browser's log."""

    async def look():
        async with a_world(live_tokens=2, **own) as world:
            if "control_token" not in own:
                await some_history(world)
            url = f"{world.served.terms.api_url}/_control/"
            browse = partial(opened, url, tmp_path, *options, width=width)
            return await asyncio.get_running_loop().run_in_executor(None, browse)

    return asyncio.run(look())


def text_of(dom, identity):
    """Return the text of the element with that id."""
    found = re.search(rf'id="{identity}"[^>]*>([^<]*)<', dom)
    return found and found[1]


def test_the_page_shows_what_happened(tmp_path):
    """Counts, causes, lifelines and the journal; the browser has nothing to complain of."""
    dom, log = shown(tmp_path)

    assert text_of(dom, "live") == "2"
    assert text_of(dom, "cap") == " of 2"
    assert text_of(dom, "rate") == "3"
    assert text_of(dom, "refused") == "1"
    assert text_of(dom, "share") == ", 33 % of 3 calls"
    assert ">evicted</code>" in dom
    assert "evicted by 3</text>" in dom
    assert "p0 POST /oauth/token 200 token 1" in dom
    assert "CONSOLE" not in log


def test_a_page_opened_late_shows_what_lives_and_the_newest_that_happened(tmp_path):
    """Two tokens, then 1,200 calls, of which a page of the journal has 1,000; a burst is told."""

    async def look():
        async with a_world(live_tokens=2) as world:
            _, token = await world.issue(caller="p0")
            await world.issue(caller="p1")
            for _ in range(1_200):
                world.served.answer(a_request("GET", "/v2/users/me", headers=bearer(token)))
            await world.raises("error", endpoint="api", status=503, **{"for": "1h"})
            url = f"{world.served.terms.api_url}/_control/"
            return await asyncio.get_running_loop().run_in_executor(None, opened, url, tmp_path)

    dom, log = asyncio.run(look())
    assert "1 p0</text>" in dom
    assert "2 p1</text>" in dom
    assert text_of(dom, "rate") == "2"
    assert text_of(dom, "status") == "app in order; clock ahead by 0s; the API answers 503"
    assert 'data-shown="1203"' in dom
    assert "CONSOLE" not in log


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_need_not_scroll_sideways(tmp_path, scheme):
    """At the narrowest window the browser makes, in both schemes."""
    dark = ["--blink-settings=preferredColorScheme=0"] if scheme == "dark" else []
    dom, log = shown(tmp_path, *dark, width=360)

    assert int(re.search(r'data-overflow="(-?\d+)"', dom)[1]) <= 0
    assert "CONSOLE" not in log


CLICKED = """new Promise(done => {
    const button = document.querySelectorAll("#actions button")[NUMBER];
    const said = document.getElementById("said");
    said.textContent = "";
    new MutationObserver(() => done(said.textContent)).observe(said, {childList: true});
    button.click();
})"""


def test_each_button_does_what_it_says(tmp_path):
    """Clicked one after the other: the page says that it is done, and the journal what was."""

    done = []

    async def click_all():
        async with a_world(live_tokens=2) as world, a_browser(tmp_path) as session:
            world.clock.holds = True  # so that the second minter asks for nothing
            await world.issue()
            await session.open(f"{world.served.terms.api_url}/_control/")
            buttons = "document.querySelectorAll('#actions button').length"
            for number in range(await session.evaluate(buttons)):
                said = await session.evaluate(CLICKED.replace("NUMBER", str(number)))
                _, page = await world.control("GET", "journal")
                done.append((said, page["entries"][-1]["what"]))

    asyncio.run(click_all())
    assert done == [
        ("done: Revoke all tokens", "every token is revoked"),
        ("done: Revoke the newest", "its newest token is revoked"),
        ("done: Deactivate", "deactivated"),
        ("done: Reactivate", "reactivated"),
        ("done: API answers 503 for 30 s", "from now on, the API answers 503: for 30s"),
        ("done: A second minter, 1/s for 30 s", "a second minter asks for tokens, 1/s"),
        ("done: Clock 10 min forward", "the clock was moved forward by 10m"),
        ("done: Reset", "reset"),
    ]


def test_with_a_token_of_its_own_the_page_asks_for_it(tmp_path):
    """The page itself holds no secret; what it asks needs the token."""
    dom, _ = shown(tmp_path, control_token=TOKEN)

    assert re.search(r'<form id="key">', dom)
    assert text_of(dom, "live") == "-"
    assert TOKEN not in dom


def test_the_page_needs_nothing_from_elsewhere():
    """No address but its own, and a policy that allows nothing else."""
    shown_page = page(ALL_ROUTES)

    addresses = set(re.findall(r"https?://[^\"' ]+", shown_page.html))
    assert addresses == {"http://www.w3.org/2000/svg"}  # a name, which nobody fetches
    assert "default-src 'none'" in shown_page.policy
    assert "connect-src 'self'" in shown_page.policy
