"""No password of a store's address is shown, wherever in the address it stands."""

from urllib.parse import quote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from typer.testing import CliRunner

from tests.scenario.scenario_text import SMALLEST
from tokenrace.cli.app import app
from tokenrace.errors import RunFailed
from tokenrace.fields.quoting import shown
from tokenrace.passwords import can_be_taken_apart, with_passwords_hidden, without_password
from tokenrace.store_choice import StoreChoice
from tokenrace.stores.places import PostgresServer, RedisServer

PASSWORD = "hunter-Two"
ADDRESSES = [
    "postgresql://me:{}@127.0.0.1:1/db",
    "postgresql://me%3A{}@127.0.0.1:1/db",
    "postgresql://127.0.0.1:1/db?password={}",
    "postgresql://me@127.0.0.1:1/db?sslmode=disable&password={}&application_name=x",
    "postgresql://me@127.0.0.1:1/db?sslpassword={}",
    "postgresql://me@127.0.0.1:1/db?pass%77ord={}",
    "postgresql://me@127.0.0.1:1/db?PASSWORD={}",
    "redis://:{}@127.0.0.1:1/0",
    "redis://me:{}@127.0.0.1:1",
    "redis://127.0.0.1:1/0?password={}",
    "rediss://127.0.0.1:1/0?ssl_password={}&db=1",
]


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://me:pw@h:5433/db", "postgresql://me@h:5433/db"),
        ("postgresql://h/db?user=me&password=pw", "postgresql://h/db?user=me&password=***"),
        ("redis://:pw@h:6379/0", "redis://@h:6379/0"),
        ("redis://h/0?db=1&password=p%40w", "redis://h/0?db=1&password=***"),
        ("redis://h/0?secret-word", "redis://h/0?***"),
        ("postgresql://me:p/w@h/db", "postgresql://***"),
        ("postgresql://me:p#w@h/db", "postgresql://***"),
        ("postgresql://me:p?w@h/db", "postgresql://***"),
        ("postgresql://a:1,b:2/db", "postgresql://a:1,b:2/db"),
        ("redis://[::1]:6379", "redis://[::1]:6379"),
        ("host=h user=me password=pw", "host=h user=me password=***"),
        ("host=h password = 'p w' user=me", "host=h password = *** user=me"),
        ("redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/0"),
    ],
)
def test_an_address_is_shown_without_its_password(url, told):
    """The rest stays: which server is meant is what the message is about. Of an address whose
    password is not encoded nothing does."""
    assert without_password(url) == told


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_store_that_cannot_be_reached_is_told_without_the_password(address, tmp_path):
    """Port 1 answers nobody. Nothing that is printed or written has the password, which the
    scenario has in its address."""
    kind = "redis" if address.startswith("redis") else "postgres"
    url = address.format(PASSWORD)
    file = tmp_path / "x.yaml"
    file.write_text(f"{SMALLEST}store: {{kind: {kind}, url: '{url}'}}\n")

    got = CliRunner().invoke(app, ["run", str(file), "--out", str(tmp_path / "out")])

    assert got.exit_code in (1, 2), got.output
    assert f"store {kind}: cannot be reached at {without_password(url)}" in got.output
    assert PASSWORD not in got.output
    written = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert not any(PASSWORD.encode() in path.read_bytes() for path in written)


@pytest.mark.parametrize(
    "store",
    [
        "{kind: postgres, url: 'postgers://me:hunter-Two@h/db'}",
        "{kind: postgres, url: 'host=h password=hunter-Two'}",
        "{kind: postgres, url: 'postgresql://me:hunter-Two/3@h/db'}",
        "{kind: redis, url: 'redis://:hunter-Two%@h'}",
        "{kind: redis, url: 'redis://:12#hunter-Two@h'}",
        "redis://:hunter-Two@h",
        "{kind: 'redis://:hunter-Two@h'}",
        "{kind: redis, lock: 'redis://:hunter-Two@h'}",
        "{kind: postgres, pool: 'postgresql://h/db?password=hunter-Two'}",
    ],
)
def test_a_wrong_store_is_told_without_the_password(store, tmp_path):
    """A mistyped scheme, libpq's own way, a password that is not encoded, the wrong key."""
    file = tmp_path / "x.yaml"
    file.write_text(f"{SMALLEST}store: {store}\n")

    got = CliRunner().invoke(app, ["validate", str(file)])

    assert got.exit_code == 2
    assert "hunter" not in got.output


def test_the_environments_address_is_told_without_the_password(tmp_path, monkeypatch):
    """Where the scenario gives none."""
    file = tmp_path / "x.yaml"
    file.write_text(f"{SMALLEST}store: postgres\n")
    for url in ("mysql://me:hunter-Two@h", "postgresql://127.0.0.1:1/db?password=hunter-Two"):
        monkeypatch.setenv("TOKENRACE_POSTGRES_URL", url)
        got = CliRunner().invoke(app, ["run", str(file), "--out", str(tmp_path)])

        assert got.exit_code in (1, 2)
        assert "hunter" not in got.output


def test_what_a_users_code_raises_is_told_without_the_password():
    """Libraries quote the address they were given."""
    failed = RunFailed("ours", 1, "OperationalError: cannot connect to redis://:hunter-Two@h:1")

    assert "hunter" not in str(failed)
    assert str(failed).endswith("redis://@h:1")


def test_no_representation_has_the_address():
    """An assertion that fails prints those."""
    url = f"redis://:{PASSWORD}@h"
    for each in (
        StoreChoice(kind="redis", url=url),
        RedisServer(url, "p"),
        PostgresServer(url, "s"),
    ):
        assert PASSWORD not in repr(each)


@given(
    address=st.sampled_from(ADDRESSES),
    password=st.text(st.characters(exclude_categories=["C"]), min_size=3, max_size=20),
    before=st.text(max_size=20),
)
def test_no_password_is_shown_wherever_it_stands(address, password, before):
    """Encoded, as it must be; alone, in a text, and where a library repeats it decoded."""
    encoded = quote(password, safe="")
    url = address.format(encoded)
    assume(encoded not in address and password not in address and password not in f"{before}***")
    assert can_be_taken_apart(url)

    assert encoded not in without_password(url)
    assert encoded not in with_passwords_hidden(f"{before} {url} failed")
    assert password not in with_passwords_hidden(f"cannot use '{password}'", url).replace("*", "")
    assert encoded not in shown(url)


@given(st.text(max_size=60))
def test_whatever_is_written_there_nothing_breaks(text):
    """Any text may stand where an address is expected, and is shown or hidden without an error."""
    without_password(text)
    with_passwords_hidden(text, text)
    assert isinstance(can_be_taken_apart(text), bool)
    assert with_passwords_hidden("the plain words of a message") == "the plain words of a message"
