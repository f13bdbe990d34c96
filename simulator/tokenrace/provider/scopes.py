"""What a token may do.

Each operation is allowed by any one of four scopes: granular or classic, for the whole account
(``:admin``) or for the owner's own things. Source: Zoom's OpenAPI documents. A refusal names the
granular pair with the ``:admin`` form first, as the reported bodies do (JubaerHossain/zoom-laravel
issue 15, forum thread 108207).
"""

from collections.abc import Mapping, Sequence

from tokenrace.provider.messages import Operation

_GRANULAR: Mapping[Operation, str] = {
    "create_meeting": "meeting:write:meeting",
    "get_meeting": "meeting:read:meeting",
    "delete_meeting": "meeting:delete:meeting",
    "get_user": "user:read:user",
}
_CLASSIC: Mapping[Operation, str] = {
    "create_meeting": "meeting:write",
    "get_meeting": "meeting:read",
    "delete_meeting": "meeting:write",
    "get_user": "user:read",
}
GRANULAR_ADMIN_SCOPES = tuple(f"{scope}:admin" for scope in _GRANULAR.values())
"""All that the operations here need; what an app has unless told otherwise."""


def forbidden_operations(scopes: Sequence[str]) -> dict[Operation, str]:
    """Return each operation that ``scopes`` do not allow, with the message of its refusal."""
    return {
        operation: f"Invalid access token, does not contain scopes:[{scope}:admin, {scope}]."
        for operation, scope in _GRANULAR.items()
        if not {scope, f"{scope}:admin", _CLASSIC[operation], f"{_CLASSIC[operation]}:admin"}
        & set(scopes)
    }
