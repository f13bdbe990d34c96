"""Where the store of a run on the wire is: ready before a process starts, removed at the end.

Every run has a file, a prefix of keys or a schema of its own, named after its folder.
"""

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import assert_never

from tokenrace.clock import SECOND, Ticks
from tokenrace.errors import SimulatorError, StoreUnreachable
from tokenrace.passwords import with_passwords_hidden, without_password
from tokenrace.scenario.store_choice import url_flaw
from tokenrace.simulation.plan import RunPlan
from tokenrace.store_choice import StoreChoice, StoreName
from tokenrace.stores.contract import StoreUnavailable
from tokenrace.stores.places import (
    HostFile,
    OwnMemory,
    Place,
    PostgresServer,
    RedisServer,
    SqliteFile,
    prepare_store,
    remove_store,
)

URL_VARIABLES: Mapping[StoreName, str] = {
    "redis": "TOKENRACE_REDIS_URL",
    "postgres": "TOKENRACE_POSTGRES_URL",
}
"""The environment says where a server is that a scenario gives no URL for."""
_ON_THIS_MACHINE: Mapping[StoreName, str] = {
    "redis": "redis://127.0.0.1:6379/0",
    "postgres": "postgresql://postgres@127.0.0.1:5432/postgres",
}
_HOW_TO_START: Mapping[StoreName, str] = {
    "redis": "docker run -d -p 127.0.0.1:6379:6379 redis, or redis-server",
    "postgres": "docker run -d -p 127.0.0.1:5432:5432 -e POSTGRES_HOST_AUTH_METHOD=trust postgres",
}
_PREPARED_WITHIN: Ticks = 5 * SECOND


def place_of(plan: RunPlan, folder: Path, environment: Mapping[str, str] = os.environ) -> Place:
    """Return where the run of ``plan`` in ``folder`` has its store.

    Raises:
        SimulatorError: the environment says it wrongly.
    """
    own = folder.name.replace("-", "_")  # no schema's name has to be quoted
    match plan.store:
        case "memory":
            return OwnMemory()
        case "sqlite":
            return SqliteFile(folder / "store.db")
        case "host_file":
            return HostFile(folder / "store.json")
        case "redis":
            return RedisServer(_url(_server(plan), environment), own)
        case "postgres":
            server = _server(plan)
            url = _url(server, environment)
            return PostgresServer(url, own, server.lock, server.pool)
        case _:
            assert_never(plan.store)


@contextmanager
def ready_store(place: Place, is_left: Callable[[], None]) -> Iterator[None]:
    """Have the store ready for the block, and remove it afterwards; ``is_left`` is called where it
    cannot be removed.

    Raises:
        StoreUnreachable: it does not answer.
    """
    try:
        asyncio.run(prepare_store(place, _PREPARED_WITHIN))
    except StoreUnavailable as unavailable:
        raise StoreUnreachable(_unreachable(place, str(unavailable))) from None
    try:
        yield
    finally:
        try:
            asyncio.run(remove_store(place, _PREPARED_WITHIN))
        except StoreUnavailable:  # it has disappeared in the run, or only reads
            is_left()


def _server(plan: RunPlan) -> StoreChoice:
    assert plan.server is not None, plan.store
    return plan.server


def _url(server: StoreChoice, environment: Mapping[str, str]) -> str:
    if server.url is not None:
        return server.url
    variable = URL_VARIABLES[server.kind]
    url = environment.get(variable) or _ON_THIS_MACHINE[server.kind]
    wrong = url_flaw(server.kind, url)
    if wrong is not None:
        raise SimulatorError(f"{variable} {wrong}")
    return url


def _unreachable(place: Place, reason: str) -> str:
    assert isinstance(place, RedisServer | PostgresServer), "a file is made when it is opened"
    kind: StoreName = "redis" if isinstance(place, RedisServer) else "postgres"
    reason = with_passwords_hidden(reason, place.url)
    return (
        f"store {kind}: cannot be reached at {without_password(place.url)} ({reason})\n"
        f"Start one: {_HOW_TO_START[kind]}\n"
        f"Or say where one is: {URL_VARIABLES[kind]}=URL, or in the scenario "
        f"store: {{kind: {kind}, url: URL}}"
    )
