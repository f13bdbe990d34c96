"""The bodies Zoom sends, as JSON text without spaces.

Shapes: errors from ``docs/provider-facts.md`` sections 3 and 4, users and meetings from Zoom's
OpenAPI documents and a recorded create response (hintmedia/zoom_rb). All that a real answer would
make up (uuids, pass codes, links) is derived from ids, so that equal requests get equal answers.
Links lead to ``tokenrace.invalid``, which by RFC 2606 is nobody's.
"""

import hashlib
import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache

from tokenrace.provider.app import Credentials
from tokenrace.provider.messages import Granted, Refused
from tokenrace.provider.new_meeting import MeetingDetails

Json = str | int | bool | None | list["Json"] | dict[str, "Json"]
_LINKS = "https://tokenrace.invalid"
_ACCOUNT_CREATED_AT = "2020-01-01T00:00:00Z"
_SETTINGS: dict[str, Json] = {
    "host_video": False,
    "participant_video": False,
    "join_before_host": False,
    "mute_upon_entry": False,
    "watermark": False,
    "use_pmi": False,
    "approval_type": 2,
    "audio": "both",
    "auto_recording": "none",
    "enforce_login": False,
    "waiting_room": True,
}


def encode(body: Mapping[str, Json]) -> bytes:
    """Return ``body`` as it goes over the wire."""
    return json.dumps(body, separators=(",", ":")).encode()


def grant(granted: Granted, value: str, api_url: str, refresh_value: str | None = None) -> bytes:
    """Return the token endpoint's yes [documented example]; without a refresh token if there is
    none to tell."""
    refresh: dict[str, Json] = {} if refresh_value is None else {"refresh_token": refresh_value}
    return encode(
        {
            "access_token": value,
            "token_type": "bearer",
            **refresh,
            "expires_in": granted.expires_in,
            "scope": granted.scope,
            "api_url": api_url,
        }
    )


def token_refusal(refused: Refused) -> bytes:
    """Return the token endpoint's no: ``reason`` and ``error``, not ``code`` and ``message``."""
    return encode({"reason": refused.message, "error": refused.error})


def api_refusal(refused: Refused) -> bytes:
    """Return the API's no."""
    body: dict[str, Json] = {"code": int(refused.error), "message": refused.message}
    if refused.fields:
        body["errors"] = [
            {"field": problem.field, "message": problem.message} for problem in refused.fields
        ]
    return encode(body)


@lru_cache(maxsize=1_024)
def user(user_id: str, credentials: Credentials) -> bytes:
    """Return ``user_id`` as ``GET /v2/users/{userId}`` shows it."""
    return encode(
        {
            "id": user_id,
            "first_name": "Token",
            "last_name": user_id,
            "display_name": f"Token {user_id}",
            "email": _email(user_id),
            "type": 2,
            "role_name": "Member",
            "pmi": 1_000_000_000 + _number(f"pmi/{user_id}", 9_000_000_000),
            "timezone": "UTC",
            "verified": 1,
            "created_at": _ACCOUNT_CREATED_AT,
            "account_id": credentials.account_id,
            "account_number": _number(f"account/{credentials.account_id}", 10**9),
            "status": "active",
        }
    )


def meeting(meeting_id: int, host: str, details: MeetingDetails, created_at: int) -> bytes:
    """Return a meeting as create and get show it; ``created_at`` is Unix time in seconds."""
    created = datetime.fromtimestamp(created_at, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    password = details.password or f"{_number(f'password/{meeting_id}', 10**6):06d}"
    dial_in = f"{_number(f'dial-in/{meeting_id}', 10**6):06d}"
    hidden = _digest(f"encrypted/{meeting_id}").hex()
    return encode(
        {
            "uuid": b64encode(_digest(f"uuid/{meeting_id}")).decode(),
            "id": meeting_id,
            "host_id": host,
            "host_email": _email(host),
            "topic": details.topic,
            "type": details.type,
            "status": "waiting",
            "start_time": details.start_time or created,
            "duration": details.duration,
            "timezone": details.timezone,
            "agenda": details.agenda,
            "created_at": created,
            "start_url": f"{_LINKS}/s/{meeting_id}?zak=tokenrace",
            "join_url": f"{_LINKS}/j/{meeting_id}?pwd={hidden}",
            "password": password,
            "h323_password": dial_in,
            "pstn_password": dial_in,
            "encrypted_password": hidden,
            "settings": _SETTINGS,
        }
    )


def _email(user_id: str) -> str:
    return f"{user_id}@tokenrace.invalid"


def _number(purpose: str, below: int) -> int:
    return int.from_bytes(_digest(purpose), "big") % below


def _digest(purpose: str) -> bytes:
    return hashlib.blake2s(purpose.encode(errors="replace"), digest_size=16).digest()
