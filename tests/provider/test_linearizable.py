"""The server under concurrent requests: every history it gives has an order that explains it.

With a cap of N the FIFO law says which tokens are live after each issue. So a history is explained
if there is one order of all requests, in which each takes effect between its start and its end,
such that every API answer is what a provider that does one thing at a time would have said.
"""

import asyncio
import random
from dataclasses import dataclass

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from tokenrace.clock import HOUR, MILLISECOND, SECOND
from tokenrace.distributions import Uniform
from tokenrace.fleet.http_ports import basic_auth
from tokenrace.machine_clock import MachineClock
from tokenrace.network.links import Link, Links
from tokenrace.provider.endpoints import Provider
from tokenrace.provider.http import ZoomHttp
from tokenrace.provider.policy import TokenPolicy
from tokenrace.provider.recorder import Recorder
from tokenrace.provider.token_format import token_named_in
from tokenrace.rng import Streams
from tokenrace.server.app import Latencies, ZoomApp
from tokenrace.simulation.plan import THE_APP
from tokenrace.trace.tally import ProviderTally, bin_width

CAP = 2


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as its client saw it: when it started and ended, and what it showed.

    ``issued`` is the number of the token it got, or None for a call that showed ``shown``.
    """

    started_at: int
    ended_at: int
    issued: int | None
    shown: int | None
    accepted: bool


class Discarded:
    """A sink that keeps nothing."""

    def write(self, event):
        """Take one event."""


def explained(history: list[Seen]) -> bool:
    """Look for an order of effects that explains ``history``.

    Issues are ordered by their number, which is their order of effect. A call between issues i and
    i + 1 is right when "token k is live" (i - k < CAP) is what it was told. So each call must have
    some i, in the range of issues that its span allows, that gives its answer; and the issues must
    themselves fit their spans in order of number. Calls change nothing: each is placed alone.
    """
    issues = sorted((seen for seen in history if seen.issued), key=lambda seen: seen.issued)
    assert [seen.issued for seen in issues] == list(range(1, len(issues) + 1))
    earliest = 0
    for issue in issues:
        earliest = max(earliest, issue.started_at)
        if earliest > issue.ended_at:
            return False
    return all(_call_fits(call, issues) for call in history if call.shown)


def _call_fits(call: Seen, issues: list[Seen]) -> bool:
    surely_before = sum(1 for issue in issues if issue.ended_at < call.started_at)
    maybe_before = sum(1 for issue in issues if issue.started_at <= call.ended_at)
    return any(
        (issued - call.shown < CAP) == call.accepted
        for issued in range(max(surely_before, call.shown), maybe_before + 1)
    )


async def a_history(seed: int) -> list[Seen]:
    """Eight clients at once issue and call, over real HTTP, with latencies of up to 3 ms."""
    clock = MachineClock.starting_in(0)
    link = Link(round_trip=Uniform(0, 3 * MILLISECOND))
    links = Links(token=link, api=link, store=link)
    zoom = ZoomHttp(
        Provider(THE_APP, TokenPolicy(lifetime=HOUR, live_tokens=CAP)),
        signing_key=bytes(32),
        epoch=0,
        api_url="http://127.0.0.1",
    )
    recorder = Recorder(ProviderTally(width=bin_width(HOUR)), Discarded())
    app = ZoomApp(zoom, Latencies(links, Streams(seed)), clock, recorder, SECOND).application()
    async with TestServer(app) as server, ClientSession(server.make_url("/")) as session:
        histories = await asyncio.gather(
            *(_a_client(session, clock, random.Random(f"{seed}/{n}")) for n in range(8))
        )
    return [seen for history in histories for seen in history]


async def _a_client(session, clock, choices) -> list[Seen]:
    seen: list[Seen] = []
    value = ""
    for _ in range(12):
        started_at = clock.now()
        if not value or choices.random() < 0.4:
            known = THE_APP.credentials
            async with session.post(
                "/oauth/token",
                headers={"Authorization": basic_auth(known)},
                data={"grant_type": "account_credentials", "account_id": known.account_id},
            ) as response:
                value = (await response.json())["access_token"]
            number = token_named_in(value)
            seen.append(Seen(started_at, clock.now(), number, None, accepted=True))
        else:
            headers = {"Authorization": f"Bearer {value}"}
            async with session.get("/v2/users/me", headers=headers) as response:
                accepted = response.status == 200
            seen.append(Seen(started_at, clock.now(), None, token_named_in(value), accepted))
    return seen


@pytest.mark.parametrize("seed", range(5))
def test_a_history_of_concurrent_requests_has_an_order_that_explains_it(seed):
    """96 requests of 8 clients; some calls must have been refused, or nothing was shown."""
    history = asyncio.run(a_history(seed))

    assert explained(history)
    assert any(seen.shown and not seen.accepted for seen in history)


def test_the_checker_rejects_a_history_no_order_explains():
    """Token 1 is dead once token 3 is out (cap 2): accepting it afterwards has no explanation."""
    issues = [Seen(n, n, n, None, accepted=True) for n in (1, 2, 3)]

    assert explained([*issues, Seen(4, 5, None, 1, accepted=False)])
    assert not explained([*issues, Seen(4, 5, None, 1, accepted=True)])
    assert not explained([*issues, Seen(4, 5, None, 2, accepted=False)])
    assert explained([*issues[:2], Seen(3, 9, 3, None, accepted=True), Seen(4, 5, None, 1, True)])
