"""``tokenrace profiles``: the list at a glance, one in full, and a name that is none."""

import io
from dataclasses import asdict

import pytest
from rich.console import Console
from typer.testing import CliRunner

from tokenrace.cli.app import app
from tokenrace.cli.profiles import show_profile, show_profiles
from tokenrace.clock import DAY, HOUR, MINUTE, SECOND
from tokenrace.provider.policy import Allowance, TokenPolicy
from tokenrace.provider.policy_words import rules_of, span_in_words
from tokenrace.provider.profiles import PROFILES
from tokenrace.provider.refresh_tokens import RefreshPolicy


def tokenrace(*words):
    return CliRunner().invoke(app, list(words))


def printed(show, *names, width=80):
    """Return the lines that ``show`` prints on a console of ``width`` columns."""
    file = io.StringIO()
    show(Console(file=file, width=width), *names)
    return [line.rstrip() for line in file.getvalue().splitlines()]


def numbers(policy):
    """Yield every number of ``policy`` that is a rule: not None, not 0, no yes or no."""
    for value in policy.values():
        if isinstance(value, dict):
            yield from numbers(value)
        elif isinstance(value, int) and not isinstance(value, bool) and value:
            yield value


def test_the_list_has_a_row_for_every_profile_and_fits_80_columns():
    """Nothing is cut off: a name or a number that ends in an ellipsis can't be looked up."""
    lines = printed(show_profiles)

    assert max(map(len, lines)) <= 80
    assert not any("…" in line for line in lines)
    for name, profile in PROFILES.items():
        [row] = [line for line in lines if line.split()[:1] == [name]]
        assert row.endswith(profile.confidence)


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("zoom-hypothesis", "10 1h oldest ends credentials hypothesis"),
        ("feishu", "any 2h - credentials documented"),
        ("wechat", "1 2h oldest ends 5m later credentials documented"),
        ("google", "any 1h oldest of 100 consents ends refresh token documented"),
        ("marketo", "1 1h same again credentials documented"),
    ],
)
def test_a_row_says_cap_lifetime_grant_and_confidence(name, row):
    """At the width of a pipe, where no cell wraps."""
    [line] = [line for line in tokenrace("profiles").stdout.splitlines() if f" {name} " in line]

    assert " ".join(line.split()) == f"{name} {row}"


@pytest.mark.parametrize("name", PROFILES)
def test_one_in_full_holds_all_that_is_known(name):
    """Rule, every number in words, source, confidence and note, within 80 columns."""
    profile = PROFILES[name]
    lines = printed(show_profile, name)
    text = " ".join(" ".join(lines).split())

    assert max(map(len, lines)) <= 80
    for said in (profile.rule, profile.source, profile.confidence, profile.note):
        assert said in text
    rules = rules_of(profile.policy)
    assert all(said.says in text for said in rules)
    words = " ".join(f" {said.says} " for said in rules)
    for number in numbers(asdict(profile.policy)):
        assert f" {number} " in words or f" {span_in_words(number)}" in words


def test_xero_in_full():
    """What a reader sees, to the letter."""
    got = tokenrace("profiles", "xero")

    assert got.exit_code == 0
    assert [line.rstrip() for line in got.stdout.splitlines()][:12] == [
        "xero",
        "Each refresh yields a new refresh token; the old one works for 30 minutes more.",
        "",
        "grant          refresh_token, which the user's consent yields",
        "live tokens    any number at once",
        "lifetime       30 minutes",
        "rotation       each use yields a new refresh token",
        "overlap        the one used is accepted for 30 minutes more",
        "reuse          a spent refresh token, shown again, is refused",
        "consents       any number",
        "a consent      lasts 60 days without use",
        "access tokens  live on",
    ]


def test_an_unknown_profile_is_answered_with_the_nearest_name():
    """Exit 2, as for every wrong input; a name near none gets the whole list."""
    near, far = tokenrace("profiles", "atlasian"), tokenrace("profiles", "box")

    assert (near.exit_code, far.exit_code) == (2, 2)
    assert near.stderr == "unknown profile 'atlasian'; did you mean 'atlassian'?\n"
    assert far.stderr == f"unknown profile 'box'; known: {', '.join(PROFILES)}\n"


def test_every_rule_that_a_policy_may_have_has_words():
    """No shipped profile has all of them; the words are those a reader needs to predict it."""
    policy = TokenPolicy(
        lifetime=90 * MINUTE,
        live_tokens=3,
        at_cap="evict_all",
        grace=1,
        visible_after=2 * SECOND,
        throttle=Allowance(count=1, window=MINUTE),
        block=Allowance(count=100, window=DAY + HOUR),
        reported_lifetime=HOUR,
        refresh=RefreshPolicy(rotates=True, detects_reuse=True, lifetime=DAY, idle=HOUR),
    )

    assert [tuple(said) for said in rules_of(policy)] == [
        ("grant", "refresh_token, which the user's consent yields"),
        ("live tokens", "3 at most"),
        ("at the cap", "all earlier ones end"),
        ("grace", "a token that lost its place is accepted for 1 microsecond more"),
        ("lifetime", "1 hour 30 minutes"),
        ("expires_in", "says 1 hour"),
        ("visibility", "a new token is accepted 2 seconds after its issue"),
        ("throttle", "1 issue in any 1 minute; more are refused with 429"),
        ("block", "100 issues in any 1 day 1 hour; one more blocks the app"),
        ("rotation", "each use yields a new refresh token"),
        ("overlap", "none: the one used is spent at once"),
        ("reuse", "a spent refresh token, shown again, ends every refresh token of the consent"),
        ("consents", "any number"),
        ("a consent", "lasts 1 day in all, 1 hour without use"),
        ("access tokens", "live on"),
    ]
