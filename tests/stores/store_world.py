"""What stores are tried with: two tokens, the span of a lease, and a clock set by hand."""

import asyncio
from dataclasses import dataclass

from tokenrace.clock import SECOND
from tokenrace.token import Token

A = Token("a", 1, 100)
B = Token("b", 2, 200)
TTL = 10 * SECOND


@dataclass
class HandClock:
    """Stands still until somebody sets it or sleeps."""

    at: int = 0

    def now(self):
        return self.at

    async def sleep(self, span):
        self.at += span
        await asyncio.sleep(0)
