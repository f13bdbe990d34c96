"""Code of the user's: found, isolated, seeded, timed, and blamed."""
