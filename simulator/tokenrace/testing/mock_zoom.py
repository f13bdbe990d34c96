"""A mock Zoom in a test's hands: what clients must know of it, and what a test may do to it."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Lock
from typing import Literal, NamedTuple, Self

from tokenrace.clock import DAY, SECOND, Ticks
from tokenrace.provider.app import App, Credentials
from tokenrace.provider.bursts import Burst
from tokenrace.provider.endpoints import Provider
from tokenrace.provider.http import Exchange, HttpResponse, ZoomHttp
from tokenrace.provider.lifecycle import Change, ChangePolicy
from tokenrace.provider.limits import AccountPlan, ApiLimits
from tokenrace.provider.messages import Refused
from tokenrace.provider.policy import TokenPolicy
from tokenrace.provider.profiles import PROFILES
from tokenrace.provider.reading import HttpRequest
from tokenrace.trace.events import Cause

TOKEN_URL = "https://zoom.us/oauth/token"  # noqa: S105 - an address
API_URL = "https://api.zoom.us"
EPOCH = 1_700_000_000
"""The Unix time of a mock's tick 0, in seconds: 2023-11-14T22:13:20Z, the same in every test."""
KEY_BYTES = 32
ByProfile = Literal["profile"]


class Answered(NamedTuple):
    """How one request ended.

    ``status`` is None where the connection was closed without an answer. ``cause`` is why the API
    said 401, which no client is told; None for every other answer.
    """

    status: int | None
    cause: Cause | None


class MockZoom:
    """One app at a provider that keeps tokens as ``profile`` does, and the clock they live by.

    Safe to use from several threads: requests take effect one at a time. Knows no sockets; a mount
    brings it requests. What the journal holds is never dropped.
    """

    def __init__(
        self,
        *,
        profile: str = "zoom-2022",
        live_tokens: int | ByProfile | None = "profile",
        lifetime: Ticks | ByProfile = "profile",
        plan: AccountPlan | None = None,
    ) -> None:
        """``live_tokens`` None is no cap; "profile" is what the profile says. ``plan`` limits the
        API's calls as Zoom does for its accounts; None not at all.

        Raises:
            ValueError: there is no such profile, or it can't have such numbers.
        """
        credentials = Credentials(
            client_id="mock-client",
            client_secret="mock-secret",  # noqa: S106 - nobody's
            account_id="mock-account",
        )
        self.client_id = credentials.client_id
        self.account_id = credentials.account_id
        policy = _policy(profile, live_tokens, lifetime)
        self.provider = Provider(App(credentials=credentials), policy, _limits(plan))
        # A key of its own: at another mock its tokens are unknown, as at another provider.
        key = secrets.token_bytes(KEY_BYTES)
        self._http = ZoomHttp(self.provider, signing_key=key, epoch=EPOCH, api_url=API_URL)
        self.token_url = TOKEN_URL
        """Where to ask for tokens: at zoom.us, or at the server that has the mock now."""
        self.api_url = API_URL
        """What paths such as ``/v2/users/me`` are appended to; clients are told it as well."""
        self.journal: list[Answered] = []
        """How each request ended, in the order in which they took effect."""
        self._now: Ticks = 0
        self._lock = Lock()

    @classmethod
    def following(cls, policy: TokenPolicy, limits: ApiLimits | None = None) -> Self:
        """Return one that keeps tokens by ``policy``, and limits the API's calls by ``limits``."""
        zoom = cls()
        zoom.provider.undergo(ChangePolicy(policy=policy), 0)
        zoom.provider.limit(limits)
        return zoom

    @property
    def client_secret(self) -> str:
        """The newest secret: another one after a ``RotateSecret``."""
        return self.provider.standing.secret

    @property
    def now(self) -> Ticks:
        """The instant on the mock's clock, in ticks since it was made."""
        return self._now

    def forward(self, span: Ticks) -> None:
        """Move the clock on by ``span``; the client's own clock stays where it is.

        Raises:
            ValueError: ``span`` is negative.
        """
        if span < 0:
            raise ValueError(f"time runs forward only, got {span}")
        with self._lock:
            self._now += span

    def undergo(self, change: Change) -> None:
        """Let ``change`` happen to the app, now."""
        with self._lock:
            self.provider.undergo(change, self._now)

    def authorize(self) -> str:
        """Take the user's consent, now; return the refresh token that it yields.

        Raises:
            ValueError: the profile knows no refresh tokens.
        """
        with self._lock:
            return self._http.authorize(self._now)[0]

    def strike(self, burst: Burst) -> None:
        """Let requests go wrong as ``burst`` says, beside all earlier bursts."""
        with self._lock:
            self.provider.bursts.add(burst)

    def answer(self, request: HttpRequest) -> HttpResponse | None:
        """Answer ``request``; None: close the connection without an answer. For mounts.

        A late answer comes at once and the clock moves on by as much as it is late.
        """
        with self._lock:
            exchange = self._http.handle(request, self._now)
            self._now += exchange.late
            self.journal.append(_answered(exchange))
            return exchange.response

    @contextmanager
    def served_at(self, url: str) -> Iterator[None]:
        """Be at ``url`` meanwhile, by ``token_url``, ``api_url`` and what clients are told."""
        self._move_to(f"{url}/oauth/token", url)
        try:
            yield
        finally:
            self._move_to(TOKEN_URL, API_URL)

    def _move_to(self, token_url: str, api_url: str) -> None:
        self.token_url, self.api_url = token_url, api_url
        self._http.move_to(api_url)


def _policy(
    profile: str,
    live_tokens: int | ByProfile | None,
    lifetime: Ticks | ByProfile,
) -> TokenPolicy:
    if profile not in PROFILES:
        raise ValueError(f"no profile {profile!r}; there are {', '.join(PROFILES)}")
    policy = PROFILES[profile].policy
    return replace(
        policy,
        live_tokens=policy.live_tokens if live_tokens == "profile" else live_tokens,
        lifetime=policy.lifetime if lifetime == "profile" else lifetime,
    )


def _limits(plan: AccountPlan | None) -> ApiLimits | None:
    return None if plan is None else ApiLimits(plan=plan, midnight=-(EPOCH * SECOND % DAY))


def _answered(exchange: Exchange) -> Answered:
    status = None if exchange.response is None else exchange.response.status
    cause = exchange.reply.cause if isinstance(exchange.reply, Refused) else None
    return Answered(status, cause)
