"""One worker: it wants operations done and calls the API until each is done, refused or unknown.

The worker knows no token rules. It asks its strategy for a token, calls, and on a 401 asks the
strategy whether to call once more.
"""

from collections.abc import Callable
from dataclasses import dataclass

from simulator.clock import Clock, Ticks
from simulator.fleet.agenda import Agenda
from simulator.fleet.callers import CallerCancelled
from simulator.fleet.ports import Answer, Api, Errand
from simulator.strategies.contract import Strategy, TokenUnavailable
from simulator.token import Token
from simulator.trace.outcomes import Outcome
from simulator.trace.tally import ClientTally

UNAUTHORIZED = 401


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """One concurrent task of a process.

    ``adopted`` is told every token the strategy hands out, before it is used.
    """

    strategy: Strategy
    api: Api
    agenda: Agenda
    clock: Clock
    tally: ClientTally
    adopted: Callable[[Token], None]

    async def operate(self, wanted_at: Ticks) -> None:
        """Do one operation that the service wanted at ``wanted_at``, and count how it ended."""
        errand = self.agenda.next()
        outcome = await self._outcome_of(errand)
        self.agenda.ended(errand, outcome)
        self.tally.finished(outcome, started_at=wanted_at, at=self.clock.now())

    async def _outcome_of(self, errand: Errand) -> Outcome:
        try:
            return await self._attempts(errand)
        except TokenUnavailable as unavailable:
            return unavailable.outcome
        except CallerCancelled:
            return "unknown"

    async def _attempts(self, errand: Errand) -> Outcome:
        attempt = 0
        while True:
            token = await self.strategy.token()
            self.adopted(token)
            answer = await self.api.call(errand, token)
            if answer is None:
                return "unknown"
            if answer.status != UNAUTHORIZED:
                return self._settle(answer)
            attempt += 1
            if not await self.strategy.rejected(token, attempt):
                return "refused"

    def _settle(self, answer: Answer) -> Outcome:
        if answer.status >= 400:
            return "refused"
        if answer.meeting is not None:
            self.agenda.created(answer.meeting)
        return "ok"
