"""The control API: its routes, their document, and who may use them."""

import json

from pydantic import TypeAdapter

from tests.server.served_world import in_a_world
from tokenrace.server.control import ALL_ROUTES
from tokenrace.server.openapi import answers_of


def test_the_document_describes_every_route_and_every_status():
    """Made from the table, so both have the same; and each $ref in it leads somewhere."""

    async def act(world):
        status, described = await world.control("GET", "openapi.json")
        assert (status, described["openapi"]) == (200, "3.1.0")
        assert described["servers"] == [{"url": f"{world.served.terms.api_url}/_control"}]
        for route in ALL_ROUTES:
            operation = described["paths"][f"/{route.path}"][route.method.lower()]
            assert set(operation["responses"]) == {str(status) for status in answers_of(route)}
        schemas = described["components"]["schemas"]
        for line in json.dumps(described, indent=0).splitlines():
            if '"$ref"' in line:
                assert line.partition("schemas/")[2].strip('", ') in schemas

    in_a_world(act)


def test_every_answer_is_of_the_type_that_is_documented():
    """Each route is asked once; what it answers is read back as the documented type."""
    bodies = {
        "reset": None,
        "policy": {"live_tokens": 2},
        "events": {"event": "error", "endpoint": "api", "status": 500},
        "clock": {"forward": "1s"},
        "wait": {"requests": 0},
    }

    async def act(world):
        for route in ALL_ROUTES:
            await world.issue()
            status, answer = await world.control(route.method, route.path, bodies.get(route.path))
            kind = answers_of(route)[status].content
            TypeAdapter(kind).validate_python(answer)

    in_a_world(act)


def test_what_is_not_there_and_the_wrong_method_are_told():
    """404 names what is near; 405 has Allow, as RFC 9110 wants it."""

    async def act(world):
        status, answer = await world.control("GET", "stat")
        assert status == 404
        assert answer["problems"][0]["what"] == "nothing is here; did you mean 'state'?"
        async with world.client.get("/_control/reset") as refused:
            assert (refused.status, refused.headers["allow"]) == (405, "POST")
        async with world.client.get("/_control/") as listed:
            assert "openapi.json" in await listed.text()

    in_a_world(act)


def test_a_web_page_cannot_use_the_control_api():
    """Neither from another origin nor under a name led to 127.0.0.1; a page of our own may."""

    async def act(world):
        ours = world.served.terms.api_url
        for headers, status in (
            ({"Origin": "http://evil.example"}, 403),
            ({"Origin": "null"}, 403),
            ({"Host": "evil.example:8787"}, 403),
            ({"Host": "[half"}, 403),
            ({"Origin": ours}, 200),
            ({"Host": "localhost:1"}, 200),
        ):
            assert (await world.control("GET", "state", None, **headers))[0] == status, headers

    in_a_world(act)


def test_away_from_loopback_everything_needs_the_token():
    """With a token set nothing of the control API is to be had without it but the page, which says
    nothing by itself."""

    async def act(world):
        for headers, status in (
            ({}, 401),
            ({"Authorization": "Bearer sesam"}, 401),
            ({"Authorization": "Basic sesame"}, 401),
            ({"Authorization": "Bearer sésame"}, 401),
            ({"Authorization": "bearer sesame"}, 200),
            ({"Authorization": "Bearer sesame", "Host": "shop.example"}, 200),
        ):
            got, _ = await world.control("GET", "state", None, **headers)
            assert got == status, headers
        async with world.client.get("/_control/state") as refused:
            assert (refused.status, refused.headers["www-authenticate"]) == (401, "Bearer")
        async with world.client.get("/_control/") as shown:
            assert shown.status == 200
        assert (await world.control("GET", "nothing"))[0] == 401
        assert (await world.issue())[0] == 200

    in_a_world(act, control_token="sesame")
