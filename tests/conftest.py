"""Settings every test shares."""

from hypothesis import settings

# Derandomised: a red test is red for everyone. No deadline: machines differ.
settings.register_profile("tokenrace", derandomize=True, deadline=None, database=None)
settings.load_profile("tokenrace")
