"""The on_401 axis: what a process does when the API refuses its token.

A 401 that comes late speaks of a token that somebody has replaced by now. Whoever compares the
refused token with the one that is kept sees that; whoever does not throws away a good token.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Protocol

from tokenrace.strategies.parameters import Count, check_not_negative
from tokenrace.token import Token

WillDo = Callable[[Token], bool]
"""Whether a token that is kept, and fresh, serves the caller."""

Retries = Annotated[
    int, Count("How often an operation refused with 401 is tried again with another token.", 0)
]


@dataclass(frozen=True, slots=True)
class Drop:
    """The kept token goes; with ``only``, if it is that one."""

    only: Token | None = None

    def takes(self, kept: Token) -> bool:
        """Return whether ``kept`` goes."""
        return self.only is None or kept.value == self.only.value


class On401(Protocol):
    """Decides what the next call needs after a 401."""

    def wanted(self, rejected: Token, attempt: int) -> WillDo | None:
        """Return which kept tokens will do for the next call; None to make no next call.

        ``attempt`` is as in ``Strategy.rejected``.
        """
        ...

    def drops(self, rejected: Token) -> Drop | None:
        """Return what is dropped, whatever comes next; None for nothing."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignore:
    """The 401 goes to the caller; the refused token stays in use until it is no longer fresh."""

    def wanted(self, rejected: Token, attempt: int) -> WillDo | None:  # noqa: ARG002
        return None

    def drops(self, rejected: Token) -> Drop | None:  # noqa: ARG002
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evict:
    """Drop the token that is kept, be it the refused one or a newer; the next call finds none.

    Where the fleet shares the token, its record is cleared, so that nobody finds one.
    """

    retries: Retries = 0

    def __post_init__(self) -> None:
        check_not_negative(self, "retries")

    def wanted(self, rejected: Token, attempt: int) -> WillDo | None:  # noqa: ARG002
        return _any if attempt <= self.retries else None

    def drops(self, rejected: Token) -> Drop | None:  # noqa: ARG002
        return Drop()


@dataclass(frozen=True, slots=True, kw_only=True)
class EvictIfSame:
    """Drop the token that is kept if it is the refused one; the next call finds none.

    Where the fleet shares the token, its record is read, compared and cleared, so that nobody finds
    the refused one again.
    """

    retries: Retries = 0

    def __post_init__(self) -> None:
        check_not_negative(self, "retries")

    def wanted(self, rejected: Token, attempt: int) -> WillDo | None:  # noqa: ARG002
        return _any if attempt <= self.retries else None

    def drops(self, rejected: Token) -> Drop | None:
        return Drop(only=rejected)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """Have a token issued without a look at the one that is kept, then call again.

    Every worker that meets the same dead token has its own successor issued.
    """

    retries: Retries = 1

    def __post_init__(self) -> None:
        check_not_negative(self, "retries")

    def wanted(self, rejected: Token, attempt: int) -> WillDo | None:  # noqa: ARG002
        return _none if attempt <= self.retries else None

    def drops(self, rejected: Token) -> Drop | None:  # noqa: ARG002
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueIfSame:
    """Have a token issued only if the refused one is still kept, then call again."""

    retries: Retries = 1

    def __post_init__(self) -> None:
        check_not_negative(self, "retries")

    def wanted(self, rejected: Token, attempt: int) -> WillDo | None:
        return (lambda kept: kept.value != rejected.value) if attempt <= self.retries else None

    def drops(self, rejected: Token) -> Drop | None:  # noqa: ARG002
        return None


def _any(_: Token) -> bool:
    return True


def _none(_: Token) -> bool:
    return False
