"""What the oracle sees of the provider on virtual time."""

from dataclasses import dataclass

from tokenrace.clock import Ticks, ticks
from tokenrace.engine.loop import VirtualLoop
from tokenrace.fleet.crash_points import RefreshWatch
from tokenrace.provider.messages import Granted, Refused, TokenRequest
from tokenrace.simulation.virtual.door import Door
from tokenrace.simulation.virtual.ports import token_number, token_value
from tokenrace.strategies.contract import Denied
from tokenrace.strategies.ports import Insight
from tokenrace.token import Token
from tokenrace.trace.events import TokenId


@dataclass(frozen=True, slots=True)
class ProviderInsight:
    """The ledger behind ``door``, read and asked without a network between.

    Tokens it shows are dated on the provider's clock.
    """

    loop: VirtualLoop
    door: Door
    request: TokenRequest

    def is_valid(self, token: Token) -> bool:
        """Return whether the API accepts ``token`` now."""
        return self._is_valid(token_number(token.value), self.loop.now)

    def newest(self) -> Token | None:
        """Return the newest token that the API accepts now."""
        now = self.loop.now
        live = self.door.provider.ledger.live_tokens(now)[::-1]
        # One that is not accepted yet will be: another would only evict it.
        valid = [record for record in live if self._is_valid(record.token, now)] or live
        if not valid:
            return None
        newest = valid[0]
        return Token(token_value(newest.token), newest.issued_at, newest.expires_at)

    def issue(self) -> Token | Denied:
        """Have a token issued at once; nothing that troubles the network troubles this."""
        now = self.loop.now
        if self.door.provider.standing.refusal() is not None:
            return Denied(status=None, error="every_token_refused")
        match self.door.issue(self.request, now).reply:
            case Granted() as granted:
                return Token(token_value(granted.token), now, now + ticks(granted.expires_in))
            case Refused() as refused:
                return Denied(refused.status, refused.error, refused.retry_after)
            case silence:
                return Denied(status=None, error="", silence=silence)

    def _is_valid(self, token: TokenId, now: Ticks) -> bool:
        return self.door.provider.surely_valid_until(token, now) > now


@dataclass(frozen=True, slots=True)
class WatchedInsight:
    """``insight``, of whose issues ``watch`` is told; they take no time, so none is ever on its
    way."""

    insight: Insight
    watch: RefreshWatch

    def is_valid(self, token: Token) -> bool:
        """Return whether the API accepts ``token`` now."""
        return self.insight.is_valid(token)

    def newest(self) -> Token | None:
        """Return the newest token that the API accepts now."""
        return self.insight.newest()

    def issue(self) -> Token | Denied:
        """Have a token issued at once."""
        self.watch.reached("before_issue")
        answer = self.insight.issue()
        if isinstance(answer, Token):
            self.watch.reached("issued_not_stored")
        return answer
