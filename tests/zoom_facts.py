"""What is known of Zoom's wire, fact by fact: a quotation, and what the provider does about it.

The marks are those of docs/provider-facts.md: D documented, R reported, U unknown. What is unknown
is not asserted, but for what the document says to use in its place.
"""

from collections.abc import Callable
from dataclasses import dataclass

from simulator.clock import DAY, HOUR
from simulator.provider.lifecycle import Deactivate, DowngradeOwner
from simulator.provider.scopes import GRANULAR_ADMIN_SCOPES
from tests.zoom_acts import (
    ME,
    MEETINGS,
    a_day_used_up,
    answer_to,
    asked,
    called,
    created_twice,
    deleted,
    headers_of_a_401,
    hundred_and_first_meeting,
    in_query,
    too_fast,
    with_form,
)
from tests.zoom_requests import FORM, GRANT, a_server, token_request


@dataclass(frozen=True)
class Fact:
    """``quote`` stands in the document, in ``section``, with ``mark``; ``shown`` gives what the
    provider answers, and ``answer`` is what it must be: a status, and a body or a part of one."""

    section: str
    quote: str
    mark: str
    shown: Callable[[], tuple[int, object]]
    answer: tuple[int, object]


def refusal(code, message):
    """The API's no."""
    return {"code": code, "message": message}


INVALID = refusal(124, "Invalid access token.")
FACTS = [
    Fact(
        "1. Token request", '"token_type":"bearer"', "D", asked(), (200, {"token_type": "bearer"})
    ),
    Fact("1. Token request", "3600 (DF 79648", "R", asked(), (200, {"expires_in": 3600})),
    Fact(
        "1. Token request",
        '"either as query parameters or in the request body"',
        "D",
        asked(body=b"", query=[pair.split("=") for pair in GRANT.split("&")]),
        (200, {"token_type": "bearer"}),
    ),
    Fact(
        "1. Token request",
        '"Invalid access token, this access token is not supported as query parameter string."',
        "R",
        in_query,
        (
            401,
            refusal(
                124,
                "Invalid access token, this access token is not supported as query parameter "
                "string.",
            ),
        ),
    ),
    Fact(
        "2. Limit on live tokens",
        "1 live; new request invalidates previous immediately",
        "R",
        called(ME, issues=2),
        (401, INVALID),
    ),
    Fact(
        "3. Token-endpoint errors",
        '{"reason":"Invalid client_id or client_secret","error":"invalid_client"}',
        "R",
        asked(headers={**FORM, "authorization": "Basic eDp5"}),
        (400, {"reason": "Invalid client_id or client_secret", "error": "invalid_client"}),
    ),
    Fact(
        "3. Token-endpoint errors",
        '{"reason":"unsupported grant type","error":"unsupported_grant_type"}',
        "R",
        with_form("grant_type=client_credentials&account_id=acct"),
        (400, {"reason": "unsupported grant type", "error": "unsupported_grant_type"}),
    ),
    Fact(
        "3. Token-endpoint errors",
        '{"reason":"Bad request","error":"invalid_request"}',
        "R",
        with_form("grant_type=account_credentials&account_id=other"),
        (400, {"reason": "Bad request", "error": "invalid_request"}),
    ),
    Fact(
        "3. Token-endpoint errors",
        '{"reason":"Missing grant type","error":"invalid_request"}',
        "D/R weak",
        with_form("account_id=acct"),
        (400, {"reason": "Missing grant type", "error": "invalid_request"}),
    ),
    Fact(
        "3. Token-endpoint errors",
        'missing account_id | [U]; use the "Bad request" body',
        "U",
        with_form("grant_type=account_credentials"),
        (400, {"reason": "Bad request", "error": "invalid_request"}),
    ),
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
        "1. Token request",
        "tokens stop working\nwhen app is deactivated",
        "D",
        called(ME, change=Deactivate()),
        (401, INVALID),
    ),
    Fact(
        "1. Token request",
        "one space-separated string, all scopes of the app",
        "R",
        asked(),
        (200, {"scope": " ".join(GRANULAR_ADMIN_SCOPES)}),
    ),
    Fact(
        "2. Limit on live tokens",
        "the requester always gets 200",
        "R by absence",
        lambda: answer_to([a_server().handle(token_request(), 0) for _ in range(2)][-1]),
        (200, {"expires_in": 3600}),
    ),
    Fact(
        "2. Limit on live tokens",
        'many tokens, "without invalidating the previous tokens"',
        "D",
        called(ME, issues=20, profile="zoom-2023"),
        (200, {"type": 2}),
    ),
    Fact(
        "2. Limit on live tokens",
        "index param ignored, token still generated",
        "D",
        with_form(f"{GRANT}&token_index=77", profile="zoom-2023"),
        (200, {"token_type": "bearer"}),
    ),
    Fact(
        "2. Limit on live tokens",
        "each index holds one live token",
        "R",
        called(ME, issues=2, profile="zoom-index5"),
        (401, INVALID),
    ),
    Fact(
        "2. Limit on live tokens",
        '400 `{"reason":"Invalid Token!","error":"invalid_grant"}`',
        "R",
        with_form("grant_type=refresh_token&refresh_token=garbage", profile="xero"),
        (400, {"reason": "Invalid Token!", "error": "invalid_grant"}),
    ),
    Fact(
        "3. Token-endpoint errors",
        'reason "The app has been disabled by the developer"; 400 most likely',
        "R",
        asked(change=Deactivate()),
        (400, {"reason": "The app has been disabled by the developer"}),
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
