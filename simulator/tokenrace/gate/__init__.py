"""The gate of a CI job: every scenario made, judged, held against a baseline, and told about."""
