"""The blame of a 401 as a person reads it: a sentence for each link of the chain."""

from collections.abc import Callable, Iterator, Sequence

from tokenrace.analysis.blame import Blame
from tokenrace.analysis.timeline import in_words
from tokenrace.clock import SECOND, Ticks
from tokenrace.trace.events import Cause, TokenEvicted, TokenIssued, TokenRevoked

_SHOWN_MAX = 8
_OF_THE_APP: tuple[Cause, ...] = ("revoked", "app_blocked", "app_deactivated", "owner_role")
"""Causes that something which befell the app may explain."""


def blame_in_words(blame: Blame, show: Callable[[Ticks], str]) -> Iterator[str]:
    """Yield the sentences; ``show`` writes an instant."""
    refused, token = blame.refused, blame.refused.token
    shown = "no token of the provider's" if token is None else f"token {token}"
    yield f"{show(refused.at)}: {refused.asked_by} got 401 with {shown}: {refused.cause}"
    if blame.happened is not None and refused.cause in _OF_THE_APP:
        yield f"before that, at {show(blame.happened.at)}: {in_words(blame.happened)}"
    if blame.issued is None:
        return
    yield f"token {token} was issued to {blame.issued.asked_by} at {show(blame.issued.at)}"
    yield from _its_end(blame, blame.issued, show)
    if blame.clock is not None:
        who = refused.asked_by.partition(".")[0]
        yield (
            f"{who} judges expiry by a wrong clock: since {show(blame.clock.at)}, "
            f"{blame.clock.what}"
        )
    if refused.cause in ("evicted", "revoked", "expired"):
        yield _its_holders(blame)
    if blame.heedless is not None:
        who = refused.asked_by.partition(".")[0]
        yield (
            f"{who} ignores 401s: it got {blame.heedless.again:,} more with that token, up to "
            f"{show(blame.heedless.until)}, and asked for no other one"
        )


def _its_end(blame: Blame, issued: TokenIssued, show: Callable[[Ticks], str]) -> Iterator[str]:
    match blame.ended:
        case TokenEvicted() as evicted:
            grace = evicted.valid_until - evicted.at
            until = f", and it was valid for {grace / SECOND:g} s more" if grace else ""
            yield (
                f"at {show(evicted.at)} token {evicted.displaced_by} took its place, which "
                f"{evicted.asked_by} had asked for{until}"
            )
        case TokenRevoked():
            yield f"at {show(blame.ended.at)} it was revoked"
        case None if blame.refused.cause == "expired":
            yield f"its time was over at {show(issued.expires_at)}"
        case _:
            return


def _its_holders(blame: Blame) -> str:
    if blame.ended is None:
        return f"when the call was refused, {_processes(blame.still_held_by)} still held it"
    held, still = blame.held_by, blame.still_held_by
    new = [process for process in blame.taken_up_by if process not in held]
    if not held and not new:
        return "no process held it by then: the call was under way, or another client's"
    kept = [process for process in still if process in held]
    told = [f"{_processes(held)} held it when it ended"]
    if kept or not new:
        told.append(f"{_processes(kept)} still did when the call was refused")
    if new:
        told.append(f"{_processes(new)} took it up after that, dead as it was")
    return "; ".join(told)


def _processes(numbers: Sequence[int]) -> str:
    if not numbers:
        return "no process"
    names = [f"p{number}" for number in numbers[:_SHOWN_MAX]]
    more = len(numbers) - len(names)
    if more:
        return f"{', '.join(names)} and {more} more"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
