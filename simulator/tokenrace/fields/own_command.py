"""Programs of the user's own: ``{name: ours, command: ["node", "worker.js"]}``.

What stands there is read, and not looked for: a scenario file must be readable where the program
is not.
"""

from collections.abc import Iterator, Mapping

from tokenrace.fields.flaws import UNKNOWN_KEY_FLAW, Flaw
from tokenrace.fields.quoting import hint, shown
from tokenrace.user_code.command import Command

COMMAND = "command"
_KEYS = ("name", COMMAND)


def read_command(entry: Mapping[str, object]) -> tuple[Command | None, list[Flaw]]:
    """Return what ``entry``, which has the key ``command``, names, and what is wrong with it."""
    flaws = list(_key_flaws(entry))
    words = entry[COMMAND]
    if isinstance(words, list) and words and all(map(_is_word, words)) and words[0]:
        return (None, flaws) if flaws else (Command(words=tuple(words)), [])
    example = 'such as ["node", "worker.js"]'
    message = f"must be a list of a program and its arguments, {example}"
    return None, [*flaws, Flaw((COMMAND,), f"{message}, got {shown(words)}")]


def written(command: Command) -> dict[str, object]:
    """Return ``command`` as the scenario's canonical form has it."""
    return {COMMAND: list(command.words)}


def _is_word(word: object) -> bool:
    return isinstance(word, str) and "\0" not in word


def _key_flaws(entry: Mapping[str, object]) -> Iterator[Flaw]:
    for key in entry:
        if key not in _KEYS:
            why = f"no key of a strategy that is a command; {hint(key, _KEYS)}"
            yield Flaw((key,), why, UNKNOWN_KEY_FLAW)
