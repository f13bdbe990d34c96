"""The pytest plugin, in test sessions of its own: what it gives a test, and what it holds against
one."""

import re
import subprocess
import sys
from importlib import metadata

import pytest

pytest_plugins = ["pytester"]

SCENARIO = """
name: fleet
provider: {profile: zoom-2022, live_tokens: 2, lifetime: 20m}
fleet: {processes: 3, workers: 2}
workload: {arrivals: {process: closed, think: exponential 20s}, operations: {get_user: 1}}
network: {token: 200ms, api: 100ms, store: 1ms}
strategies: [single_flight, shared_lock]
run: {duration: 2h, seeds: 2, engine: virtual}
"""
REQUESTS = """
import pytest, requests
def a_token(zoom):
    app = zoom.credentials
    grant = {"grant_type": "account_credentials", "account_id": app["account_id"]}
    client = (app["client_id"], app["client_secret"])
    return requests.post(zoom.token_url, data=grant, auth=client).json()["access_token"]
def status(zoom, token):
    shown = {"Authorization": f"Bearer {token}"}
    return requests.get(f"{zoom.url}/v2/users/me", headers=shown).status_code
"""


PLUGINS = ("tokenrace.pytest_plugin", "pytest_asyncio.plugin", "anyio.pytest_plugin")
"""What a session of its own loads; all that is installed here would take it seconds."""


@pytest.fixture
def session(pytester, monkeypatch):
    """A folder with a scenario, in which a test file is run with the plugin and strict markers; one
    that leaves something behind, or awaits, in a process of its own."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    (pytester.path / "fleet.yaml").write_text(SCENARIO)

    def run(code, *, apart=False):
        pytester.makepyfile(code)
        if not apart:
            return pytester.runpytest_inprocess("--strict-markers", "-p", PLUGINS[0])
        named = [word for plugin in PLUGINS for word in ("-p", plugin)]
        return pytester.runpytest_subprocess(
            "--strict-markers", "-p", "no:unraisableexception", *named
        )

    return run


def test_a_test_has_a_provider_with_the_scenarios_cap(session):
    """Two tokens live, of twenty minutes: the third evicts the first, and nineteen minutes later
    both others are good still."""
    done = session(
        REQUESTS
        + """
@pytest.mark.scenario("fleet.yaml")
def test_three(zoom):
    first, second, third = (a_token(zoom) for _ in range(3))
    zoom.control.forward(19 * 60 * 1_000_000)
    assert [status(zoom, token) for token in (first, second, third)] == [401, 200, 200]
    assert zoom.control.journal[-3] == (401, "evicted")
    assert zoom.provider.ledger.tokens_issued == 3
"""
    )
    done.assert_outcomes(passed=1)


def test_without_a_marker_one_token_lives(session):
    """As at Zoom in 2022."""
    done = session(
        REQUESTS
        + """
def test_two(zoom):
    first, second = a_token(zoom), a_token(zoom)
    assert [status(zoom, token) for token in (first, second)] == [401, 200]
"""
    )
    done.assert_outcomes(passed=1)


def test_a_test_runs_strategies_and_reads_their_figures(session):
    """Three processes with a token each at a cap of two: a third of the calls is refused, by the
    holder rule 1 - 2/3, and none with a token that all share."""
    done = session(
        """
import pytest
@pytest.mark.scenario("fleet.yaml")
def test_marked(tokenrace_run):
    alone, shared = tokenrace_run("single_flight"), tokenrace_run("shared_lock", seeds=1)
    assert alone.rate_401.mean == pytest.approx(1 / 3, abs=0.05)
    assert shared.causes["evicted"] == 0
    assert len(alone.per_seed) == 2
def test_named(tokenrace_run):
    assert tokenrace_run("shared_lock", scenario="fleet.yaml").live_peak <= 2
"""
    )
    done.assert_outcomes(passed=2)


def test_a_task_left_over_fails_the_test_and_is_named(session):
    """With where it waits; one that was awaited does not."""
    done = session(
        """
import asyncio
async def renew_for_ever():
    await asyncio.sleep(3600)
def test_leaks(zoom):
    loop = asyncio.new_event_loop()
    async def body():
        await asyncio.create_task(asyncio.sleep(0))
        asyncio.create_task(renew_for_ever(), name="renewal")
        await asyncio.sleep(0)
    global kept
    kept = loop
    loop.run_until_complete(body())
""",
        apart=True,
    )
    done.assert_outcomes(passed=1, errors=1)
    done.stdout.fnmatch_lines(["*task renewal, in renew_for_ever (test_*.py:3), for sleep"])


LEAKS = """
async def renew_for_ever():
    await asyncio.sleep(3600)
async def body():
    await asyncio.create_task(asyncio.sleep(0))
    asyncio.create_task(renew_for_ever(), name="renewal")
    await asyncio.sleep(0)
"""


@pytest.mark.parametrize(
    ("library", "test"),
    [
        ("asyncio", "def test_leaks(zoom):\n    asyncio.run(body())"),
        ("pytest_asyncio", "@pytest.mark.asyncio\nasync def test_leaks(zoom):\n    await body()"),
        ("anyio", "@pytest.mark.anyio\nasync def test_leaks(zoom):\n    await body()"),
    ],
    ids=["asyncio.run", "pytest-asyncio", "anyio"],
)
def test_a_leak_is_found_under_whoever_runs_tests_that_await(session, library, test):
    """Each of them cancels the task at the loop's end, some before the fixture ends."""
    anyio = "@pytest.fixture\ndef anyio_backend(): return 'asyncio'\n"
    code = f"import asyncio, pytest, {library}\n{anyio}{LEAKS}{test}\n"
    done = session(code, apart=True)
    done.assert_outcomes(passed=1, errors=1)
    done.stdout.fnmatch_lines(["*task renewal, in renew_for_ever (test_*.py:*), for sleep"])


def test_a_test_that_ends_its_tasks_leaves_nothing_behind(session):
    """A task that is awaited, and one that is cancelled and awaited."""
    done = session(
        """
import asyncio
from contextlib import suppress
def test_tidy(zoom):
    async def body():
        await asyncio.create_task(asyncio.sleep(0))
        task = asyncio.create_task(asyncio.sleep(3600))
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    asyncio.run(body())
""",
        apart=True,
    )
    done.assert_outcomes(passed=1)


@pytest.mark.parametrize("marker", ["asyncio", "anyio"])
def test_a_test_that_awaits_runs_strategies_too(session, marker):
    """Its own loop runs already, and stands still meanwhile."""
    done = session(
        f"""
import pytest
@pytest.fixture
def anyio_backend(): return "asyncio"
@pytest.mark.{marker}
@pytest.mark.scenario("fleet.yaml")
async def test_awaits(tokenrace_run):
    assert tokenrace_run("shared_lock", seeds=1).causes["evicted"] == 0
""",
        apart=True,
    )
    done.assert_outcomes(passed=1)


def test_a_failed_assertion_tells_the_cause_and_the_way_back(session):
    """Of each strategy the test was shown: its causes, the first 401 of the worst seed, and the
    command that repeats that run. A test that passes tells nothing."""
    done = session(
        """
import pytest
@pytest.mark.scenario("fleet.yaml")
def test_too_much(tokenrace_run):
    assert tokenrace_run("single_flight").rate_401.mean < 0.01
@pytest.mark.scenario("fleet.yaml")
def test_enough(tokenrace_run):
    assert tokenrace_run("shared_lock", seeds=1).rate_401.mean < 0.01
"""
    )
    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(
        [
            "*- tokenrace_run -*",
            "single_flight in fleet.yaml, 2 seeds: 401 rate 3*%; causes: evicted *",
            "* got 401 with token *: evicted",
            "*  replay: tokenrace replay fleet.yaml --strategy single_flight --seed *",
        ]
    )
    assert "shared_lock in fleet.yaml" not in done.stdout.str()


def test_a_connection_left_open_fails_the_test(session):
    """A client that was not closed; with a closed one nothing is wrong."""
    done = session(
        """
import requests
kept = []
def test_open(zoom):
    kept.append(requests.Session())
    kept[0].get(zoom.url + "/v2/users/me")
def test_closed(zoom):
    with requests.Session() as session:
        session.get(zoom.url + "/v2/users/me")
""",
        apart=True,
    )
    done.assert_outcomes(passed=2, errors=1)
    done.stdout.fnmatch_lines(["*connection to the server*: close the client*"])


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            '@pytest.mark.scenario("flet.yaml")\ndef test_it(zoom): pass',
            "there is no scenario flet.yaml; looked in ",
        ),
        (
            "@pytest.mark.scenario()\ndef test_it(zoom): pass",
            'the marker scenario takes one file: write @pytest.mark.scenario("fleet.yaml")',
        ),
        (
            '@pytest.mark.scenario("broken.yaml")\ndef test_it(zoom): pass',
            "broken.yaml:1:1: fleet: is required",
        ),
        (
            'def test_it(tokenrace_run): tokenrace_run("single_fligt", scenario="fleet.yaml")',
            "fleet has no strategy 'single_fligt'; did you mean 'single_flight'?",
        ),
        (
            'def test_it(tokenrace_run): tokenrace_run("single_flight")',
            "no scenario: mark the test with one, or name one",
        ),
    ],
)
def test_what_is_wrong_is_said_plainly(session, pytester, code, message):
    """Without a traceback into us."""
    (pytester.path / "broken.yaml").write_text("name: broken\n")
    done = session(f"import pytest\n{code}\n")

    assert done.ret == 1
    assert message in done.stdout.str()
    assert "simulator/tokenrace/pytest_plugin" not in done.stdout.str()


def test_a_session_without_its_fixtures_loads_nothing_of_it():
    """pytest imports the plugin wherever it is installed; that must cost nobody a second."""
    code = (
        "import sys, pytest; before = set(sys.modules); import tokenrace.pytest_plugin; "
        "print([name for name in ('aiohttp', 'asyncio', 'httpx', 'numpy', 'pydantic', 'typing')"
        " if name in sys.modules and name not in before])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


PLUGIN = "pytest11"


def test_nothing_that_tokenrace_needs_brings_a_plugin_along():
    """pytest imports the plugins of all that is installed, so a dependency with one would cost each
    session of a user's, tokenrace's or not. time-machine's is what its clock brings."""
    needed = {
        re.split(r"[^\w-]", wanted)[0]
        for wanted in metadata.requires("tokenrace") or ()
        if "extra" not in wanted
    }
    assert "aiohttp" in needed
    plugins = {point.dist.name for point in metadata.entry_points(group=PLUGIN) if point.dist}
    assert plugins & needed <= {"time-machine"}
