"""``tokenrace profiles``: whose rules the provider can follow."""

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tokenrace.errors import SimulatorError
from tokenrace.fields.quoting import hint, shown
from tokenrace.fields.units import write_span
from tokenrace.provider.policy import AtCap, TokenPolicy
from tokenrace.provider.policy_words import rules_of
from tokenrace.provider.profiles import PROFILES

_AT_CAP: dict[AtCap, str] = {
    "evict_oldest": "oldest ends",
    "evict_all": "all others end",
    "replace_slot": "per slot",
    "same_token": "same again",
    "refuse": "refused",
}


def show_profiles(console: Console) -> None:
    """Print one row for every profile."""
    table = Table(
        title="Whose rules the provider can follow",
        caption="live: how many access tokens may be live at once\n"
        "one in full: tokenrace profiles NAME",
        box=box.SIMPLE_HEAD,
        title_justify="left",
        caption_justify="left",
        title_style="bold",
        pad_edge=False,
    )
    table.add_column("profile", no_wrap=True)
    table.add_column("live", justify="right", no_wrap=True)
    table.add_column("lifetime", justify="right", no_wrap=True)
    table.add_column("at the cap")
    table.add_column("grant", no_wrap=True)
    table.add_column("confidence", no_wrap=True)
    for name, profile in PROFILES.items():
        table.add_row(name, *_cells(profile.policy), profile.confidence)
    console.print(table)


def show_profile(console: Console, name: str) -> None:
    """Print all that is known of the profile ``name``.

    Raises:
        SimulatorError: there is no such profile.
    """
    profile = PROFILES.get(name)
    if profile is None:
        raise SimulatorError(f"unknown profile {shown(name)}; {hint(name, PROFILES)}")
    console.print(Text(name, style="bold"))
    console.print(Text(profile.rule))
    console.print()
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, style="bold")
    grid.add_column()
    rows = [*rules_of(profile.policy), ("source", profile.source)]
    rows += [("confidence", profile.confidence)]
    rows += [("note", profile.note)] if profile.note else []
    for about, says in rows:
        grid.add_row(about, Text(says))
    console.print(grid)


def _cells(policy: TokenPolicy) -> tuple[str, str, str, str]:
    return (
        "any" if policy.live_tokens is None else f"{policy.live_tokens}",
        write_span(policy.lifetime),
        _at_cap(policy),
        "credentials" if policy.refresh is None else "refresh token",
    )


def _at_cap(policy: TokenPolicy) -> str:
    consents = None if policy.refresh is None else policy.refresh.families_max
    if consents is not None:
        return f"oldest of {consents} consents ends"
    if policy.live_tokens is None:
        return "-"
    grace = f" {write_span(policy.grace)} later" if policy.grace else ""
    return f"{_AT_CAP[policy.at_cap]}{grace}"
