"""The profiles: each is a policy that holds together, says where it is from, and quotes its facts.

The numbers are those of docs/provider-facts.md, sections 2 and 8, and nobody else's.
"""

import re

import pytest

from tests.scenario.scenario_text import SMALLEST, problems_of, read
from tokenrace.clock import DAY, HOUR, MINUTE, SECOND
from tokenrace.errors import ScenarioError
from tokenrace.provider.app import App, Credentials
from tokenrace.provider.endpoints import Provider
from tokenrace.provider.messages import Granted, TokenRequest
from tokenrace.provider.policy import Allowance
from tokenrace.provider.profiles import PROFILES

# Each number of a profile that a source names, written out a second time, from the facts.
FACTS = {
    "zoom-2022": {"live_tokens": 1, "at_cap": "evict_oldest", "grace": 0, "lifetime": HOUR},
    "zoom-index5": {"live_tokens": 5, "at_cap": "replace_slot", "lifetime": HOUR},
    "zoom-2023": {"live_tokens": None, "lifetime": HOUR},
    "zoom-hypothesis": {"at_cap": "evict_oldest", "lifetime": HOUR},
    "zoho": {
        "live_tokens": 10,
        "at_cap": "evict_oldest",
        "throttle": Allowance(count=10, window=10 * MINUTE),
    },
    "wechat": {"live_tokens": 1, "lifetime": 7200 * SECOND, "grace": 5 * MINUTE},
    "wecom": {"live_tokens": 1, "lifetime": 7200 * SECOND, "at_cap": "same_token"},
    "feishu": {"live_tokens": None, "lifetime": 2 * HOUR, "reuse_above": 30 * MINUTE},
    "marketo": {"live_tokens": 1, "lifetime": 3600 * SECOND, "at_cap": "same_token"},
    "twitch": {"live_tokens": 50, "at_cap": "evict_oldest"},
    "github-oauth": {"live_tokens": 10, "at_cap": "evict_oldest"},
    "ringcentral": {"live_tokens": 1, "grace": 0},
    "google": {"refresh.families_max": 100, "refresh.rotates": False},
    "salesforce": {"refresh.families_max": 5},
    "xero": {
        "lifetime": 30 * MINUTE,
        "refresh.rotates": True,
        "refresh.overlap": 30 * MINUTE,
        "refresh.idle": 60 * DAY,
    },
    "atlassian": {"refresh.rotates": True, "refresh.overlap": 10 * MINUTE},
    "hubspot": {"lifetime": 1800 * SECOND, "refresh.rotates": False},
}
REFRESHING = ["google", "salesforce", "xero", "atlassian", "hubspot"]


def value_at(policy, path):
    for name in path.split("."):
        policy = getattr(policy, name)
    return policy


@pytest.mark.parametrize("name", PROFILES)
def test_a_profiles_numbers_are_the_facts(name):
    """Every profile has its row of facts; a new one without fails here."""
    policy = PROFILES[name].policy

    assert {path: value_at(policy, path) for path in FACTS[name]} == FACTS[name]


def test_the_facts_not_in_section_8_have_a_source_of_their_own():
    """
    Atlassian: 90 days unused, 365 in all, and reuse ends all [community 54172], one hour [60806].
    Google: six months unused [developers.google.com/identity/protocols/oauth2].
    """
    atlassian, google = PROFILES["atlassian"].policy, PROFILES["google"].policy

    assert (atlassian.lifetime, atlassian.refresh.idle) == (HOUR, 90 * DAY)
    assert (atlassian.refresh.lifetime, atlassian.refresh.detects_reuse) == (365 * DAY, True)
    assert google.refresh.idle == 180 * DAY


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_names_its_source(name):
    """A site, a document or a thread; a sentence for a rule."""
    profile = PROFILES[name]

    assert re.search(r"[a-z]\.(com|cn|tv|us)\b", profile.source)
    assert profile.rule.endswith(".")
    assert not profile.note or profile.note.endswith(".")


def test_what_is_only_a_guess_says_so():
    """Zoom's cap above 1 is nobody's fact [provider facts, section 0]."""
    guesses = [name for name, profile in PROFILES.items() if profile.confidence == "hypothesis"]

    assert guesses == ["zoom-hypothesis"]
    assert "The number is ours." in PROFILES["zoom-hypothesis"].note


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("zoom-2022", "was never measured"),
        ("zoom-2023", "whether there is one is unknown"),
        ("ringcentral", "is left out"),
        ("google", "are counted as 180 days here"),
        ("google", "is a reading"),
        ("salesforce", "is reported only"),
        ("salesforce", "two hours from its issue is ours"),
        ("xero", "What a late reuse costs is unknown"),
        ("xero", "once the new one was used is unknown"),
        ("hubspot", "read from nothing being said of it"),
    ],
)
def test_an_unknown_within_a_documented_rule_is_named(name, words):
    """The confidence is the rule's; a number of ours beside it must not borrow it."""
    assert words in PROFILES[name].note


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_grants_a_token(name):
    """By its own grant, with the lifetime it states, to the second."""
    provider = Provider(
        App(credentials=Credentials(client_id="shop", client_secret="hush", account_id="acct")),
        PROFILES[name].policy,
    )
    refresh = None
    if provider.policy.refresh is not None:
        refresh, _ = provider.authorize(0)
    request = TokenRequest(
        client_id="shop",
        client_secret="hush",
        grant_type="account_credentials" if refresh is None else "refresh_token",
        account_id="acct",
        asked_by="p0",
        refresh_token=refresh,
    )

    reply, _ = provider.issue(request, 0)

    assert isinstance(reply, Granted)
    assert reply.expires_in == provider.policy.lifetime // SECOND


def test_a_scenario_takes_the_profiles_of_server_to_server_apps_alone():
    """The message says why, and what to use instead."""
    taken = [name for name in PROFILES if not refusal_of(name)]

    assert [name for name in PROFILES if name not in taken] == REFRESHING
    assert refusal_of("google") == (
        "8:21: provider.profile: google grants tokens for refresh tokens only, and a scenario's "
        "fleet asks with the app's credentials; race your own client against 'tokenrace serve "
        f"--profile google', or take one of {', '.join(taken)}"
    )


def refusal_of(name):
    """Return what a scenario with the profile ``name`` is told; empty when it is taken."""
    text = SMALLEST + f"provider: {{profile: {name}}}\n"
    try:
        read(text)
    except ScenarioError:
        return "\n".join(problems_of(text))
    return ""
