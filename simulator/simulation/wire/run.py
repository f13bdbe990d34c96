"""One run on the wire, from the side of the process that conducts it."""

from collections.abc import Callable, Sequence
from pathlib import Path

from simulator.clock import MILLISECOND, Ticks
from simulator.errors import RunError
from simulator.machine_clock import MachineClock
from simulator.simulation.counted import Counted
from simulator.simulation.plan import RunPlan
from simulator.simulation.wire import broker_process, client_process, server_process
from simulator.simulation.wire.children import (
    Child,
    Children,
    await_ready,
    describe_exit,
    next_message,
    readable,
    tell,
)
from simulator.simulation.wire.messages import (
    Begin,
    ClientRecord,
    Finish,
    Progress,
    ServerRecord,
)
from simulator.strategies.broker_scope import Broker
from simulator.strategies.compose import scope_of
from simulator.trace.events import ProcessEnded
from simulator.trace.tally import ClientTally, bin_width

LEAD = 200 * MILLISECOND
"""Between telling the processes to begin and tick 0, so that all of them start together."""
_LOOK_EVERY_S = 0.2


def spool_of_provider(folder: Path) -> Path:
    """Return where the provider's process writes its events."""
    return folder / "provider.jsonl"


def spool_of(folder: Path, process: int) -> Path:
    """Return where client ``process`` writes its events."""
    return folder / f"p{process}.jsonl"


def run_on_wire(plan: RunPlan, folder: Path, report: Callable[[Ticks], None], port: int) -> Counted:
    """Run ``plan`` in real time; its processes write their events into ``folder``.

    ``report`` is told a few times a second how far the run has come.

    Raises:
        RunError: a process could not start, or failed through an error of its own.
    """
    with Children() as children:
        server = children.start(
            "the provider's process",
            server_process.main,
            server_process.Seat(plan, spool_of_provider(folder), port),
        )
        broker = _broker(children, plan)
        listening, *brokers = await_ready([server, *broker])
        clients = [
            children.start(
                f"process {process}",
                client_process.main,
                client_process.Seat(plan, process, spool_of(folder, process), folder / "store.db"),
            )
            for process in range(plan.fleet.processes)
        ]
        await_ready(clients)
        clock = MachineClock.starting_in(LEAD)
        begin = Begin(clock.epoch_ns, listening.port, brokers[0].port if brokers else None)
        for child in (server, *broker, *clients):
            tell(child, begin)
        watch = _Watch(server, clients, plan, clock)
        watch.until_all_ended(report)
        for child in (server, *broker):
            tell(child, Finish())
        return watch.counted(_record_of(server), [_tally_of(child) for child in broker])


def _broker(children: Children, plan: RunPlan) -> list[Child]:
    """Start the fleet's broker, if it has one."""
    rules = scope_of(plan.composition)
    if not isinstance(rules, Broker):
        return []
    return [children.start("the broker", broker_process.main, broker_process.Seat(plan, rules))]


def _tally_of(broker: Child) -> ClientTally | None:
    """Return what the broker counted; None if it died, and then the fleet did without."""
    record = next_message(broker)
    assert isinstance(record, ClientRecord | None), record
    return None if record is None else record.tally


def _record_of(server: Child) -> ServerRecord:
    record = next_message(server)
    if record is None:
        raise _provider_died(server)
    assert isinstance(record, ServerRecord), record
    return record


def _provider_died(server: Child) -> RunError:
    return RunError(f"the provider's process died ({describe_exit(server)})")


class _Watch:
    """Follows the clients of a run until each has sent its record or died."""

    def __init__(
        self, server: Child, clients: list[Child], plan: RunPlan, clock: MachineClock
    ) -> None:
        self._server = server
        self._clients = clients
        self._plan = plan
        self._clock = clock
        self._tallies = [ClientTally(width=bin_width(plan.duration)) for _ in clients]
        self._deaths: list[ProcessEnded] = []

    def until_all_ended(self, report: Callable[[Ticks], None]) -> None:
        """Take every message until no client is left."""
        left = dict(enumerate(self._clients))
        while left:
            for child in readable([self._server, *left.values()], _LOOK_EVERY_S):
                if child is self._server:
                    next_message(child)  # raises with its traceback, if it could send one
                    raise _provider_died(child)
                process = self._clients.index(child)
                if self._take(process, child):
                    del left[process]
            report(min(max(self._clock.now(), 0), self._plan.duration))

    def _take(self, process: int, child: Child) -> bool:
        """Take one message; returns whether it was the last."""
        match next_message(child):
            case Progress(tally):
                self._tallies[process] = tally
                return False
            case ClientRecord(tally):
                self._tallies[process] = tally
            case None:
                self._died(process, child)
            case other:
                raise AssertionError(other)
        return True

    def _died(self, process: int, child: Child) -> None:
        reason = describe_exit(child)
        in_flight = child.unanswered()
        self._tallies[process].unknown += in_flight
        self._deaths.append(
            ProcessEnded(at=self._clock.now(), process=process, in_flight=in_flight, reason=reason)
        )

    def counted(self, record: ServerRecord, others: Sequence[ClientTally | None]) -> Counted:
        """Return the sum of all that was counted, that of ``others`` included."""
        clients = ClientTally(width=bin_width(self._plan.duration))
        for tally in (*self._tallies, *others):
            if tally is not None:
                clients.add(tally)
        return Counted(
            provider=record.tally,
            clients=clients,
            deaths=tuple(self._deaths),
        )
