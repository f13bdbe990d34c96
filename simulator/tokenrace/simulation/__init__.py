"""The one place where all parts meet: a scenario in, recorded runs out."""
