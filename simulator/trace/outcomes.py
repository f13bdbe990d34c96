"""How operations end."""

from typing import Literal, get_args

Outcome = Literal["ok", "refused", "unknown"]
"""How an operation ended: ``unknown`` when no answer came, so that nobody knows what it did."""
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
