"""A finding in full, as plain text: for a terminal, a JUnit file and an annotation alike."""

from collections.abc import Iterator

from tokenrace.analysis.verdicts import SEEDS_NAMED
from tokenrace.gate.findings import Finding, WayBack, count


def in_full(finding: Finding, file: str) -> Iterator[str]:
    """Yield the lines below a finding's sentence: where it is said, details, the way back."""
    yield f"{file}:{finding.line}:{finding.column}"
    for line in finding.detail.splitlines():
        if line != finding.why and not finding.why.startswith(f"{line};"):
            yield line
    if finding.way_back is not None:
        yield from _back(finding.way_back)
    yield from _other_seeds(finding)


def _back(back: WayBack) -> Iterator[str]:
    yield f"seed {back.seed}, again: {back.command}"
    yield from back.observed
    if back.blame:
        first, *others = back.blame
        yield f"its first 401: {first}" if back.chain else first
        yield from (f"  {sentence}" for sentence in others)


def _other_seeds(finding: Finding) -> Iterator[str]:
    """Yield the way to each run that is not as expected, but the one that was told of."""
    told = None if finding.way_back is None else finding.way_back.seed
    others = [each for each in finding.broken if each.seed != told]
    for each in others[:SEEDS_NAMED]:
        yield f"seed {each.seed} ({each.measured}), again: {each.again}"
    if len(others) > SEEDS_NAMED:
        yield f"and {count(len(others) - SEEDS_NAMED, 'seed')} more"
