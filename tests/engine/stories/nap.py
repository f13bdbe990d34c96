"""What most stories consist of: sleep, log, and sleep again."""

import asyncio


async def naps(log, name, *spans):
    """Sleep and log, again and again; return the name."""
    for span in spans:
        await asyncio.sleep(span)
        log(name, span)
    return name
