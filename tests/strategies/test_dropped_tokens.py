"""What ``evict`` and ``evict_if_same`` drop: the token of all who share it, in every scope."""

import json
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.simulation.virtual_runs import a_run
from tokenrace.cli.app import app
from tokenrace.scenario import parse
from tokenrace.simulation.planning import plan_run
from tokenrace.strategies.catalogue import CATALOGUE
from tokenrace.trace.events import CallRefused

SHARED = ["shared_cache", "shared_lock", "lease_cas", "sql_row_lock"]
DROPPING = ["evict", "evict_if_same"]
REVOKED = """\
name: revoked
provider: {{profile: zoom-2023, lifetime: 30d}}
fleet: {{processes: 12, workers: 1}}
workload: {{arrivals: {{process: closed, think: exponential 5m}}, operations: {{get_user: 1}}}}
network: {{token: 100ms, api: 100ms, store: 2ms}}
strategies: [{{name: drops, scope: {scope}, control: single_flight, on_401: {on_401}}}]
faults: [{{at: 1h, revoke: all}}, {{at: 2h, revoke: all}}, {{at: 3h, revoke: all}}]
run: {{duration: 4h, seeds: 1, engine: virtual}}
"""


def refused_in(text: str, seed: int) -> list[CallRefused]:
    """Run the scenario ``text`` and return its 401s."""
    scenario = parse(text.encode(), CATALOGUE, Path("revoked.yaml"))
    events, _ = a_run(plan_run(scenario, scenario.strategies[0], seed, 1.0))
    return [event for event in events if isinstance(event, CallRefused)]


@pytest.mark.parametrize("on_401", DROPPING)
@pytest.mark.parametrize("scope", SHARED)
def test_a_dropped_token_is_gone_for_the_whole_fleet(scope, on_401):
    """Twelve processes call every five minutes, so that two calls hardly ever overlap: the first
    that is refused clears the record, and the next of any process finds none. One 401 for each of
    three revocations, where each process that forgets for itself alone would meet one more."""
    refused = refused_in(REVOKED.format(scope=scope, on_401=on_401), seed=5)
    assert [event.cause for event in refused] == ["revoked"] * 3


def test_in_the_scope_of_a_process_each_drops_its_own():
    """Nothing is shared: twelve holders of one revoked token each meet one 401."""
    provider = "provider: {profile: zoom-2023, lifetime: 30d, live_tokens: 12}"
    text = REVOKED.format(scope="process", on_401="evict_if_same")
    text = text.replace("provider: {profile: zoom-2023, lifetime: 30d}", provider)
    by_token = Counter(event.token for event in refused_in(text, seed=5))
    assert len(by_token) == 3 * 12
    assert set(by_token.values()) == {1}


OTHERS = """\
name: others
provider: {profile: twitch, lifetime: 58d}
fleet: {processes: 3, workers: 2}
workload: {arrivals: {process: closed, think: exponential 5m}, operations: {get_user: 1}}
network: {token: 250ms, api: 120ms, store: 2ms}
strategies: [{name: clears, control: single_flight, scope: shared_lock, on_401: evict_if_same}]
faults: [{at: 1h, second_minter: {rate: 2/h, for: 58d}}]
run: {duration: 30d, seeds: 1, engine: virtual}
"""


def test_a_cleared_entry_costs_one_401_for_each_eviction():
    """Somebody else has two tokens an hour issued, and fifty may live: the shared one is evicted
    every 25 hours, 719 / 25 = 28.8 times in the month. Reported for a web application with one
    token in its cache (Laravel-Twitch issue 71)."""
    refused = refused_in(OTHERS, seed=1)
    assert {event.cause for event in refused} == {"evicted"}
    assert len(refused) == pytest.approx(28.8, abs=1.5)


COMPARES = '''\
from tokenrace.strategies.contract import Denied, TokenUnavailable


class Compares:
    """Renews only where the record still holds the refused token. ``same`` says what that is."""

    def __init__(self, ports, same):
        self.ports = ports
        self.same = {"is": lambda a, b: a is b, "==": lambda a, b: a.value == b.value}[same]

    async def token(self):
        record = await self.ports.store.read()
        return await self.renewed() if record is None else record.token

    async def renewed(self):
        answer = await self.ports.endpoint.issue()
        if isinstance(answer, Denied):
            raise TokenUnavailable(answer)
        await self.ports.store.write(answer)
        return answer

    async def rejected(self, token, attempt):
        record = await self.ports.store.read()
        if record is not None and self.same(record.token, token):
            await self.renewed()
        return attempt == 1
'''
IDENTITY = """\
name: identity
provider: {profile: zoom-2023, lifetime: 30d}
fleet: {processes: 2, workers: 1}
workload: {arrivals: {process: constant, rate: 2/min}, operations: {get_user: 1}}
network: {token: 100ms, api: 100ms, store: 2ms}
strategies:
  - {name: is, python: "compares:Compares", options: {same: is}}
  - {name: equals, python: "compares:Compares", options: {same: "=="}}
faults: [{at: 1h, revoke: all}]
run: {duration: 4h, seeds: 1, engine: virtual}
"""


def test_who_compares_tokens_with_is_never_renews_one(tmp_path, monkeypatch):
    """What a store gives back is a copy, so ``is`` is never true: after the revocation at one hour
    of four every operation fails, 75 %. With ``==`` the first refused call renews the token."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "compares.py").write_text(COMPARES)
    (tmp_path / "identity.yaml").write_text(IDENTITY)
    ended = CliRunner().invoke(app, ["run", "identity.yaml", "--out", "out"])
    assert ended.exit_code == 0, ended.output
    strategies = json.loads((tmp_path / "out/identity/summary.json").read_text())["strategies"]
    failed = {name: figures["failure_rate"]["mean"] for name, figures in strategies.items()}
    assert failed == {"is": pytest.approx(0.75, abs=0.005), "equals": 0}
