"""What the server does: pure, no I/O and no clock; every method takes ``now``."""
