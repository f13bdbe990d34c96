"""What a request to the API meets on virtual time where something strikes it."""

from collections.abc import Callable
from typing import NamedTuple

from tokenrace.clock import Ticks
from tokenrace.provider.bursts import Dropped, ErrorAnswer, Malformed, Slow, Struck
from tokenrace.provider.messages import Accepted, Refused
from tokenrace.provider.recorder import Recorder
from tokenrace.trace.outcomes import Silence

NO_CONTENT = 204
Reply = Accepted | Refused


class Met(NamedTuple):
    """What the caller can read, or why it is nothing, and how much later than otherwise."""

    reply: Reply | Silence
    late: Ticks = 0


def meet(struck: Struck, call: Callable[[], Reply], recorder: Recorder, now: Ticks) -> Met:
    """Return what comes of a request that is ``struck``; ``call`` lets it take effect.

    What is cut off in the middle cannot be read, except where there is nothing to read.
    """
    match struck.ailment:
        case ErrorAnswer() as answer:
            refused = answer.refused("api")
            recorder.call_answered(now, refused, struck.events)
            return Met(refused)
        case Dropped():
            recorder.happened(struck.events)
            return Met("connection_lost")
        case Malformed():
            recorder.happened(struck.events)
            reply = call()
            return Met(reply if reply.status == NO_CONTENT else "unreadable_answer")
        case Slow(late):
            recorder.happened(struck.events)
            return Met(call(), late)
