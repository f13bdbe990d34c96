"""A million tokens issued by the provider that ``tokenrace serve`` serves, its journal on.

One thousand a second of the provider's clock, a cap of one, so that each ends the one before.
"""

import resource
import time
from collections.abc import Iterator

from tests.provider.zoom_requests import CREDENTIALS, EPOCH, KEY, token_request
from tokenrace.clock import MILLISECOND
from tokenrace.provider.app import App
from tokenrace.server.journal_file import no_file
from tokenrace.server.served import ServedProvider, Terms
from tokenrace.server.served_section import ServedSection
from tokenrace.server.shifted_clock import ShiftedClock

ISSUES = 1_000_000
WINDOW = 100_000


class StepClock:
    """A clock that a test moves by hand."""

    at = 0

    def now(self) -> int:
        return self.at

    async def sleep(self, span: int) -> None:
        self.at += span


def windows() -> Iterator[tuple[float, float]]:
    """Yield, for every ``WINDOW`` of issues, microseconds for each and the peak of memory in MiB.

    What is remembered of ended tokens is full after the first window, and of the journal before.
    """
    clock = StepClock()
    terms = Terms(
        app=App(credentials=CREDENTIALS),
        section=ServedSection(),
        signing_key=KEY,
        unix_time=EPOCH,
        api_url="http://127.0.0.1:8787",
    )
    served, request = ServedProvider(terms, ShiftedClock(clock), no_file), token_request()
    for _ in range(ISSUES // WINDOW):
        begun = time.process_time()
        for _ in range(WINDOW):
            clock.at += MILLISECOND
            served.answer(request)
        took = time.process_time() - begun
        yield took / WINDOW * 1e6, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    assert served.counts.tokens_issued == ISSUES
