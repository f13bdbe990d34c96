"""The scope of the oracle: a strategy with the provider's own knowledge, to measure others by."""

from dataclasses import dataclass, field

from tokenrace.errors import RunError
from tokenrace.strategies.contract import Denied, TokenUnavailable
from tokenrace.strategies.on_401 import Drop, WillDo
from tokenrace.strategies.ports import Insight, Ports
from tokenrace.strategies.scope import IssueToken, Keeper, Kept, if_it_serves
from tokenrace.token import Token


@dataclass(frozen=True, slots=True, kw_only=True)
class Oracle:
    """With the provider: a process uses its token as long as that is valid, then the newest that
    is, and only where none is has one issued, in no time.

    What it cannot avoid: the end of a token under a request that is on its way.
    """

    def keeper(self, issue: IssueToken, ports: Ports) -> Keeper:  # noqa: ARG002
        if ports.insight is None:
            raise RunError("the oracle knows the provider of the virtual engine only")
        return _OracleKeeper(ports.insight)


@dataclass(slots=True)
class _OracleKeeper:
    _insight: Insight
    _token: Token | None = field(default=None, init=False)

    def peek(self) -> Kept | None:
        """Return its token while that is valid. Another is not kept before somebody asks for it:
        a newer one may come until then."""
        token = self._token
        is_kept = token is not None and self._insight.is_valid(token)
        return Kept(token, store_reads=0) if token is not None and is_kept else None

    async def kept(self, will_do: WillDo) -> Token | None:
        held = self.peek()
        token = self._insight.newest() if held is None else held.token
        if token is not None and will_do(token):
            self._token = token
            return token
        return None

    async def drop(self, drop: Drop) -> None:
        """Do nothing: a token that has ended is never handed out again."""

    async def renew(self, will_do: WillDo) -> Token:
        token = if_it_serves(self._insight.newest(), will_do)
        if token is None:
            answer = self._insight.issue()
            if isinstance(answer, Denied):
                raise TokenUnavailable(answer)
            token = answer
        self._token = token
        return token
