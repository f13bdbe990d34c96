"""What the options ``--python``, ``--with``, ``--scope`` and ``--suite`` ask for."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import yaml

from tokenrace.errors import SimulatorError
from tokenrace.fields.flaws import dotted
from tokenrace.fields.own_code import read_python_class
from tokenrace.fields.quoting import hint
from tokenrace.simulation.runners import Runners
from tokenrace.suites.adapted import OURS
from tokenrace.suites.cases import Fitted
from tokenrace.suites.modes import SUITES
from tokenrace.suites.probe import scope_of
from tokenrace.suites.subject import Subject
from tokenrace.user_code.python_class import Option

DEFAULT = "known-modes"
AskedScope = Literal["auto", "shared", "process"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OnTrial:
    """A class to try a suite on, as the user says it: ``with_`` are NAME=VALUE, as in YAML."""

    python: str
    with_: tuple[str, ...] = ()
    scope: AskedScope = "auto"
    suite: str = DEFAULT

    def words(self) -> list[str]:
        """Return the options that say the same."""
        words = ["--python", self.python]
        words += [word for setting in self.with_ for word in ("--with", setting)]
        return words + ([] if self.scope == "auto" else ["--scope", self.scope])

    def subject(self) -> Subject:
        """Load the class.

        Raises:
            SimulatorError: it cannot be loaded, an option is none, or there is no such suite.
        """
        if self.suite not in SUITES:
            raise SimulatorError(
                f"--suite: unknown suite {self.suite!r}; {hint(self.suite, SUITES)}"
            )
        entry = {"name": OURS, "python": self.python, "options": dict(map(_setting, self.with_))}
        own, flaws = read_python_class(entry)
        if own is None:
            told = [f"--python: {dotted(flaw.loc)}: {flaw.message}" for flaw in flaws]
            raise SimulatorError("\n".join(told))
        return Subject.of(own)

    def fitted(self, subject: Subject, runners: Runners) -> Fitted:
        """Fit the suite to ``subject``; a trial run tells its scope, unless the user does.

        Raises:
            RunError: the runners die, whatever they are given.
        """
        scope = scope_of(subject, runners) if self.scope == "auto" else self.scope
        return Fitted(self.suite, subject, scope)


def notes_on(asked: OnTrial, fitted: Fitted, folder: str) -> list[str]:
    """Return what a reader should know of how a suite was fitted."""
    other = "process" if fitted.scope == "shared" else "shared"
    seen = "" if asked.scope != "auto" else f"; if that is wrong, pass --scope {other}"
    notes = [f"{fitted.suite}: {fitted.subject.in_words(fitted.scope)}{seen}"]
    notes += [f"not tried: {', '.join(names)}: {why}" for why, names in fitted.left_out().items()]
    words = ["tokenrace", "suite", asked.suite, *asked.words(), "--out", folder]
    notes.append(f"the scenarios as files, to replay a run or to keep: {shlex.join(words)}")
    return notes


def asked_for(
    python: str | None, with_: Sequence[str], scope: AskedScope, suite: str | None
) -> OnTrial | None:
    """Return what the options ask for; None where they ask for no class.

    Raises:
        SimulatorError: an option is given that needs a class, and none is named.
    """
    if python is not None:
        return OnTrial(python=python, with_=tuple(with_), scope=scope, suite=suite or DEFAULT)
    given = {"--suite": suite is not None, "--with": bool(with_), "--scope": scope != "auto"}
    for option, is_given in given.items():
        if is_given:
            raise SimulatorError(f"{option} needs a class: add --python module:Class")
    return None


def _setting(text: str) -> tuple[str, Option]:
    name, equals, raw = text.partition("=")
    if not equals or not name.isidentifier():
        raise SimulatorError(f"--with: must be name=value, such as margin=30, got {text!r}")
    try:
        value = yaml.safe_load(raw)
    except yaml.YAMLError:
        value = raw
    if not isinstance(value, Option):
        raise SimulatorError(f"--with: {name} must be text, a number, true or false, got {raw!r}")
    return name, value
