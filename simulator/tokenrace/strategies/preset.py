"""What there is to say about a preset, and the sources that several of them share."""

from collections.abc import Mapping
from dataclasses import dataclass

from tokenrace.strategies.composition import Composition

MINUTE_OF_AWS = "aws-sdk-go-v2 CredentialsCache, mandatory window = 1 min"
MINUTE_OF_RIVET = "zoom/rivet-javascript 0.4.0, EXPIRATION_DELTA_SECONDS = 60"
AIRBYTE = "airbyte-cdk 7.39.1, REFRESH_TOKEN_THEN_RETRY once per request"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A composition with what there is to say about it.

    ``sources`` tells for each parameter whose default its number is; one without is ours.
    """

    composition: Composition
    summary: str
    promises: str
    does_not: str
    sources: Mapping[str, str]
