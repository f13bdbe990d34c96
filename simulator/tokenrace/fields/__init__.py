"""The values a scenario file holds: how each is read, written back, and told of when wrong."""
