"""What an engine returns of a run, beside the events it has written."""

from dataclasses import dataclass

from simulator.trace.events import ProcessEnded
from simulator.trace.tally import ClientTally, ProviderTally


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What all processes of a run counted, and which of them died."""

    provider: ProviderTally
    clients: ClientTally
    deaths: tuple[ProcessEnded, ...]
