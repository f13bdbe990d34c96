"""What is known of Zoom's API: its errors and limits, its meetings, and what a change of the app
does to it."""

from tests.provider.zoom_acts import (
    ME,
    MEETINGS,
    a_day_used_up,
    called,
    created_twice,
    deleted,
    headers_of_a_401,
    hundred_and_first_meeting,
    too_fast,
)
from tests.provider.zoom_facts import INVALID, Fact, refusal
from tokenrace.clock import DAY, HOUR
from tokenrace.provider.lifecycle import DowngradeOwner

API_FACTS = [
    Fact(
        "4. API errors",
        '401 `{"code":124,"message":"Invalid access token."}`',
        "R",
        called(ME, value="garbage"),
        (401, INVALID),
    ),
    Fact(
        "4. API errors",
        '401 `{"code":124,"message":"Access token is expired."}`',
        "R",
        called(ME, now=HOUR),
        (401, refusal(124, "Access token is expired.")),
    ),
    Fact(
        "4. API errors",
        '**400** `{"code":4711,"message":"Invalid access token, does not contain scopes:[',
        "R",
        called(ME, change=DowngradeOwner()),
        (400, {"code": 4711}),
    ),
    Fact(
        "4. API errors",
        '400 code 300 "Request Body should be a valid JSON object."',
        "R, D",
        called(MEETINGS, body=b"{"),
        (400, refusal(300, "Request Body should be a valid JSON object.")),
    ),
    Fact(
        "4. API errors",
        '404 `{"code":1001,"message":"User does not exist: {userId}."}`',
        "D",
        called("GET /v2/users/nobody"),
        (404, refusal(1001, "User does not exist: nobody.")),
    ),
    Fact(
        "4. API errors",
        '404 `{"code":3001,"message":"Meeting does not exist: {id}."}`',
        "D",
        called("GET /v2/meetings/42"),
        (404, refusal(3001, "Meeting does not exist: 42.")),
    ),
    Fact(
        "4. API errors",
        '"Validation Failed." + errors[]',
        "R, D",
        called(MEETINGS, body=b'{"type":9}'),
        (400, {"code": 300, "errors": [{"field": "type", "message": "Invalid field."}]}),
    ),
    Fact(
        "4. API errors",
        "`Cache-Control: no-store`, `Pragma`, `Expires` 1970, `Set-Cookie: zm_aid=`, "
        "`X-Content-Type-Options: nosniff`. **No WWW-Authenticate seen",
        "R",
        headers_of_a_401,
        (
            401,
            {
                "Cache-Control": "no-store",
                "Pragma": "no-cache",
                "Expires": "Thu, 01 Jan 1970 00:00:00 GMT",
                "Set-Cookie": "zm_aid=",
                "X-Content-Type-Options": "nosniff",
                "WWW-Authenticate": None,
            },
        ),
    ),
    Fact(
        "5. Rate limits",
        "You have reached the maximum per-second rate limit for this API. Try again later.",
        "D",
        too_fast,
        (
            429,
            refusal(
                429,
                "You have reached the maximum per-second rate limit for this API. Try again later.",
            ),
        ),
    ),
    Fact(
        "5. Rate limits",
        "You have exceeded the daily rate limit (100) of Meeting Create/Update API requests "
        "permitted for this particular user.",
        "R",
        hundred_and_first_meeting,
        (429, {"code": 429}),
    ),
    Fact(
        "5. Rate limits",
        "100 meeting/webinar create+update per day, resets 00:00 UTC",
        "D",
        lambda: hundred_and_first_meeting(now=DAY),
        (201, {"status": "waiting"}),
    ),
    Fact(
        "5. Rate limits",
        "You have reached the maximum daily rate limit for this API. Refer to the response header "
        "for details on when you can make another request.",
        "D",
        a_day_used_up,
        (
            429,
            refusal(
                429,
                "You have reached the maximum daily rate limit for this API. Refer to the response "
                "header for details on when you can make another request.",
            ),
        ),
    ),
    Fact(
        "6. Endpoints for the mock",
        "POST /v2/users/{userId}/meetings | 201",
        "D",
        called(MEETINGS, body=b"{}"),
        (201, {"type": 2, "status": "waiting"}),
    ),
    Fact(
        "6. Endpoints for the mock", "GET /v2/users/me | 200", "D", called(ME), (200, {"type": 2})
    ),
    Fact(
        "6. Endpoints for the mock",
        "DELETE /v2/meetings/{id} | 204 empty",
        "D",
        deleted(times=1),
        (204, b""),
    ),
    Fact(
        "6. Endpoints for the mock",
        "Second DELETE gives 404 3001",
        "inference",
        deleted(times=2),
        (404, {"code": 3001}),
    ),
    Fact(
        "6. Endpoints for the mock",
        "a retried create makes a second meeting",
        "D",
        created_twice,
        (201, {"id": 10_000_000_001}),
    ),
    Fact(
        "7. Lifecycle",
        "DF 94662 reports 401 everywhere",
        "R",
        called(ME, change=DowngradeOwner(loses="tokens")),
        (401, INVALID),
    ),
]
