"""Why operations failed, in words: for a table, a report and a comparison alike."""

from collections.abc import Mapping

from tokenrace.trace.outcomes import Failure, failure_named

SHOWN_MAX = 4
"""Of one strategy; the rest is only counted."""


def is_told(failures: Mapping[str, int]) -> bool:
    """Return whether any operation failed for another reason than the API's 401, whose causes are
    told by themselves."""
    return any(count and failure_named(name).kind != "call_401" for name, count in failures.items())


def failures_in_words(failures: Mapping[str, int]) -> str:
    """Return the counts of ``failures``, by the text of each ``Failure``, the largest first."""
    counted = sorted(failures.items(), key=lambda each: (-each[1], each[0]))
    counted = [(name, count) for name, count in counted if count]
    told = [f"{failure_named(name).in_words()} ({count:,})" for name, count in counted[:SHOWN_MAX]]
    rest = sum(count for _, count in counted[SHOWN_MAX:])
    return ", ".join([*told, f"other reasons ({rest:,})"] if rest else told)


def most_frequent(failures: Mapping[Failure, int]) -> Failure | None:
    """Return the most frequent of ``failures`` but for the API's 401; None where there is none."""
    others = {why: count for why, count in failures.items() if count and why.kind != "call_401"}
    return min(others, key=lambda why: (-others[why], why), default=None)
