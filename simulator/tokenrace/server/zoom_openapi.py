"""The OpenAPI 3.1 document of the mock Zoom itself: the token endpoint and the calls it serves.

Written from ``docs/provider-facts.md`` and ``provider/zoom_bodies.py``; a test sends requests made
from it and holds every answer to it. Bursts may add any error status, which ``default`` stands for.
"""

from importlib.metadata import version
from typing import Any

Schema = dict[str, Any]


def _object(required: dict[str, Schema], **more: Schema) -> Schema:
    return {"type": "object", "properties": {**required, **more}, "required": list(required)}


_TEXT: Schema = {"type": "string"}
_WHOLE: Schema = {"type": "integer"}
_SCHEMAS: dict[str, Schema] = {
    "Grant": _object(
        {
            "access_token": _TEXT,
            "token_type": {"const": "bearer"},
            "expires_in": {"type": "integer", "minimum": 0},
            "scope": _TEXT,
            "api_url": _TEXT,
        },
        refresh_token=_TEXT,
    ),
    "TokenRefusal": _object({"reason": _TEXT, "error": _TEXT}),
    "Refusal": _object(
        {"code": _WHOLE, "message": _TEXT},
        errors={"type": "array", "items": _object({"field": _TEXT, "message": _TEXT})},
    ),
    "Problems": _object(
        {"problems": {"type": "array", "items": _object({"where": _TEXT, "what": _TEXT})}}
    ),
    "User": _object({"id": _TEXT, "email": _TEXT, "type": _WHOLE, "status": _TEXT}),
    "Meeting": _object(
        {
            "id": _WHOLE,
            "uuid": _TEXT,
            "host_id": _TEXT,
            "topic": _TEXT,
            "type": _WHOLE,
            "status": _TEXT,
            "duration": _WHOLE,
            "start_url": _TEXT,
            "join_url": _TEXT,
        }
    ),
}


def zoom_document(url: str) -> Schema:
    """Return the document of the mock Zoom at ``url``."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "tokenrace mock Zoom",
            "version": version("tokenrace"),
            "description": "Zoom's token endpoint and a few calls of its API, with a cap on live "
            "tokens. Which facts it keeps to: docs/provider-facts.md.",
        },
        "servers": [{"url": url}],
        "paths": {
            "/oauth/token": {"post": _TOKEN},
            "/v2/users/{userId}": _with_id("userId", {"get": _GET_USER}),
            "/v2/users/{userId}/meetings": _with_id("userId", {"post": _CREATE}),
            "/v2/meetings/{meetingId}": _with_id("meetingId", {"get": _GET, "delete": _DELETE}),
        },
        "components": {
            "schemas": _SCHEMAS,
            "securitySchemes": {
                "client": {"type": "http", "scheme": "basic"},
                "token": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _answer(description: str, *names: str) -> Schema:
    schemas = [{"$ref": f"#/components/schemas/{name}"} for name in names]
    schema = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
    return {"description": description, "content": {"application/json": {"schema": schema}}}


_OVERSIZED: Schema = {
    "408": _answer("The body did not come in time.", "Problems"),
    "413": _answer("The body is larger than 1 MiB.", "Problems"),
    "417": _answer("It expects something other than 100-continue.", "Problems"),
    "503": _answer("Too many bodies come at once.", "Problems", "Refusal", "TokenRefusal"),
}
_ERRORS: Schema = {
    **_OVERSIZED,
    "400": _answer("A scope is missing (4711), or the body is wrong (300).", "Refusal", "Problems"),
    "401": _answer("The token is not valid (124).", "Refusal"),
    "404": _answer("There is no such user, meeting or path.", "Refusal"),
    "429": _answer("A limit of the account's plan is reached.", "Refusal"),
}


def _operation(summary: str, **answers: Schema) -> Schema:
    return {
        "summary": summary,
        "security": [{"token": []}],
        "responses": {**_ERRORS, **{key.strip("_"): answer for key, answer in answers.items()}},
    }


def _with_id(name: str, operations: Schema) -> Schema:
    parameter = {"name": name, "in": "path", "required": True, "schema": _TEXT}
    return {"parameters": [parameter], **operations}


_FORM: Schema = _object(
    {"grant_type": {"enum": ["account_credentials", "refresh_token"]}},
    account_id=_TEXT,
    refresh_token=_TEXT,
    token_index=_TEXT,
)
_TOKEN: Schema = {
    "summary": "Ask for a token.",
    "security": [{"client": []}],
    "requestBody": {"content": {"application/x-www-form-urlencoded": {"schema": _FORM}}},
    "responses": {
        **_OVERSIZED,
        "200": _answer("A token.", "Grant"),
        "400": _answer("No: client, grant, account or policy.", "TokenRefusal", "Problems"),
        "429": _answer("Too many tokens were issued; Retry-After in seconds.", "TokenRefusal"),
    },
}
_GET_USER = _operation("A user; me is the app's owner.", _200=_answer("The user.", "User"))
_CREATE: Schema = {
    **_operation("Create a meeting.", _201=_answer("The meeting.", "Meeting")),
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "topic": _TEXT,
                        "type": {"enum": [1, 2, 3, 8, 10]},
                        "start_time": _TEXT,
                        "duration": _WHOLE,
                        "timezone": _TEXT,
                        "agenda": _TEXT,
                        "password": _TEXT,
                    },
                }
            }
        },
    },
}
_GET = _operation("A meeting.", _200=_answer("The meeting.", "Meeting"))
_DELETE = _operation("Delete a meeting.", _204={"description": "It is gone."})
