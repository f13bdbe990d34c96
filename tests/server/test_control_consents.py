"""The control API where the grant is refresh_token: the user's consents, given and withdrawn."""

import json

from tests.provider.zoom_requests import FORM
from tests.server.served_world import in_a_world


async def refresh(world, value):
    """Use a refresh token; return the status and the answer."""
    form = {"grant_type": "refresh_token", "refresh_token": value}
    headers = {"authorization": FORM["authorization"]}
    async with world.client.post("/oauth/token", data=form, headers=headers) as answer:
        return answer.status, await answer.json()


async def consents(world):
    """Let the user consent; return the refresh token."""
    return (await world.raises("authorize"))["refresh_token"]


async def newest_entry(world):
    """Return the newest entry of the journal."""
    _, page = await world.control("GET", f"journal?after={world.served.journal.last - 1}")
    return page["entries"][0]


def test_a_consent_yields_a_refresh_token_that_yields_tokens():
    """Xero rotates: each use tells the next refresh token, and the access token works."""

    async def act(world):
        status, first = await refresh(world, await consents(world))
        assert (status, await world.call(first["access_token"])) == (200, 200)
        status, second = await refresh(world, first["refresh_token"])
        assert (status, second["refresh_token"] != first["refresh_token"]) == (200, True)
        _, state = await world.control("GET", "state")
        assert (state["consents"], state["counts"]["tokens_issued"]) == (1, 2)

    in_a_world(act, profile="xero")


def test_a_reuse_ends_the_consent_and_the_journal_says_why():
    """Atlassian's rule: the first refresh token, shown after its 10 minutes of overlap, ends the
    family and with it token 2; no client is told more than invalid_grant."""

    async def act(world):
        spent = await consents(world)
        _, granted = await refresh(world, spent)
        await refresh(world, granted["refresh_token"])
        await world.control("POST", "clock", {"forward": "10m"})
        assert await refresh(world, spent) == (
            400,
            {"reason": "Invalid Token!", "error": "invalid_grant"},
        )
        entry = await newest_entry(world)
        assert entry["what"] == "refresh token of consent 1: reused; consent 1 ended: reused"
        assert (entry["ended"], (await world.control("GET", "state"))[1]["consents"]) == ([2], 0)
        await refresh(world, "garbage")
        assert (await newest_entry(world))["what"] == "refresh token: unknown"

    in_a_world(act, profile="atlassian")


def test_the_sixth_consent_ends_the_first_and_its_tokens():
    """Salesforce's five approvals, as one entry of the journal; its values are in none."""

    async def act(world):
        values = [await consents(world)]
        await refresh(world, values[0])
        values += [await consents(world) for _ in range(5)]
        entry = await newest_entry(world)
        assert entry["what"] == "the user consents; consent 1 ended: evicted; consent 6 begins"
        assert entry["ended"] == [1]
        assert [(await refresh(world, value))[0] for value in values] == [400, *[200] * 5]
        _, page = await world.control("GET", "journal")
        assert not any(value in json.dumps(page) for value in values)

    in_a_world(act, profile="salesforce")


def test_a_withdrawn_consent_is_over():
    """The newest, then number 1; then there is nothing to withdraw. HubSpot's tokens live on."""

    async def act(world):
        first, second = await consents(world), await consents(world)
        _, granted = await refresh(world, first)
        for asked, said in [
            ({}, "its newest consent is withdrawn; consent 2 ended: revoked"),
            ({"consent": 1}, "consent 1 is withdrawn; consent 1 ended: revoked"),
            ({}, "its newest consent is withdrawn"),
        ]:
            assert (await world.raises("withdraw_consent", **asked))["done"]["what"] == said
        assert [(await refresh(world, value))[0] for value in (first, second)] == [400, 400]
        assert await world.call(granted["access_token"]) == 200

    in_a_world(act, profile="hubspot")


def test_a_reset_has_the_user_consent_anew():
    """No refresh token from before is known; the answer has the one that is."""

    async def act(world):
        before = await consents(world)
        _, done = await world.control("POST", "reset")
        assert [(await refresh(world, value))[0] for value in (before, done["refresh_token"])] == [
            400,
            200,
        ]

    in_a_world(act, profile="google")


def test_without_refresh_tokens_there_is_nothing_to_consent_to():
    """Zoom's server-to-server apps; until other rules are put in place."""

    async def act(world):
        said = await world.problems("POST", "events", {"event": "authorize"})
        assert said == {
            "event": "there is nothing to consent to: this policy grants tokens for the app's "
            "credentials alone"
        }
        assert (await world.raises("withdraw_consent"))["done"]["ended"] == []
        await world.control("PUT", "policy", {"profile": "xero"})
        assert (await refresh(world, await consents(world)))[0] == 200

    in_a_world(act)
