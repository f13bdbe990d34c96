"""The wire engine: real HTTP on loopback, real processes, a real store, real time."""
