"""Code of a test that belongs to a simulated process."""

from collections.abc import Iterator
from contextlib import contextmanager

from tokenrace.user_code.ownership import OWNER


@contextmanager
def owned_by(process: int) -> Iterator[None]:
    """Let everything started in the block belong to ``process``."""
    token = OWNER.set(process)
    try:
        yield
    finally:
        OWNER.reset(token)
