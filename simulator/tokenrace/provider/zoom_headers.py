"""The headers Zoom sends, as far as they are known: provider facts, sections 4 and 5."""

from collections.abc import Mapping
from datetime import UTC, datetime

from tokenrace.clock import SECOND
from tokenrace.provider.messages import Quota, Refused

TYPE = {
    "Content-Type": "application/json;charset=UTF-8",
    "X-Content-Type-Options": "nosniff",
}
"""Of every answer with a body."""
NOT_STORED = {
    **TYPE,
    "Cache-Control": "no-store",
    "Pragma": "no-cache",
    "Expires": "Thu, 01 Jan 1970 00:00:00 GMT",
}
"""Of the token endpoint's answers, which no cache may keep."""
UNAUTHORIZED = {**NOT_STORED, "Set-Cookie": "zm_aid="}
NO_CONTENT = {"X-Content-Type-Options": "nosniff"}


def retry_after(refused: Refused) -> Mapping[str, str]:
    """Return the header (RFC 9110 section 10.2.3), in whole seconds rounded up, if there is one."""
    if refused.retry_after is None:
        return {}
    return {"Retry-After": str(-(-refused.retry_after // SECOND))}


def quota_headers(quota: Quota | None, epoch: int) -> Mapping[str, str]:
    """Return what tells of the API's limits; ``epoch`` is the Unix time of tick 0.

    ``Retry-After`` is an instant and not seconds, as Zoom's documents have it.
    """
    if quota is None:
        return {}
    headers = {"X-RateLimit-Category": quota.category}
    if not quota.tells_all:
        return headers
    headers["X-RateLimit-Limit"] = str(quota.limit)
    headers["X-RateLimit-Remaining"] = str(quota.remaining)
    if quota.kind is not None:
        headers["X-RateLimit-Type"] = quota.kind
    if quota.resumes_at is not None:
        resumes = datetime.fromtimestamp(epoch + quota.resumes_at // SECOND, UTC)
        headers["Retry-After"] = resumes.strftime("%Y-%m-%dT%H:%M:%SZ")
    return headers
