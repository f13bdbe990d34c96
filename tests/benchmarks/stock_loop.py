"""The calm fleet as tasks on the stock loop with a virtual clock: what one would do first."""

import asyncio
import random
import selectors

HOUR_S = 3600.0
LEEWAY_S = 60.0


class JumpingSelector(selectors.BaseSelector):
    """Waits for nothing: the clock jumps by what it would have waited."""

    def __init__(self):
        self._real = selectors.DefaultSelector()
        self.now = 0.0

    def register(self, fileobj, events, data=None):
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj):
        return self._real.unregister(fileobj)

    def get_map(self):
        return self._real.get_map()

    def close(self):
        self._real.close()

    def select(self, timeout=None):
        self.now += timeout or 0.0
        return []


class JumpingLoop(asyncio.SelectorEventLoop):
    """The stock loop on virtual time."""

    def __init__(self):
        self._jumping = JumpingSelector()
        super().__init__(self._jumping)

    def time(self):
        return self._jumping.now


def calm_fleet(duration_s: float, workers: int = 200) -> int:
    """Return how many requests 200 workers make that share one token behind a lock."""
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(_fleet(duration_s, workers))


async def _fleet(duration_s: float, workers: int) -> int:
    chance = random.Random(1)
    loop = asyncio.get_running_loop()
    lock = asyncio.Lock()
    expires_at = -1.0
    requests = 0

    async def token():
        nonlocal expires_at
        if loop.time() < expires_at - LEEWAY_S:
            return
        async with lock:
            if loop.time() >= expires_at - LEEWAY_S:
                await asyncio.sleep(0.2)
                expires_at = loop.time() + HOUR_S

    async def worker():
        nonlocal requests
        while True:
            await asyncio.sleep(chance.expovariate(0.1))
            await token()
            trip = chance.uniform(0.1, 0.3)
            await asyncio.sleep(trip / 2)
            requests += loop.time() < expires_at
            await asyncio.sleep(trip / 2)

    try:
        async with asyncio.timeout(duration_s), asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(worker())
    except TimeoutError:
        pass
    return requests
