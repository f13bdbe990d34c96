"""A finding in full, as plain text: for a terminal, a JUnit file and an annotation alike."""

from collections.abc import Iterator

from simulator.gate.findings import Finding


def in_full(finding: Finding, file: str) -> Iterator[str]:
    """Yield the lines below a finding's sentence: where it is said, details, the way back."""
    yield f"{file}:{finding.line}:{finding.column}"
    for line in finding.detail.splitlines():
        if line != finding.why and not finding.why.startswith(f"{line};"):
            yield line
    if finding.way_back is None:
        return
    yield f"seed {finding.way_back.seed}, again: {finding.way_back.command}"
    if finding.way_back.blame:
        first, *others = finding.way_back.blame
        yield f"its first 401: {first}" if finding.way_back.chain else first
        yield from (f"  {sentence}" for sentence in others)
