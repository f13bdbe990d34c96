"""The mock Zoom inside a test's own process, for the client library at hand.

``MockZoom`` is the app, its provider and its clock; each mount answers one library's requests from
it. Nothing leaves the process, and nothing waits: a mock's clock stands still but for what a test
moves it. Spans are ticks: ``20 * MINUTE``. docs/testing.md has an example of each mount.
"""

from tokenrace.clock import DAY, HOUR, MINUTE, SECOND
from tokenrace.provider.bursts import Burst, Dropped, ErrorAnswer, Malformed, Slow
from tokenrace.provider.lifecycle import (
    ChangePolicy,
    Deactivate,
    DowngradeOwner,
    Reactivate,
    RevokeToken,
    RevokeTokens,
    RotateSecret,
    TransferOwnership,
    WithdrawConsent,
)
from tokenrace.testing.httpx_mounts import httpx2_transport, transport, zoom_router
from tokenrace.testing.mock_zoom import Answered, MockZoom
from tokenrace.testing.zoom_server import zoom_server, zoom_server_in_thread

__all__ = [
    "DAY",
    "HOUR",
    "MINUTE",
    "SECOND",
    "Answered",
    "Burst",
    "ChangePolicy",
    "Deactivate",
    "DowngradeOwner",
    "Dropped",
    "ErrorAnswer",
    "Malformed",
    "MockZoom",
    "Reactivate",
    "RevokeToken",
    "RevokeTokens",
    "RotateSecret",
    "Slow",
    "TransferOwnership",
    "WithdrawConsent",
    "httpx2_transport",
    "transport",
    "zoom_router",
    "zoom_server",
    "zoom_server_in_thread",
]
