"""Real providers' rules, as far as anybody outside knows them. One literal dict.

Sources: docs/provider-facts.md, sections 2, 8 and 10. ``confidence`` says how the rule is known:
from the vendor's own documents, from reports, or as somebody's guess that nobody has confirmed;
where a single number is known less well than its rule, the note says so.

Whatever the profile, requests and answers are shaped like Zoom's.
"""

from dataclasses import dataclass
from typing import Literal

from tokenrace.clock import DAY, HOUR, MINUTE, SECOND
from tokenrace.provider.policy import Allowance, TokenPolicy
from tokenrace.provider.refresh_tokens import RefreshPolicy

Confidence = Literal["documented", "reported", "hypothesis"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One provider's rules for tokens; ``rule`` says them in a sentence."""

    policy: TokenPolicy
    rule: str
    source: str
    confidence: Confidence
    note: str = ""


PROFILES: dict[str, Profile] = {
    "zoom-2022": Profile(
        policy=TokenPolicy(lifetime=HOUR, live_tokens=1),
        rule="One live token; a new one ends the one before at once.",
        source="devforum.zoom.us threads 72070 (confirmed by staff), 74432, 84334",
        confidence="reported",
        note="Server-to-server apps from June 2022 to 2023-06-20. How soon the end of a token has "
        "spread was never measured: here it is at once, as reported.",
    ),
    "zoom-index5": Profile(
        policy=TokenPolicy(lifetime=HOUR, live_tokens=5, at_cap="replace_slot"),
        rule="Five slots named by token_index, one live token in each.",
        source="devforum.zoom.us thread 74432 post 15; ZoomNet issues 269 and 275",
        confidence="reported",
        note="Raised per app on request until 2023-06-20. That the indexes run from 0 to 4 is a "
        "reading; a request without one takes slot 0, which is ours.",
    ),
    "zoom-2023": Profile(
        policy=TokenPolicy(lifetime=HOUR, live_tokens=None),
        rule="Many tokens live at once; a new one ends none.",
        source="Zoom changelog of 2023-06-20; developers.zoom.us/docs/internal-apps/s2s-oauth",
        confidence="documented",
        note="Zoom states no cap; whether there is one is unknown. token_index is ignored.",
    ),
    "zoom-hypothesis": Profile(
        policy=TokenPolicy(lifetime=HOUR, live_tokens=10),
        rule="Ten live tokens; the oldest is evicted.",
        source="the guess in devforum.zoom.us thread 94662",
        confidence="hypothesis",
        note="No Zoom source describes a cap after June 2023, nor eviction of the oldest with a "
        "cap above 1. The number is ours.",
    ),
    "zoho": Profile(
        policy=TokenPolicy(
            lifetime=HOUR, live_tokens=10, throttle=Allowance(count=10, window=10 * MINUTE)
        ),
        rule="Ten live tokens per refresh token, the oldest ends; ten issues in ten minutes.",
        source="zoho.com/accounts/protocol/oauth/token-limits.html",
        confidence="documented",
        note="15 in CRM v3 and 30 for some apps. That a user has 20 refresh tokens at most is left "
        "out. The app's credentials stand for the one refresh "
        "token. The status and body of a throttled request here "
        "are ours: 429 with Retry-After.",
    ),
    "wechat": Profile(
        policy=TokenPolicy(lifetime=7_200 * SECOND, live_tokens=1, grace=5 * MINUTE),
        rule="One token of two hours; the one before stays valid for five minutes.",
        source="developers.weixin.qq.com, access_token",
        confidence="documented",
        note="WeChat answers a dead token with code 40001 in a 200; here it is Zoom's 401.",
    ),
    "wecom": Profile(
        policy=TokenPolicy(lifetime=7_200 * SECOND, live_tokens=1, at_cap="same_token"),
        rule="The same token until it expires.",
        source="developer.work.weixin.qq.com/document/path/91039",
        confidence="documented",
    ),
    "feishu": Profile(
        policy=TokenPolicy(lifetime=2 * HOUR, live_tokens=None, reuse_above=30 * MINUTE),
        rule="The same token while it has 30 minutes left; then a new one, and both are valid.",
        source="open.feishu.cn, tenant_access_token_internal",
        confidence="documented",
    ),
    "marketo": Profile(
        policy=TokenPolicy(lifetime=3_600 * SECOND, live_tokens=1, at_cap="same_token"),
        rule="The same token until it expires, with the time it has left.",
        source="experienceleague.adobe.com, Marketo REST authentication",
        confidence="documented",
        note="Marketo answers a dead token with codes 601 and 602 in a 200; here it is Zoom's 401.",
    ),
    "twitch": Profile(
        policy=TokenPolicy(lifetime=4 * HOUR, live_tokens=50),
        rule="Fifty live tokens per refresh token, the oldest ends.",
        source="dev.twitch.tv/docs/authentication/refresh-tokens",
        confidence="documented",
        note="The lifetime is about four hours and not promised. The app's credentials stand for "
        "the one refresh token.",
    ),
    "github-oauth": Profile(
        policy=TokenPolicy(lifetime=8 * HOUR, live_tokens=10),
        rule="Ten live tokens per user, app and scope, the oldest is revoked.",
        source="docs.github.com/apps/oauth-apps",
        confidence="documented",
        note="An OAuth app's tokens do not expire by the clock; eight hours are a GitHub App's.",
    ),
    "ringcentral": Profile(
        policy=TokenPolicy(lifetime=HOUR, live_tokens=1),
        rule="One live token; a new one ends the one before at once.",
        source="developers.ringcentral.com; a published test by tylerlong",
        confidence="reported",
        note="The app's credentials stand for the refresh token here; that an old one of those "
        "works for some 10 seconds more is left out.",
    ),
    "google": Profile(
        policy=TokenPolicy(
            lifetime=HOUR,
            live_tokens=None,
            refresh=RefreshPolicy(families_max=100, idle=180 * DAY),
        ),
        rule="A refresh token stays the same; one consent above 100 ends the oldest, silently.",
        source="developers.google.com/identity/protocols/oauth2, refresh token expiration",
        confidence="documented",
        note="100 per Google account and client; 25 and 50 in earlier years. Six months without "
        "use are counted as 180 days here. That access tokens live on is a reading: the page "
        "speaks of the refresh token alone. That the answer to a refresh leaves the refresh token "
        "out is reported only. That an app in testing loses its consents after 7 days "
        "is left out.",
    ),
    "salesforce": Profile(
        policy=TokenPolicy(
            lifetime=2 * HOUR,
            live_tokens=None,
            refresh=RefreshPolicy(families_max=5, ends_access_tokens=True),
        ),
        rule="Five approvals per user and app; the sixth revokes the oldest and its access tokens.",
        source="help.salesforce.com, Application Access Request Approved; that both tokens go: "
        "hotovo.com, Why my SFDC OAuth2 token pair gets revoked (2017)",
        confidence="documented",
        note="That access tokens go too is reported only. Another page of Salesforce's says that "
        "the least recently used one goes. An access token lasts as the org's session settings "
        "say, from its last use; two hours from its issue is ours.",
    ),
    "xero": Profile(
        policy=TokenPolicy(
            lifetime=30 * MINUTE,
            live_tokens=None,
            refresh=RefreshPolicy(rotates=True, overlap=30 * MINUTE, idle=60 * DAY),
        ),
        rule="Each refresh yields a new refresh token; the old one works for 30 minutes more.",
        source="developer.xero.com/faq/oauth2; community.xero.com thread 105714701",
        confidence="documented",
        note="Unused, a refresh token lasts 60 days; 30 when the thread was written. What a late "
        "reuse costs is unknown: here it is refused, and the family lives on. Whether the old one "
        "still works once the new one was used is unknown: here it does not.",
    ),
    "atlassian": Profile(
        policy=TokenPolicy(
            lifetime=HOUR,
            live_tokens=None,
            refresh=RefreshPolicy(
                rotates=True,
                overlap=10 * MINUTE,
                detects_reuse=True,
                lifetime=365 * DAY,
                idle=90 * DAY,
                ends_access_tokens=True,
            ),
        ),
        rule="Each refresh yields a new pair; the old pair works for 10 minutes more, and its "
        "reuse after that ends the whole family.",
        source="community.developer.atlassian.com threads 83103 (old pair), 54172 (reuse, "
        "lifetimes) and 60806 (one hour), all by staff",
        confidence="documented",
        note="Built on Auth0, whose rule it is that only the newest but one is spared. Atlassian "
        "answers a bad refresh token with 403; here it is Zoom's 400.",
    ),
    "hubspot": Profile(
        policy=TokenPolicy(
            lifetime=1_800 * SECOND, live_tokens=None, refresh=RefreshPolicy(repeats=True)
        ),
        rule="A refresh token stays the same; a new access token ends none.",
        source="developers.hubspot.com/docs, OAuth; changelog, expiration of access tokens",
        confidence="documented",
        note="Access tokens lasted six hours before. That no access token is ended early is read "
        "from nothing being said of it.",
    ),
}
"""Every profile, by the name a scenario uses."""
