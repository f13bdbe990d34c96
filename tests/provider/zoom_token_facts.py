"""What is known of Zoom's tokens: how one is asked for, how many live, and who gets none."""

from tests.provider.zoom_acts import ME, answer_to, asked, called, in_query, with_form
from tests.provider.zoom_facts import INVALID, Fact, refusal
from tests.provider.zoom_requests import FORM, GRANT, a_server, token_request
from tokenrace.provider.lifecycle import Deactivate
from tokenrace.provider.scopes import GRANULAR_ADMIN_SCOPES

TOKEN_FACTS = [
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
        "1 live; new request invalidates previous immediately",
        "R",
        called(ME, issues=2),
        (401, INVALID),
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
        "3. Token-endpoint errors",
        'reason "The app has been disabled by the developer"; 400 most likely',
        "R",
        asked(change=Deactivate()),
        (400, {"reason": "The app has been disabled by the developer"}),
    ),
]
