"""A provider's rules, so many times as fast as they are written."""

from dataclasses import replace

from tokenrace.clock import Ticks, shrunk
from tokenrace.provider.policy import Allowance, TokenPolicy


def hurried_policy(policy: TokenPolicy, time_scale: float) -> TokenPolicy:
    """Return ``policy`` with the spans that belong to a token's life divided by ``time_scale``.

    ``visible_after`` does not: it belongs to the provider's machines.
    """

    def scaled(span: Ticks | None) -> Ticks | None:
        return None if span is None else shrunk(span, time_scale)

    def within(allowance: Allowance | None) -> Allowance | None:
        if allowance is None:
            return None
        return replace(allowance, window=shrunk(allowance.window, time_scale))

    return replace(
        policy,
        lifetime=shrunk(policy.lifetime, time_scale),
        grace=shrunk(policy.grace, time_scale),
        reuse_above=scaled(policy.reuse_above),
        reported_lifetime=scaled(policy.reported_lifetime),
        throttle=within(policy.throttle),
        block=within(policy.block),
    )
