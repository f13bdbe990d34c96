"""The five rival explanations, and what was expected of each before any run was made.

The expectations are the table of the incident's restatement: hypotheses. What the runs say stands
beside them in the report, and wins.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

Observation = Literal["calm", "every_call", "fresh_token", "lasts", "rotation", "transfer", "fix"]
OBSERVATIONS: tuple[Observation, ...] = get_args(Observation)
"""What the team saw, in the order of the report's rows."""

WORDS: Mapping[Observation, str] = {
    "calm": "a week of calm, then sudden",
    "every_call": "every call 401, whatever it does",
    "fresh_token": "a fresh token is refused as well, tried from a single process",
    "lasts": "it does not heal by itself",
    "rotation": "rotating the secret ends it",
    "transfer": "transferring the app ends it, with no new secret",
    "fix": "calm once the race is fixed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One of the five. ``stem`` is its scenario's name. ``expected`` says which observations it
    was expected to reproduce; one that is missing has nothing to do with it."""

    letter: str
    stem: str
    title: str
    expected: Mapping[Observation, bool]
    why_rotation: str = ""
    """Why a new secret ends it, where it does."""


def _expected(*, rotation: bool, transfer: bool) -> Mapping[Observation, bool]:
    return {
        "calm": True,
        "every_call": True,
        "fresh_token": True,
        "lasts": True,
        "rotation": rotation,
        "transfer": transfer,
    }


EXPLANATIONS: tuple[Explanation, ...] = (
    Explanation(
        letter="A",
        stem="a-storm",
        title="the cap and the race: a storm",
        expected=_expected(rotation=True, transfer=False),
        why_rotation="whoever still has the old secret can have no more tokens issued, and the "
        "first process with the new one keeps the token it gets",
    ),
    Explanation(
        letter="B",
        stem="b-owner",
        title="the owner's role was lost",
        expected=_expected(rotation=False, transfer=True),
    ),
    Explanation(
        letter="C",
        stem="c-blocked",
        title="the app was blocked for having too many tokens issued",
        expected=_expected(rotation=True, transfer=False),
        why_rotation="the rule, as assumed here, blocks the app until its secret is rotated",
    ),
    Explanation(
        letter="D",
        stem="d-second-minter",
        title="somebody else has tokens issued with the same credentials",
        expected=_expected(rotation=True, transfer=False),
        why_rotation="it locks out whoever has the old one",
    ),
    Explanation(
        letter="E",
        stem="e-cap-alone",
        title="the cap alone, in calm",
        expected={"calm": False, "every_call": False, "fresh_token": False},
    ),
)
