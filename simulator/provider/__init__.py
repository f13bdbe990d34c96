"""What the server does: pure, no I/O and no clock; every method takes ``now``."""

from simulator.provider.endpoints import Provider

__all__ = ["Provider"]
