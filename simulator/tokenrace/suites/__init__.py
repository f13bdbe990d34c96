"""Scenarios that are shipped with the program, and fitted to a class of the user's."""
