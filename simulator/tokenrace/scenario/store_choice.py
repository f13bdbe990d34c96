"""The ``store`` of a scenario: what its processes share, and where that is.

A word, as ``store: redis``; or a mapping with ``kind`` and what can be said of that kind:
``store: {kind: postgres, url: "postgresql://user@host/db", lock: advisory, pool: 5}``.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, get_args
from urllib.parse import urlsplit

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from tokenrace.fields.flaws import MISSING_FLAW, UNKNOWN_KEY_FLAW, Flaw, refusal
from tokenrace.fields.quoting import hint, one_of, shown, unquoted
from tokenrace.passwords import can_be_taken_apart
from tokenrace.store_choice import LockWay, StoreChoice, StoreName

STORE_NAMES: tuple[StoreName, ...] = get_args(StoreName)
LOCK_WAYS: tuple[LockWay, ...] = get_args(LockWay)
POOL_MAX = 1_000
SCHEMES: Mapping[StoreName, tuple[str, ...]] = {
    "redis": ("redis", "rediss"),
    "postgres": ("postgresql", "postgres"),
}
"""The stores that are servers, and how the URL of each may begin."""
_KEYS: Mapping[StoreName, tuple[str, ...]] = {
    "redis": ("kind", "url"),
    "postgres": ("kind", "url", "lock", "pool"),
}


def url_flaw(kind: StoreName, url: object) -> str | None:
    """Return what is wrong with ``url`` as the address of a store of that ``kind``."""
    if not isinstance(url, str):
        return f"must be text, got {shown(url)}"
    begins = [f"{scheme}://" for scheme in SCHEMES[kind]]
    if not url.startswith(tuple(begins)):
        return f"must begin with {one_of(begins)}, got {shown(url)}"
    if not can_be_taken_apart(url) and set(url) & set("@?#%"):
        return "is not a URL: write a / ? # @ or % in a password as %2F %3F %23 %40 or %25"
    try:
        _ = urlsplit(url).port
    except ValueError as wrong:
        return f"is not a URL: {str(wrong).lower()}"
    return None


def _read(raw: object) -> StoreChoice:
    if isinstance(raw, str):
        return StoreChoice(kind=_kind(raw))
    if not isinstance(raw, Mapping):
        raise ValueError(f"must be {one_of(STORE_NAMES)}, or a mapping, got {shown(raw)}")  # noqa: TRY004 - pydantic takes it
    if "kind" not in raw:
        raise refusal([Flaw(("kind",), f"is required: {one_of(STORE_NAMES)}", MISSING_FLAW)])
    try:
        kind = _kind(raw["kind"])
    except ValueError as wrong:
        raise refusal([Flaw(("kind",), str(wrong))]) from None
    flaws = [*_flaws(kind, raw)]
    if flaws:
        raise refusal(flaws)
    return StoreChoice(**raw)


def _kind(word: object) -> StoreName:
    for known in STORE_NAMES:
        if word == known:
            return known
    raise ValueError(f"must be {one_of(STORE_NAMES)}, got {shown(word)}")


def _flaws(kind: StoreName, raw: Mapping[str, object]) -> Iterator[Flaw]:
    known = _KEYS.get(kind, ("kind",))
    for key in raw:
        if key not in known:
            yield Flaw((key,), f"unknown key of {kind}; {hint(key, known)}", UNKNOWN_KEY_FLAW)
    wrong = url_flaw(kind, raw["url"]) if "url" in raw and "url" in known else None
    if wrong is not None:
        yield Flaw(("url",), wrong)
    if "lock" in known and raw.get("lock", "row") not in LOCK_WAYS:
        yield Flaw(("lock",), f"must be {one_of(LOCK_WAYS)}, got {shown(raw['lock'])}")
    pool = raw.get("pool", 1)
    if "pool" in known and (type(pool) is not int or not 1 <= pool <= POOL_MAX):
        message = f"must be a whole number from 1 to {POOL_MAX}, got {shown(pool)}{unquoted(pool)}"
        yield Flaw(("pool",), message)


def _write(choice: StoreChoice) -> object:
    """Return the word where it says all."""
    plain = StoreChoice(kind=choice.kind)
    if choice == plain:
        return choice.kind
    changed = {key: getattr(choice, key) for key in _KEYS[choice.kind]}
    return {key: value for key, value in changed.items() if value is not None}


_SCHEMA: dict[str, object] = {
    "anyOf": [
        {"enum": list(STORE_NAMES)},
        {
            "type": "object",
            "properties": {
                "kind": {"enum": list(STORE_NAMES)},
                "url": {
                    "type": "string",
                    "examples": ["redis://127.0.0.1:6379/0", "postgresql://user@127.0.0.1/db"],
                    "description": "Where the server is. Default: what TOKENRACE_REDIS_URL or "
                    "TOKENRACE_POSTGRES_URL says, else this machine.",
                },
                "lock": {
                    "enum": list(LOCK_WAYS),
                    "description": "How postgres locks the record. row: SELECT FOR UPDATE; "
                    "advisory: pg_advisory_xact_lock, which others' writes go past.",
                },
                "pool": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": POOL_MAX,
                    "description": "How many connections each process has to postgres at most.",
                },
            },
            "required": ["kind"],
            "additionalProperties": False,
        },
    ]
}

Store = Annotated[
    StoreChoice, PlainValidator(_read), PlainSerializer(_write), WithJsonSchema(_SCHEMA)
]
"""The field."""
