"""What a strategy of a user's own may do wrong, as a control axis that does it."""

import asyncio
import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Control:
    """A control axis whose gate does ``wrong`` instead of refreshing."""

    wrong: object

    def gate(self):
        """Return the gate, which is this."""
        return self

    async def grant(self, wish):
        """Do wrong."""
        return await self.wrong(wish)


async def wait_for_nobody(wish):
    """Wait for an event that nobody sets."""
    await asyncio.Event().wait()


async def block(wish):
    """Sleep in real time."""
    time.sleep(0.001)  # noqa: ASYNC251 - the wrong that is meant


async def fail(wish):
    """Raise."""
    raise LookupError("no such secret")
