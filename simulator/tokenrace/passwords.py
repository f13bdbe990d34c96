"""Passwords in the addresses of servers: how an address, and a text that quotes one, may be shown.

A password stands before the ``@`` of a URL or in its query (``?password=``, ``?sslpassword=``, and
whatever else a library reads there), percent-encoded or not, or after ``password=`` as libpq writes
it. Of a query only what is known to be none is shown. An address that cannot be taken apart for
certain, as where a password with a slash in it was not encoded, is shown by its scheme alone.
"""

import re
from collections.abc import Iterator
from urllib.parse import unquote, unquote_plus

MASK = "***"
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}://[^\s'\"<>`|]*")
"""A scheme without end would be tried anew from each letter of a long word."""
_PARTS = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://"
    r"(?:(?P<user>[^/?#@]*)@)?(?P<host>(?:\[[^/?#@\]]*\]|[^:/?#@])*(?::\d*)?(?:,[^:/?#@]*(?::\d*)?)*)"
    r"(?P<path>(?:/[^?#@]*)?)(?:\?(?P<query>[^#]*))?"
)
_PASSWORD_OF_USER = re.compile(r":|%3a", re.IGNORECASE)
_SHOWN_PARAMETERS = frozenset(
    {
        "application_name",
        "connect_timeout",
        "db",
        "dbname",
        "host",
        "hostaddr",
        "options",
        "port",
        "protocol",
        "socket_connect_timeout",
        "socket_timeout",
        "sslmode",
        "target_session_attrs",
        "user",
    }
)
_WRITTEN = re.compile(
    r"(?i)\b((?:ssl_?|pg|redis_?)?(?:password|passwd|pwd|passfile)['\"]?\s*[=:]\s*)"
    r"('(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|[^\s,;&'\")}\]]+)"
)


def without_password(url: str) -> str:
    """Return ``url`` as it may be shown."""
    parts = _PARTS.fullmatch(url)
    if parts is None:
        scheme, colon, _ = url.partition("://")
        return f"{scheme}://{MASK}" if colon else with_passwords_hidden(url)
    user = _PASSWORD_OF_USER.split(parts["user"] or "", maxsplit=1)[0]
    at = "" if parts["user"] is None else f"{user}@"
    query = "" if parts["query"] is None else f"?{_query(parts['query'])}"
    return f"{parts['scheme']}://{at}{parts['host']}{parts['path']}{query}"


def with_passwords_hidden(text: str, *urls: str) -> str:
    """Return ``text`` with no password of a URL in it, or of ``urls``, which it may quote parts of:
    libraries do."""
    for password in sorted({each for url in urls for each in _passwords(url)}, key=len)[::-1]:
        text = text.replace(password, MASK)
    text = _URL.sub(_within_a_sentence, text)
    return _WRITTEN.sub(rf"\g<1>{MASK}", text)


def _within_a_sentence(found: re.Match[str]) -> str:
    """Return the URL that was ``found`` as it may be shown; what ends the sentence stays."""
    url = found[0].rstrip(":.,;)")
    return without_password(url) + found[0][len(url) :]


def can_be_taken_apart(url: str) -> bool:
    """Return whether it is certain where in ``url`` a password would be."""
    return _PARTS.fullmatch(url) is not None and re.search(r"%(?![0-9A-Fa-f]{2})", url) is None


def _query(query: str) -> str:
    shown = []
    for each in query.split("&"):
        name, equals, value = each.partition("=")
        is_shown = unquote_plus(name).lower() in _SHOWN_PARAMETERS
        masked = f"{name}={MASK}" if equals else MASK
        shown.append(each if is_shown and "@" not in value else masked)
    return "&".join(shown)


def _passwords(url: str) -> Iterator[str]:
    """Yield each password in ``url`` as it stands there, and decoded."""
    parts = _PARTS.fullmatch(url)
    if parts is None:
        return
    _, *passwords = _PASSWORD_OF_USER.split(parts["user"] or "", maxsplit=1)
    for each in (parts["query"] or "").split("&"):
        name, _, value = each.partition("=")
        if unquote_plus(name).lower() not in _SHOWN_PARAMETERS:
            passwords.append(value)
    for password in filter(None, passwords):
        yield from (password, unquote(password), unquote_plus(password))
