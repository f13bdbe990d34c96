"""The process that makes the faults of the store happen to the real store, in a run on the wire.

It silences the store, ends its lease and puts an old record back, from outside the fleet. It writes
down what it has done; who met a silent store, the clients tell. Where the store has gone for good,
what was planned for it does not happen.

Started with ``spawn``, so everything it needs comes in its ``Seat``.
"""

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeVar, assert_never

from tokenrace.clock import MILLISECOND, Clock, Ticks
from tokenrace.errors import SimulatorError
from tokenrace.faults.planned import StoreFault, StoreLoss, StoreTrouble
from tokenrace.faults.schedule import FleetFaults
from tokenrace.fleet.http_ports import InFlight
from tokenrace.machine_clock import MachineClock
from tokenrace.simulation.plan import RunPlan
from tokenrace.simulation.wire.apply_faults import applier_of
from tokenrace.simulation.wire.messages import (
    Begin,
    Failed,
    Finish,
    Finished,
    Ready,
    receive,
)
from tokenrace.simulation.wire.parent_bond import belong_to_parent
from tokenrace.simulation.wire.strikes import Strikes
from tokenrace.stores.contract import Record, StoreUnavailable
from tokenrace.stores.mishaps import Mishaps, open_mishaps
from tokenrace.stores.places import Place

T = TypeVar("T")
LOOK_EVERY: Ticks = MILLISECOND
"""How often it looks for the lease or the write that is to be lost."""


@dataclass(frozen=True, slots=True)
class Seat:
    """What the process needs to know. ``spool`` names what it writes."""

    plan: RunPlan
    place: Place
    spool: Path


def is_needed(faults: FleetFaults) -> bool:
    """Return whether anything is to happen to the store itself."""
    return bool(_of_the_store(faults))


def _of_the_store(faults: FleetFaults) -> list[StoreFault]:
    return [fault for fault in faults.of_store() if applier_of(fault) == "store"]


def main(seat: Seat, connection: Connection, in_flight: InFlight) -> None:  # noqa: ARG001
    """Conduct one run's faults of the store, to its end."""
    belong_to_parent()
    try:
        asyncio.run(_run(seat, connection))
    except SimulatorError as error:
        connection.send(Failed(str(error)))
    except Exception:  # noqa: BLE001 - whatever it is, the parent must show it
        connection.send(Failed(traceback.format_exc()))


async def _run(seat: Seat, connection: Connection) -> None:
    plan, strikes = seat.plan, Strikes(seat.spool)
    async with open_mishaps(seat.place, MachineClock(0), plan.store_timeout) as mishaps:
        connection.send(Ready())
        begin = await receive(connection, Begin)
        conductor = StoreConductor(mishaps, MachineClock(begin.epoch_ns), strikes, plan.duration)
        conducting = asyncio.create_task(conductor.conduct(plan.fleet_faults))
        await receive(connection, Finish)
        conducting.cancel()
        with suppress(asyncio.CancelledError):
            await conducting
    connection.send(Finished())


@dataclass(frozen=True, slots=True)
class StoreConductor:
    """Makes every fault happen at its time, and notes the losses that have happened."""

    mishaps: Mishaps
    clock: Clock
    strikes: Strikes
    duration: Ticks

    async def conduct(self, faults: FleetFaults) -> None:
        """Make all of ``faults`` that befall the store happen."""
        async with asyncio.TaskGroup() as tasks:
            for fault in _of_the_store(faults):
                match fault:
                    case StoreTrouble():
                        tasks.create_task(self._be_down(fault))
                    case StoreLoss(kind="lock"):
                        tasks.create_task(self._lose_lock(fault))
                    case StoreLoss():
                        tasks.create_task(self._lose_write(fault))
                    case _:
                        assert_never(fault)

    async def _be_down(self, trouble: StoreTrouble) -> None:
        """Up to the run's end at most: nobody is to wait for a silent store then."""
        await self.clock.sleep(trouble.at - self.clock.now())
        span = min(trouble.until, self.duration) - self.clock.now()
        with suppress(StoreUnavailable):
            await self.mishaps.answer_nobody(max(0, span))

    async def _lose_lock(self, loss: StoreLoss) -> None:
        await self.clock.sleep(loss.at - self.clock.now())
        while not await self._tried(self.mishaps.lose_lock):
            await self.clock.sleep(LOOK_EVERY)
        self.strikes.struck(loss, self.clock.now())

    async def _lose_write(self, loss: StoreLoss) -> None:
        """Wait for a record that was not there, and put back the one that was."""
        await self.clock.sleep(loss.at - self.clock.now())
        before = await self._tried(self.mishaps.read)
        while not await self._tried(lambda: self._undone(before)):
            await self.clock.sleep(LOOK_EVERY)
        self.strikes.struck(loss, self.clock.now())

    async def _undone(self, before: Record | None) -> bool:
        after = await self.mishaps.read()
        if after is None or after == before:
            return False
        return await self.mishaps.put_back(before, after)

    async def _tried(self, call: Callable[[], Awaitable[T]]) -> T:
        """Make ``call`` until the store answers. One of no answer may have had its effect: then a
        loss happens and is not noted, and the run is doubted."""
        while True:
            try:
                return await call()
            except StoreUnavailable:
                await self.clock.sleep(LOOK_EVERY)
