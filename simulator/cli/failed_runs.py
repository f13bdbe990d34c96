"""Runs of an experiment that could not go on, as one error."""

from collections.abc import Sequence

from simulator.errors import RunError, RunFailed, RunLost


def one_error(failures: Sequence[tuple[RunFailed, str]]) -> RunError:
    """Return one error for all ``failures``, each with its text: lost only where every one is."""
    text = "\n".join(text for _, text in failures)
    is_lost = all(failed.is_lost for failed, _ in failures)
    return RunLost(text) if is_lost else RunError(text)
