"""The troubled answers of a provider as people write them.

=============  ==============================================================
``503``        that status, 400 to 599 and not 401; the request has no effect
``dropped``    the connection is closed without an answer; no effect either
``slow 2s``    the request takes effect, its answer comes 2 s late
``malformed``  the request takes effect, its answer is no JSON
=============  ==============================================================
"""

from http import HTTPStatus

from tokenrace.fields.quoting import shown
from tokenrace.fields.units import read_positive_span, write_span
from tokenrace.provider.ailments import Ailment, Dropped, ErrorAnswer, Malformed, Slow

_EXAMPLES = "such as 503, dropped, slow 2s or malformed"
_PLAIN: dict[str, Ailment] = {"dropped": Dropped(), "malformed": Malformed()}
_REFUSED = HTTPStatus.UNAUTHORIZED
"""Not to be had as a trouble: every 401 has a cause, and this one would have none."""


def read_answer(raw: object) -> Ailment:
    """Read a troubled answer.

    Raises:
        ValueError: with a message for the user.
    """
    word, _, rest = raw.strip().partition(" ") if isinstance(raw, str) else ("", "", "")
    if word == "slow" and rest:
        return Slow(read_positive_span(rest))
    if word in _PLAIN and not rest:
        return _PLAIN[word]
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise ValueError(f"must be a troubled answer, {_EXAMPLES}; got {shown(raw)}")  # noqa: TRY004 - pydantic takes it
    return _error(raw)


def write_answer(answer: Ailment) -> str | int:
    """Return what reads back as ``answer``."""
    match answer:
        case ErrorAnswer(status):
            return status
        case Slow(late):
            return f"slow {write_span(late)}"
        case Dropped():
            return "dropped"
        case Malformed():
            return "malformed"


def _error(status: int) -> ErrorAnswer:
    if status == _REFUSED:
        raise ValueError("must not be 401: tokens are refused for a cause; revoke them instead")
    known = {each.value for each in HTTPStatus if each >= HTTPStatus.BAD_REQUEST}
    if status not in known:
        raise ValueError(f"must be an HTTP error status, such as 503 or 429; got {status}")
    return ErrorAnswer(status)
