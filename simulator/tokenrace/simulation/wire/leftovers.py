"""What runs on the wire have left on a server, because they were killed or it did not answer any
more: removed by the next run.

A run notes beside its folder which keys or which schema it has, and where, without a password. Who
finds the folder of a run that was killed removes them, if it can get there: with the URL as it is
noted, or with one from the environment or the scenario that is the same but for its password.
"""

import asyncio
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tokenrace.clock import SECOND, Ticks
from tokenrace.errors import NotInstalledError
from tokenrace.files.owned_folder import OWNER, leftover_folders
from tokenrace.files.temporary_folder import PREFIX
from tokenrace.passwords import with_passwords_hidden, without_password
from tokenrace.simulation.wire.store_place import URL_VARIABLES
from tokenrace.stores.contract import StoreUnavailable
from tokenrace.stores.places import Place, PostgresServer, RedisServer, remove_store

_ANSWER_WITHIN: Ticks = 2 * SECOND


def note_of(place: Place) -> str:
    """Return what a run with its store at ``place`` notes; "" where all of it is in its folder."""
    match place:
        case RedisServer(url, own):
            return _note("redis", url, own)
        case PostgresServer(url, own):
            return _note("postgres", url, own)
        case _:
            return ""


def remove_what_runs_left(
    known_url: str | None = None, environment: Mapping[str, str] = os.environ
) -> list[str]:
    """Remove the folders of runs that were killed, and what they left on servers.

    Returns a sentence for each that is left. ``known_url`` is of the store that the scenario names.
    """
    urls = [known_url, *(environment.get(variable) for variable in URL_VARIABLES.values())]
    by_shown = {without_password(url): url for url in urls if url}
    told = []
    with leftover_folders(Path(tempfile.gettempdir()), PREFIX) as left:
        for each in left:
            why = _removed(each.note, by_shown) if each.note else ""
            if why:
                forget = f"{each.folder}{OWNER}"
                told.append(f"A run left {why}. Delete {forget} to forget it")
            else:
                each.remove()
    return told


def _note(kind: str, url: str, own: str) -> str:
    return json.dumps({"kind": kind, "url": without_password(url), "own": own})


def _removed(note: str, by_shown: Mapping[str, str]) -> str:
    """Remove what ``note`` tells of; return what could not be, and why."""
    try:
        noted = json.loads(note)
        kind, shown, own = noted["kind"], noted["url"], noted["own"]
    except (ValueError, KeyError, TypeError):
        return ""  # it was killed while it noted that: there was nothing yet
    url = by_shown.get(shown, shown)
    place: Place
    if kind == "redis":
        what, place = f"the keys {own}:* on {shown}", RedisServer(url, own)
    else:
        what, place = f"the schema {own} on {shown}", PostgresServer(url, own)
    try:
        asyncio.run(remove_store(place, _ANSWER_WITHIN))
    except (StoreUnavailable, NotInstalledError) as error:
        why = with_passwords_hidden(str(error))
        return f"{what}, which cannot be removed now ({why}); a later run tries again"
    return ""
