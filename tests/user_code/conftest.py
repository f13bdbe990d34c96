"""The fixtures of the engine's tests, for code that runs on its loop."""

from tests.engine.conftest import loop

__all__ = ["loop"]
