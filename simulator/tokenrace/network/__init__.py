"""How long messages take between a process, the provider and the store, and which get lost."""
