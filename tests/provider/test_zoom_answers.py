"""Meetings and users as Zoom shows them: what a call that is allowed answers."""

import json

from tests.provider.zoom_requests import a_server, call, issue, token_request
from tokenrace.clock import SECOND
from tokenrace.provider.http import DETAILS_KEPT


def test_a_created_meeting_is_shown_whole_and_read_back_the_same():
    """Facts, section 6: 201 and every field of the recorded response; the read is a 200."""
    server = a_server()
    value = issue(server)
    asked = b'{"topic":"Stand-up","type":2,"duration":15,"start_time":"2024-01-02T03:04:05Z"}'

    created = call(server, "POST /v2/users/me/meetings", value, now=90 * SECOND, body=asked)
    read = call(server, "GET /v2/meetings/10000000000", value, now=100 * SECOND)

    assert (created.response.status, read.response.status) == (201, 200)
    assert created.response.body == read.response.body
    shown = json.loads(created.response.body)
    made_up = ["uuid", "password", "h323_password", "pstn_password", "encrypted_password"]
    assert all(isinstance(shown.pop(name), str) for name in made_up)
    join_url, settings = shown.pop("join_url"), shown.pop("settings")
    assert join_url.startswith("https://tokenrace.invalid/j/10000000000?pwd=")
    assert settings["waiting_room"] is True
    assert shown == {
        "id": 10_000_000_000,
        "host_id": "user-owner",
        "host_email": "user-owner@tokenrace.invalid",
        "topic": "Stand-up",
        "type": 2,
        "status": "waiting",
        "start_time": "2024-01-02T03:04:05Z",
        "duration": 15,
        "timezone": "UTC",
        "agenda": "",
        "created_at": "2023-11-14T22:14:50Z",  # EPOCH + 90 s
        "start_url": "https://tokenrace.invalid/s/10000000000?zak=tokenrace",
    }


def test_a_repeated_create_makes_a_second_meeting():
    """No idempotency key is in the spec; facts, section 6."""
    server = a_server()
    value = issue(server)

    answers = [call(server, "POST /v2/users/me/meetings", value, body=b"{}") for _ in "12"]

    ids = [json.loads(answer.response.body)["id"] for answer in answers]
    assert ids == [10_000_000_000, 10_000_000_001]


def test_a_delete_answers_204_with_nothing_and_a_second_one_404():
    """OpenAPI; the second answer is inferred from the documented 404."""
    server = a_server()
    value = issue(server)
    call(server, "POST /v2/users/me/meetings", value, body=b"{}")

    first, second = (call(server, "DELETE /v2/meetings/10000000000", value) for _ in "12")

    assert (first.response.status, first.response.body) == (204, b"")
    assert "Content-Type" not in first.response.headers
    assert second.response.status == 404


def test_details_are_kept_for_the_latest_meetings_only():
    """Memory must not grow: of DETAILS_KEPT + 1 meetings the first is shown with the defaults."""
    server = a_server()
    value = issue(server)
    for _ in range(DETAILS_KEPT + 1):
        call(server, "POST /v2/users/me/meetings", value, now=SECOND, body=b'{"topic":"x"}')

    first, second = (
        json.loads(call(server, f"GET /v2/meetings/{meeting}", value).response.body)
        for meeting in (10_000_000_000, 10_000_000_001)
    )

    assert (first["topic"], first["created_at"]) == ("Zoom Meeting", "2023-11-14T22:13:20Z")
    assert (second["topic"], second["created_at"]) == ("x", "2023-11-14T22:13:21Z")


def test_the_user_is_shown_with_every_field_of_the_specification():
    """``me`` is the owner of the app; facts, section 6."""
    server = a_server()
    value = issue(server)

    me, other = (
        json.loads(call(server, f"GET /v2/users/{user}", value).response.body)
        for user in ("me", "user-3-7")
    )

    assert list(me) == [
        "id",
        "first_name",
        "last_name",
        "display_name",
        "email",
        "type",
        "role_name",
        "pmi",
        "timezone",
        "verified",
        "created_at",
        "account_id",
        "account_number",
        "status",
    ]
    assert (me["id"], me["email"]) == ("user-owner", "user-owner@tokenrace.invalid")
    assert (other["id"], other["account_id"]) == ("user-3-7", "acct")
    assert 10**9 <= me["pmi"] < 10**10


def test_the_same_requests_get_the_same_bytes():
    """No clock, no chance: two servers with one key agree to the last byte."""
    first, second = (
        [
            server.handle(token_request(), 0).response,
            call(server, "POST /v2/users/me/meetings", issue(server), body=b"{}").response,
        ]
        for server in (a_server(), a_server())
    )

    assert first == second
