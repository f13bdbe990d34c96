"""One worker: it wants operations done and calls the API until each is done, refused or unknown.

The worker knows no token rules. It asks its strategy for a token, calls, and on a 401 asks the
strategy whether to call once more.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from tokenrace.clock import Clock, Ticks
from tokenrace.fleet.agenda import Agenda
from tokenrace.fleet.callers import CallerCancelled
from tokenrace.fleet.ports import Answer, Api, Errand
from tokenrace.fleet.waits import WaitedInVain, Waits
from tokenrace.stores.contract import StoreUnavailable, UnplannedOutage
from tokenrace.strategies.contract import Strategy, TokenUnavailable
from tokenrace.token import Token
from tokenrace.trace.outcomes import Failure, Outcome
from tokenrace.trace.tally import ClientTally

UNAUTHORIZED = 401
Ending = tuple[Outcome, Failure | None]
"""How an operation ended; why, unless it ended ``ok``."""


def refusal(status: int) -> Failure:
    """Return why an operation failed that the API refused with ``status``."""
    return Failure("call_401") if status == UNAUTHORIZED else Failure("call_refused", str(status))


def failed(error: TokenUnavailable | StoreUnavailable) -> tuple[Outcome, Failure]:
    """Return how an operation ends whose strategy raised ``error``, and why."""
    # Where a store failed unasked nobody knows what would have become of the operation.
    unasked = isinstance(error, UnplannedOutage) or isinstance(error.__cause__, UnplannedOutage)
    if isinstance(error, TokenUnavailable):
        return "unknown" if unasked else error.outcome, error.denied.failure
    return "unknown" if unasked else "refused", Failure("store_unavailable")


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """One concurrent task of a process.

    ``adopted`` is told every token the strategy hands out, before it is used. ``waits`` are those
    of the process for its strategy.
    """

    strategy: Strategy
    api: Api
    agenda: Agenda
    clock: Clock
    tally: ClientTally
    adopted: Callable[[Token], None]
    waits: Waits

    async def operate(self, wanted_at: Ticks) -> None:
        """Do one operation that the service wanted at ``wanted_at``, and count how it ended."""
        errand = self.agenda.next()
        outcome, failure = await self._outcome_of(errand, wanted_at)
        self.agenda.ended(errand, outcome)
        now = self.clock.now()
        self.tally.finished(outcome, started_at=wanted_at, at=now, failure=failure)

    async def _outcome_of(self, errand: Errand, wanted_at: Ticks) -> Ending:
        try:
            return await self._attempts(errand, wanted_at)
        except (TokenUnavailable, StoreUnavailable) as error:
            return failed(error)
        except WaitedInVain as gave_up:
            return "unknown", gave_up.failure
        except CallerCancelled:
            return "unknown", Failure("cancelled")
        except asyncio.CancelledError:
            ending = self.waits.end_of_cancelled()
            if ending is None:
                raise
            return ending
        except BaseException:
            self.waits.is_ending = True  # all others are cancelled for it
            raise

    async def _attempts(self, errand: Errand, wanted_at: Ticks) -> Ending:
        attempt = 0
        while True:
            with self.waits.wait(wanted_at):
                token = await self.strategy.token()
            self.adopted(token)
            answer = await self.api.call(errand, token)
            if isinstance(answer, str):
                return "unknown", Failure(answer, "api")
            if answer.status != UNAUTHORIZED:
                return self._settle(answer)
            attempt += 1
            with self.waits.wait(wanted_at):
                call_again = await self.strategy.rejected(token, attempt)
            if not call_again:
                return "refused", refusal(UNAUTHORIZED)

    def _settle(self, answer: Answer) -> Ending:
        if answer.status >= 400:
            return "refused", refusal(answer.status)
        if answer.meeting is not None:
            self.agenda.created(answer.meeting)
        return "ok", None
