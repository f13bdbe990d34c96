"""The team's three questions, answered from the runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tokenrace.incident.explanations import Explanation, Observation
from tokenrace.incident.table import Cell, Column

Cells = Mapping[Observation, Cell]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A question and its answer, in sentences."""

    question: str
    sentences: tuple[str, ...]


def answers(columns: Sequence[Column], cells: Sequence[Cells]) -> list[Answer]:
    """Return the answer to each of the three; ``cells`` are those of ``columns``."""
    known = list(zip((column.explanation for column in columns), cells, strict=True))
    return [
        Answer(
            question="Why would transferring the app, or rotating its secret, make calls succeed?",
            sentences=tuple(_why_it_helped(known)),
        ),
        Answer(
            question="Could asking for too many tokens in a short time have made the provider "
            "block the app, so that even a fresh token gets 401?",
            sentences=tuple(_whether_it_was_blocked(known)),
        ),
        Answer(
            question="Is there anything we do that blocks the app until its secret is rotated?",
            sentences=tuple(_what_we_do(known)),
        ),
    ]


Known = Sequence[tuple[Explanation, Cells]]


def _why_it_helped(known: Known) -> list[str]:
    rotated, transferred = _where(known, "rotation"), _where(known, "transfer")
    sentences = [
        f"Under {each.letter} a new secret ends it (401 rate afterwards "
        f"{cells['rotation'].figure}): {each.why_rotation or 'no reason was expected'}."
        for each, cells in rotated
    ]
    sentences += [
        f"Under {each.letter} the transfer ends it (401 rate afterwards "
        f"{cells['transfer'].figure}): the new owner has the role that the app needs. A new secret "
        f"alone {'does' if cells['rotation'].outcome == 'reproduced' else 'does not'} "
        f"(401 rate {cells['rotation'].figure or 'not measured'})."
        for each, cells in transferred
    ]
    both = [each.letter for each, _ in rotated if (each.letter in _letters(transferred))]
    if not both:
        sentences.append(
            "No explanation has both help. Who does both at once, as the team did, cannot tell "
            "which of the two it was."
        )
    return sentences


def _whether_it_was_blocked(known: Known) -> list[str]:
    refused = [(each, cells["fresh_token"]) for each, cells in _where(known, "fresh_token")]
    sentences = [f"Under {each.letter}, {each.title}: {cell.figure}." for each, cell in refused]
    others = [each.letter for each, _ in refused if each.letter != "C"]
    sentences.insert(0, "Share of tries with a fresh token, from a single process, that got 401:")
    if others:
        sentences.append(
            f"So a fresh token that is refused is no proof of a block: {' and '.join(others)} show "
            "the same with no such rule. Whether Zoom has one nobody outside knows."
        )
    return sentences


def _what_we_do(known: Known) -> list[str]:
    by_letter = {each.letter: cells for each, cells in known}
    storm, blocked = by_letter["A"], by_letter["C"]
    sentences = []
    if storm["lasts"].outcome == storm["rotation"].outcome == "reproduced":
        sentences.append(
            "Yes, with no block at all: a fleet that has a token issued for every 401, and has "
            "outgrown the cap, keeps itself out. With nobody interfering the 401 rate is still "
            f"{storm['lasts'].figure}; with a new secret {storm['rotation'].figure}."
        )
        sentences.append(
            "Once the race is fixed it does not come back: the same fleet under the same cap then "
            f"has a 401 rate of {storm['fix'].figure}."
        )
    if blocked["rotation"].outcome == "reproduced":
        sentences.append(
            "If the provider has a rule like that of C, having too many tokens issued does it too; "
            "then a fix of the race does not help until the secret is rotated."
        )
    return sentences


def _where(known: Known, observation: Observation) -> list[tuple[Explanation, Cells]]:
    return [(each, cells) for each, cells in known if cells[observation].outcome == "reproduced"]


def _letters(known: Known) -> list[str]:
    return [each.letter for each, _ in known]
