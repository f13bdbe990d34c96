"""What users send to a served provider is bounded, refused in words, and holds nobody else up."""

import ast
import asyncio
import errno
import gzip
import logging
import subprocess
import sys
import zlib
from pathlib import Path
from typing import get_args

import pytest
from pydantic_core import ErrorDetails, core_schema

from tests.server.served_world import a_world, in_a_world
from tests.server.test_serve_hostile import EVENTS, get, post, sent, status_of
from tokenrace.scenario.wording import in_words
from tokenrace.server.incoming import BODY_MAX
from tokenrace.server.problems import ENTRIES_MAX, PROBLEMS_MAX, WrongRequest, read_json, validated
from tokenrace.server.served_section import ServedSection
from tokenrace.server.verdict import VerdictBody

ROOT = Path(__file__).parents[2]
STATUS = "must be an HTTP status from 400 up and not 401, got "
SENT = {
    "a status that is no whole number": (
        {"event": "error", "endpoint": "api", "status": 503.0},
        {"status": f"{STATUS}503.0"},
    ),
    "a status that is a truth": (
        {"event": "error", "endpoint": "api", "status": True},
        {"status": f"{STATUS}true"},
    ),
    "a consent beyond what JSON's readers have": (
        {"event": "withdraw_consent", "consent": 2**53},
        {"consent": "must be less than 9007199254740992, got 9007199254740992"},
    ),
    "a consent of 300 digits": (
        {"event": "withdraw_consent", "consent": 10**300},
        {"consent": f"must be less than 9007199254740992, got 1{'0' * 39}..."},
    ),
    "a count of 4,000 digits": (
        {"event": "dropped", "endpoint": "api", "count": 10**4000},
        {"count": "must be at most 1e+09, got " + "1" + "0" * 39 + "..."},
    ),
}


@pytest.mark.parametrize(("event", "told"), SENT.values(), ids=SENT)
def test_a_wrong_number_is_a_problem_with_words(event, told):
    """Each of them was a failure inside the server, or was taken where Python optimises."""

    async def act(world):
        assert await world.problems("POST", "events", event) == told

    in_a_world(act)


def test_no_check_of_what_users_send_is_an_assertion():
    """With ``python -O`` there are none: a status of 503.0 was taken then."""
    code = (
        "import json\n"
        "from tokenrace.server.event_bodies import EVENTS\n"
        "from tokenrace.server.problems import WrongRequest, validated\n"
        "try:\n"
        "    validated(EVENTS['error'], {'event': 'error', 'endpoint': 'api', 'status': 503.0})\n"
        "except WrongRequest as wrong:\n"
        "    print(wrong.problems[0].where)\n"
    )
    done = subprocess.run(
        [sys.executable, "-O", "-c", code], check=True, cwd=ROOT, capture_output=True, text=True
    )

    assert (done.stdout, done.stderr) == ("status\n", "")


@pytest.mark.parametrize("name", ["bodies", "event_bodies", "verdict", "problems", "incoming"])
def test_what_reads_bodies_asserts_nothing(name):
    """An assertion is for a bug of ours, and is not there with ``-O``."""
    source = (ROOT / f"simulator/tokenrace/server/{name}.py").read_text(encoding="utf-8")
    assert not any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(source)))


@pytest.mark.parametrize("kind", get_args(core_schema.ErrorType))
def test_every_kind_of_error_has_words(kind):
    """All that pydantic knows, with whatever it says beside them; none raises ``KeyError``."""
    context = dict.fromkeys(("gt", "ge", "lt", "le"), 7) | {"expected_tags": "'a', 'b'"}
    context |= {"error": "oh", "text": "oh", "expected": "'a'"}
    error = ErrorDetails(
        type=kind, loc=("lifetime",), msg="Input should be so", input=5, ctx=context
    )

    where, what = in_words(error, ServedSection)
    assert where == "lifetime"
    assert what.startswith(("must ", "unknown key; ", "is required", "oh"))


@pytest.mark.parametrize(
    "packed",
    [gzip.compress, zlib.compress, lambda raw: zlib.compress(raw)[2:-4]],
    ids=["gzip", "deflate", "without a header"],
)
def test_a_packed_body_is_read(packed):
    """gzip, and deflate with its header and, as some send it, without."""
    kind = b"gzip" if packed is gzip.compress else b"deflate"

    async def act(world):
        body = packed(b'{"event": "revoke"}')
        answer = await sent(world, post(EVENTS, body, b"Content-Encoding: " + kind))
        assert status_of(answer) == 200

    in_a_world(act)


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (gzip.compress(bytes(BODY_MAX)), b"gzip", 400),
        (gzip.compress(bytes(BODY_MAX + 1)), b"gzip", 413),
        (gzip.compress(b"{}")[:-1], b"gzip", 400),
        (gzip.compress(b"{}") + b"{}", b"gzip", 400),
        (b"{}", b"br", 400),
        (b"{}", b"identity", 400),
    ],
    ids=["full", "one byte more", "cut short", "more behind", "brotli", "as it is"],
)
def test_a_packed_body_is_unpacked_no_further_than_allowed(body, kind, status):
    """A mebibyte of zeros is no JSON; with one more it is too large, and is not unpacked further.
    An event must be named, so that the last is refused as well: it is read."""

    async def act(world):
        answer = await sent(world, post(EVENTS, body, b"Content-Encoding: " + kind))
        assert status_of(answer) == status
        assert (await world.issue())[0] == 200

    in_a_world(act)


def test_problems_are_told_up_to_fifty_and_the_rest_is_not_looked_at(monkeypatch):
    """80,000 unknown keys: no more than fifty reach pydantic, which would write each down."""
    seen = []
    model = type("Model", (ServedSection,), {})
    monkeypatch.setattr(model, "model_validate", lambda data: seen.append(len(data)))
    validated(model, {f"key{index}": 1 for index in range(80_000)})
    assert seen == [PROBLEMS_MAX]

    wrong_figures = {f"rate_{index}": "<= 1" for index in range(ENTRIES_MAX)}
    with pytest.raises(WrongRequest) as caught:
        validated(VerdictBody, {"expect": wrong_figures})
    assert len(caught.value.problems) == PROBLEMS_MAX


@pytest.mark.parametrize(
    "value",
    [
        {str(index): 1 for index in range(ENTRIES_MAX + 1)},
        [[0] * 150, [0] * 150],
        [{"a": [0] * 200}],
    ],
)
def test_a_value_that_holds_too_much_is_refused_before_it_is_checked(value):
    """Wherever in it the many are."""
    with pytest.raises(WrongRequest) as caught:
        validated(ServedSection, {"throttle": value})

    (problem,) = caught.value.problems
    assert (problem.where, problem.what) == ("throttle", "must hold at most 200 entries in all")


def test_half_a_pair_is_found_in_any_case_and_a_whole_one_is_text():
    """U+1F600 is two escapes; either alone is no character."""
    assert read_json(rb'{"a": "\uD83D\ude00"}') == {"a": "\U0001f600"}
    for half in (rb'"\ud83d"', rb'"\uDE00"', rb'{"\uDe00": 1}'):
        with pytest.raises(WrongRequest, match="half a surrogate pair"):
            read_json(half)


def test_a_client_that_waits_to_be_told_to_go_on_is_told():
    """100 comes before the body is sent, and the answer after it."""

    async def act(world):
        port = int(world.served.terms.api_url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        body = b'{"event": "revoke"}'
        writer.write(post(EVENTS, b"", b"Expect: 100-continue", length=len(body)))
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(body)
        assert status_of(await reader.readuntil(b"\r\n\r\n")) == 200
        writer.transport.abort()

    in_a_world(act)


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (post(EVENTS, b"", b"Expect: 100-continue", length=BODY_MAX + 1), 413),
        (post(EVENTS, b"", b"Expect: the-unexpected", length=2), 417),
        (get(b"/_control/state", b"Expect: 100-continue"), 200),
    ],
)
def test_who_need_not_go_on_is_not_told_to(head, status):
    """Too large: the body need not be sent. Nothing else can be expected. No body: no need."""

    async def act(world):
        assert status_of(await sent(world, head)) == status

    in_a_world(act)


def test_a_waiter_who_hangs_up_frees_its_place():
    """Its wait would have lasted ten minutes; of such, a thousand shut everybody else out."""

    async def act(world):
        body = b'{"tokens_issued": 1, "within": "10m"}'
        port = int(world.served.terms.api_url.rpartition(":")[2])
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(post(b"/_control/wait", body))
        async with asyncio.timeout(10):
            while not len(world.served.watch):  # noqa: ASYNC110 - the kernel has it, no event
                await asyncio.sleep(0)
            writer.transport.abort()
            while len(world.served.watch):  # noqa: ASYNC110
                await asyncio.sleep(0)
        assert (await world.issue())[0] == 200

    in_a_world(act)


@pytest.mark.parametrize("path", ["", "state", "openapi.json", "nothing-here"])
def test_no_page_may_frame_what_the_control_api_answers(path):
    """The page's buttons could be clicked under another page's."""

    async def act(world):
        async with world.client.get(f"/_control/{path}") as answer:
            assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
            assert answer.headers["X-Frame-Options"] == "DENY"

    in_a_world(act)


def test_no_page_may_frame_the_page_where_it_asks_for_a_token_either():
    """It is shown to whoever comes, and what is refused says the same."""

    async def act(world):
        for path in ("", "state"):
            async with world.client.get(f"/_control/{path}") as answer:
                assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]

    in_a_world(act, control_token="a-token")


def test_connections_that_cannot_be_taken_are_told_of_once_a_minute(caplog):
    """Where no descriptor is left the loop tries 128 times a second, and told of each one."""

    async def act():
        async with a_world():
            loop = asyncio.get_running_loop()
            for _ in range(128):
                loop.call_exception_handler(
                    {"message": "accept", "exception": OSError(errno.EMFILE, "Too many open files")}
                )
            loop.call_exception_handler({"message": "something else"})

    caplog.set_level(logging.WARNING)
    asyncio.run(act())
    assert caplog.messages == [
        "connections are waiting: Too many open files; raise the limit: ulimit -n",
        "something else",
    ]
