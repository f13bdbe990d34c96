"""Which strategies make no sense with a scenario's store."""

from collections.abc import Iterator

from tokenrace.fields.choices import StrategyChoice
from tokenrace.fields.flaws import Flaw, Loc
from tokenrace.fields.parameters import Catalogue
from tokenrace.store_choice import StoreName


def strategy_flaws(
    choices: Iterator[tuple[Loc, StrategyChoice]], store: StoreName, catalogue: Catalogue
) -> Iterator[Flaw]:
    """Yield what ``store`` cannot do for each of ``choices``, which come with their places."""
    for loc, choice in choices:
        scope = catalogue.words(choice.preset, dict(choice.axes))["scope"]
        reason = _lacks(scope, store, catalogue)
        if reason is not None:
            yield Flaw(loc, f"{choice.name} makes no sense with store {store}: {reason}")


def _lacks(scope: str, store: StoreName, catalogue: Catalogue) -> str | None:
    if store == "memory" and scope in catalogue.shared_scopes:
        return f"scope {scope} needs a store that processes share; memory is each process's own"
    if store == "redis" and scope in catalogue.row_lock_scopes:
        return (
            f"scope {scope} needs a lock that lives as long as its holder, which Redis does not "
            "have; take sqlite, host_file or postgres"
        )
    return None
