"""What a client meets at each profile, over HTTP: the tokens it asks for in turn, and what becomes
of them. The rules are those of docs/provider-facts.md, section 8.
"""

import pytest

from tests.server.served_world import in_a_world
from tests.server.test_control_consents import consents, refresh
from tokenrace.provider.profiles import PROFILES

OK, GONE = 200, 401


def issues(count):
    """Return ``count`` issues in a row."""
    return ["issue"] * count


# What happens in turn: an issue, or the clock moved on; then what each token issued comes to. Where
# the same token comes again, it is listed again.
STORIES = {
    "zoom-2022": (issues(2), [GONE, OK]),
    "zoom-index5": (issues(2), [GONE, OK]),  # both take slot 0
    "zoom-2023": (issues(50), [OK] * 50),
    "zoom-hypothesis": (issues(12), [GONE] * 2 + [OK] * 10),
    "zoho": (issues(11), [OK] * 10),  # the eleventh is refused
    "wechat": ([*issues(3), "4m 59s"], [OK] * 3),
    "wecom": ([*issues(2), "1h", "issue"], [OK] * 3),
    "feishu": ([*issues(2), "91m", "issue"], [OK] * 3),
    "marketo": ([*issues(2), "59m", "issue"], [OK] * 3),
    "twitch": (issues(51), [GONE] + [OK] * 50),
    "github-oauth": (issues(11), [GONE] + [OK] * 10),
    "ringcentral": (issues(2), [GONE, OK]),
    "google": (issues(3), [OK] * 3),
    "salesforce": (issues(3), [OK] * 3),
    "xero": (issues(3), [OK] * 3),
    "atlassian": ([*issues(2), "9m", "issue", "1m"], [GONE, OK, OK]),
    "hubspot": (issues(3), [OK] * 3),
}
DISTINCT = {"wecom": 1, "feishu": 2, "marketo": 1}


@pytest.mark.parametrize("name", PROFILES)
def test_a_client_meets_the_profiles_rule(name):
    """Each token is shown once all has happened."""
    happens, expected = STORIES[name]

    async def act(world):
        asks = asking(world, name)
        tokens = []
        for what in happens:
            if what == "issue":
                tokens.append(await anext(asks))
            else:
                await world.control("POST", "clock", {"forward": what})
        tokens = [token for token in tokens if token is not None]
        assert [await world.call(token) for token in tokens] == expected
        assert len(set(tokens)) == DISTINCT.get(name, len(tokens))

    in_a_world(act, profile=name)


async def asking(world, name):
    """Yield the token of each request, by the profile's own grant; None where it is refused."""
    if PROFILES[name].policy.refresh is None:
        while True:
            yield (await world.issue())[1]
    value = await consents(world)
    while True:
        _, granted = await refresh(world, value)
        value = granted.get("refresh_token", value)
        yield granted["access_token"]
