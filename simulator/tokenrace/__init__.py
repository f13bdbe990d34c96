"""tokenrace: a load and race-condition simulator for access tokens."""
