"""What must never be done to a shared store, counted at the instant at which it takes effect.

A token must not replace a newer one: the provider may have ended it, and the whole fleet would use
it. A process must not end a lease that another one has: a third would then ask beside that one.
"""

from tokenrace.simulation.virtual.ports import NO_TOKEN, token_number
from tokenrace.stores.contract import Record
from tokenrace.token import Token
from tokenrace.trace.tally import ClientTally


def count_stale(tally: ClientTally, replaced: Record | None, token: Token) -> None:
    """Count a write by which ``token`` replaces the record of a newer one."""
    if replaced is not None and _is_older(token.value, replaced.token.value):
        tally.stale_writes += 1


def count_broken(tally: ClientTally) -> None:
    """Count a lease that was ended by a process which did not have it."""
    tally.leases_broken += 1


def _is_older(value: str, other: str) -> bool:
    """Return whether ``value`` was issued before ``other``; False of text that is no token."""
    return NO_TOKEN < token_number(value) < token_number(other)
