"""The provider behind real HTTP, on loopback."""
