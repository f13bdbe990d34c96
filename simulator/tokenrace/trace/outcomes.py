"""How operations end, and why those that fail do."""

from typing import Literal, NamedTuple, get_args

Outcome = Literal["ok", "refused", "unknown"]
"""How an operation ended: ``unknown`` when no answer came, so that nobody knows what it did."""
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

Silence = Literal["timed_out", "connection_lost", "unreadable_answer"]
"""Why a request has no answer: none came in time, the connection ended before one, or what came
could not be read."""

FailureKind = Literal[
    "call_401",
    "call_refused",
    "token_refused",
    "no_token",
    "store_unavailable",
    "hung",
    "timed_out",
    "connection_lost",
    "unreadable_answer",
    "cancelled",
    "user_code",
]
KINDS: tuple[FailureKind, ...] = get_args(FailureKind)
"""The kinds of failure, in the order in which tables show them."""


class Failure(NamedTuple):
    """Why one operation failed, or has an unknown outcome.

    ``detail`` is, by kind: of ``call_refused`` the API's status; of ``token_refused`` the token
    endpoint's status and error, ``400 invalid_client``; of ``no_token`` the strategy's own reason,
    ``lease_timeout``; of ``hung`` the place in the code where the caller waited; of ``timed_out``,
    ``connection_lost`` and ``unreadable_answer`` the endpoint, ``token`` or ``api``; of
    ``user_code`` the exception. The others have none.
    """

    kind: FailureKind
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.kind}: {self.detail}" if self.detail else self.kind

    def in_words(self) -> str:
        """Return what a table or a report says of it."""
        return _WORDS[self.kind].format(self.detail, of=_ENDPOINTS.get(self.detail, "the provider"))


def failure_named(name: str) -> Failure:
    """Return the failure whose text is ``name``.

    Raises:
        ValueError: there is no such kind.
    """
    word, _, detail = name.partition(": ")
    for kind in KINDS:
        if kind == word:
            return Failure(kind, detail)
    raise ValueError(f"no such kind of failure: {name!r}")


_ENDPOINTS = {"token": "the token endpoint", "api": "the API"}
_WORDS: dict[FailureKind, str] = {
    "call_401": "401 from the API",
    "call_refused": "{} from the API",
    "token_refused": "{} from the token endpoint",
    "no_token": "no token: {}",
    "store_unavailable": "the store did not answer",
    "hung": "waited in vain for a token in {}",
    "timed_out": "no answer from {of} in time",
    "connection_lost": "connection to {of} lost",
    "unreadable_answer": "unreadable answer from {of}",
    "cancelled": "caller cancelled",
    "user_code": "{} raised by the client",
}
