"""Sweeps: one scenario over a grid of values, every strategy and seed at each point of it."""
