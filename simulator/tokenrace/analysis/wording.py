"""Words for numbers and spans, for plots, reports and tables alike."""

from tokenrace.clock import DAY, HOUR, MILLISECOND, MINUTE, SECOND, Ticks, seconds

_TIED = "\N{NO-BREAK SPACE}"
_UNITS: tuple[tuple[str, Ticks], ...] = (
    ("d", DAY),
    ("h", HOUR),
    ("min", MINUTE),
    ("s", SECOND),
    ("ms", MILLISECOND),
)


def percent(share: float) -> str:
    """Return ``share`` in per cent with three significant digits."""
    value = f"{100 * share:.3g}" if share >= 0.00001 else f"{100 * share:.1g}"
    return f"{value} %"


def plain(number: float) -> str:
    """Return ``number`` with three significant digits at least, and never as a power of ten."""
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"


def points(low: float, high: float) -> str:
    """Return an interval between two differences of shares, in percentage points."""
    told = (
        f"{bound:+.0f}" if abs(bound) >= 10 else f"{bound:+.2g}"
        for bound in (100 * low, 100 * high)
    )
    return " to ".join(told)


def tied(text: str) -> str:
    """Return ``text`` with spaces at which no line is broken."""
    return text.replace(" ", _TIED)


def unbroken(text: str) -> str:
    """Return ``text`` with each number tied to its per cent sign; lines break elsewhere."""
    return text.replace(" %", f"{_TIED}%")


def unit_for(span: Ticks) -> tuple[str, Ticks]:
    """Return the name and length of the largest unit of which ``span`` has at least three."""
    for name, length in _UNITS:
        if span >= 3 * length:
            return name, length
    return _UNITS[-1]


def span_text(span: Ticks) -> str:
    """Return ``span`` in words no line is broken in, such as ``"2 h 5 min"``; two units at most."""
    return _TIED.join(_words_of(span)[:2])


def lasting(span: Ticks) -> str:
    """Return ``span`` to a hundredth or better, in the units that takes: ``"59 min"``."""
    if span < 10 * MINUTE:
        return span_text(span)
    return span_text(round(span / MINUTE) * MINUTE)


def instant_text(at: Ticks) -> str:
    """Return the instant ``at`` in words, to the second: ``"7 d 45 min"``, ``"the start"``."""
    if at == 0:
        return "the start"
    return _TIED.join(_words_of(at if at < MINUTE else round(at / SECOND) * SECOND))


def _words_of(span: Ticks) -> list[str]:
    if span < MINUTE:
        if 0 < span < SECOND:
            return [f"{span / MILLISECOND:.3g}{_TIED}ms"]
        return [f"{seconds(span):.3g}{_TIED}s"]
    words = []
    for name, length in _UNITS[:4]:
        count, span = divmod(span, length)
        if count:
            words.append(f"{count}{_TIED}{name}")
    return words


def several(count: int, noun: str, plural: str = "") -> str:
    """Return ``count`` with ``noun``, such as ``"1 token"`` and ``"2 tokens"``.

    ``plural`` is needed where it is not ``noun`` and an s.
    """
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"
