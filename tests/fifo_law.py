"""The FIFO law, held against every event of a run.

With M(t) tokens issued by t and a cap of N, token k is live at t exactly when M(t) - k < N and t is
before its expiry. So an issue evicts the tokens that have not expired and for which that has just
ceased to be true, and no other; and nobody is refused for eviction or expiry with a live token.

A token that was revoked gives its place back: it is not counted among those newer than k. But an
eviction is for good, so the law is about the largest count so far.
"""

from tokenrace.clock import Ticks
from tokenrace.provider.lifecycle import ChangePolicy
from tokenrace.simulation.plan import RunPlan
from tokenrace.trace.events import (
    CallRefused,
    Event,
    EventSink,
    TokenEvicted,
    TokenId,
    TokenIssued,
    TokenRevoked,
)


def is_bound(plan: RunPlan) -> bool:
    """Return whether the law is all there is: the oldest goes, at once, by rules that stay."""
    policy = plan.policy
    is_plain = policy.at_cap == "evict_oldest" and not policy.grace and policy.refresh is None
    return is_plain and not any(
        isinstance(planned.change, ChangePolicy) for planned in plan.provider_faults.changes
    )


class FifoLaw:
    """A sink that passes every event on and notes in ``broken`` what the law forbids.

    ``cap`` None is no cap. It predicts from the issues and revocations alone.
    """

    def __init__(self, cap: int | None, sink: EventSink, broken: list[str]) -> None:
        self._cap = cap
        self._sink = sink
        self._broken = broken
        self._expires_at: list[Ticks] = [0]  # by token; there is no token 0
        self._revoked: set[TokenId] = set()
        self._dead_up_to: TokenId = 0  # the newest token that its successors have pushed out
        self._evicted: set[TokenId] = set()  # of those, the ones that had not expired
        self._evictions: list[tuple[TokenId, TokenId, Ticks]] = []  # since the last issue

    def write(self, event: Event) -> None:
        """Hold ``event`` against the law and pass it on."""
        match event:
            case TokenEvicted():
                self._evictions.append((event.token, event.displaced_by, event.at))
            case TokenIssued():
                self._issued(event)
            case TokenRevoked():
                self._check(self._is_live(event.token, event.at), event)
                self._revoked.add(event.token)
            case CallRefused(cause="evicted" | "expired" | "revoked"):
                self._check(event.cause == self._cause(event), event)
        self._sink.write(event)

    def _issued(self, event: TokenIssued) -> None:
        newest = len(self._expires_at)
        self._check(event.token == newest, event)
        self._expires_at.append(event.expires_at)
        was_dead_up_to = self._dead_up_to
        while self._cap is not None and self._newer_than(self._dead_up_to + 1) >= self._cap:
            self._dead_up_to += 1
        pushed_out = [
            (token, newest, event.at)
            for token in range(was_dead_up_to + 1, self._dead_up_to + 1)
            if event.at < self._expires_at[token] and token not in self._revoked
        ]
        self._check(self._evictions == pushed_out, (*self._evictions, event, "not", *pushed_out))
        self._evicted.update(token for token, _, _ in pushed_out)
        self._evictions = []

    def _newer_than(self, token: TokenId) -> int:
        """M(t) - k, without those revoked."""
        issued = len(self._expires_at) - 1
        return issued - token - sum(1 for revoked in self._revoked if revoked > token)

    def _is_live(self, token: TokenId, at: Ticks) -> bool:
        return (
            self._dead_up_to < token < len(self._expires_at)
            and token not in self._revoked
            and at < self._expires_at[token]
        )

    def _cause(self, event: CallRefused) -> str:
        token = event.token
        if token is None or self._is_live(token, event.at):
            return "none"
        if token in self._revoked:
            return "revoked"
        return "evicted" if token in self._evicted else "expired"

    def _check(self, holds: bool, what: object) -> None:
        if not holds:
            self._broken.append(f"against the FIFO law with a cap of {self._cap}: {what}")
