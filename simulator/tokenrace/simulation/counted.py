"""What an engine returns of a run, beside the events it has written."""

from dataclasses import dataclass

from tokenrace.trace.events import ProcessEnded
from tokenrace.trace.tally import ClientTally, ProviderTally


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What all processes of a run counted, and which of them died, whatever ended them.

    An engine that has written an event of each death already returns none.
    ``skipped`` is how many operations were not stepped, but counted with the calm they were in.
    """

    provider: ProviderTally
    clients: ClientTally
    deaths: tuple[ProcessEnded, ...]
    skipped: int = 0
