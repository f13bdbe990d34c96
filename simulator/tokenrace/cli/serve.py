"""``tokenrace serve``."""

import asyncio
import gc
import secrets
import signal
import socket
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import typer
from pydantic import ValidationError

from tokenrace.cli.exits import INTERRUPTED
from tokenrace.errors import RunError, SimulatorError
from tokenrace.machine_clock import MachineClock, unix_time
from tokenrace.provider.app import App, Credentials
from tokenrace.provider.limits import AccountPlan
from tokenrace.provider.profiles import PROFILES
from tokenrace.scenario import load
from tokenrace.scenario.expectations import Expectation
from tokenrace.scenario.wording import in_words
from tokenrace.server.control import CONTROL_PATH, Control
from tokenrace.server.desk import Desk
from tokenrace.server.gate import Gate
from tokenrace.server.incoming import BodyReader
from tokenrace.server.journal import Kept
from tokenrace.server.journal_file import JournalFile, no_file
from tokenrace.server.listen import LOOPBACK, listen_on
from tokenrace.server.served import ServedProvider, Terms
from tokenrace.server.served_section import ServedSection
from tokenrace.server.serving import serving, stop_asked
from tokenrace.server.shifted_clock import ShiftedClock
from tokenrace.strategies.catalogue import CATALOGUE

ANYWHERE = ("0.0.0.0", "::")  # noqa: S104 - recognised, not bound


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of ``tokenrace serve``; None where the user left it open."""

    profile: str | None = None
    live_tokens: str | None = None
    scenario: Path | None = None
    plan: AccountPlan | Literal["none"] | None = None
    port: int
    host: str | None = None
    journal: Path | None = None


def serve_until_stopped(options: Options) -> int:
    """Serve until SIGTERM or Ctrl-C; return the exit code.

    Raises:
        SimulatorError: an option is wrong, or the server cannot listen or write its journal.
    """
    section = read_section(options)
    with ExitStack() as stack:
        expect = _expectations(options)
        host = options.host or LOOPBACK
        control_token = None if options.host is None else secrets.token_urlsafe(32)
        listening = stack.enter_context(listen_on(options.port, host))
        sink: Callable[[Kept], None] = no_file
        if options.journal is not None:  # last: who cannot serve leaves the file alone
            sink = stack.enter_context(_journal_at(options.journal)).write
        terms = Terms(
            app=App(credentials=_new_credentials()),
            section=section,
            signing_key=secrets.token_bytes(32),
            unix_time=unix_time(),
            api_url=_url(host, listening),
            expect=expect,
        )
        gc.freeze()  # what was imported stays: no collection need look at it again
        stopped_by = asyncio.run(_serve(terms, listening, sink, control_token))
    return INTERRUPTED if stopped_by == signal.SIGINT else 0


def _journal_at(path: Path) -> JournalFile:
    """Open the journal. That it cannot be is wrong input here, as nothing has been served yet."""
    try:
        return JournalFile(path)
    except RunError as wrong:
        raise SimulatorError(str(wrong)) from None


def read_section(options: Options) -> ServedSection:
    """Return the provider's rules: the scenario's or the profile's, with the options' cap and plan.

    Raises:
        SimulatorError: an option is wrong.
    """
    if options.scenario is not None and options.profile is not None:
        raise SimulatorError("--scenario names the rules already; leave --profile out")
    own: dict[str, object] = {}
    if options.scenario is not None:
        own = load(options.scenario, CATALOGUE).provider.model_dump(mode="json")
    if options.profile is not None:
        own["profile"] = options.profile
    if options.live_tokens is not None:
        text = options.live_tokens
        own["live_tokens"] = int(text) if text.isdecimal() and len(text) < 10 else text
    if options.plan is not None:
        own["plan"] = options.plan
    try:
        section = ServedSection.model_validate(own)
        section.policy()
    except ValidationError as invalid:
        told = (in_words(error, ServedSection) for error in invalid.errors(include_url=False))
        lines = [f"--{where.replace('_', '-')}: {what}" for where, what in told]
        raise SimulatorError("\n".join(lines)) from None
    except ValueError as wrong:
        raise SimulatorError(str(wrong)) from None
    return section


def _expectations(options: Options) -> tuple[Expectation, ...]:
    return () if options.scenario is None else load(options.scenario, CATALOGUE).expect


async def _serve(
    terms: Terms,
    listening: socket.socket,
    sink: Callable[[Kept], None],
    control_token: str | None,
) -> signal.Signals:
    served = ServedProvider(terms, ShiftedClock(MachineClock.starting_in(0)), sink)
    if control_token is not None:
        served.redaction.hide(control_token)
    control = Control(served, Gate(control_token))
    with stop_asked() as asked:  # before the first line: who reads it may stop us at once
        _print_exports(served, control_token)
        async with serving(served, Desk(served, control, BodyReader()), listening):
            return await asked


def _new_credentials() -> Credentials:
    """Return those of the mock's app; only the secret is worth keeping."""
    return Credentials(
        client_id="tokenrace-client",
        client_secret=secrets.token_hex(32),
        account_id="tokenrace-account",
    )


def _url(host: str, listening: socket.socket) -> str:
    name = socket.gethostname() if host in ANYWHERE else host
    return f"http://{f'[{name}]' if ':' in name else name}:{listening.getsockname()[1]}"


def _print_exports(served: ServedProvider, control_token: str | None) -> None:
    """Print what a client needs; as the lines of a shell, so that they can be copied or sourced.

    Where the rules have refresh tokens the user consents now, and one of them is a line too.
    """
    terms = served.terms
    shown = terms.app.credentials
    exports = {
        "ZOOM_TOKEN_URL": f"{terms.api_url}/oauth/token",
        "ZOOM_API_URL": f"{terms.api_url}/v2",
        "ZOOM_CLIENT_ID": shown.client_id,
        "ZOOM_CLIENT_SECRET": shown.client_secret,
        "ZOOM_ACCOUNT_ID": shown.account_id,
    }
    if served.provider.policy.refresh is not None:
        exports["ZOOM_REFRESH_TOKEN"] = served.authorize()[1]
    for name, value in exports.items():
        typer.echo(f"export {name}={value}")
    typer.echo(f"# Rules: {_rules(served)}")
    if control_token is not None:
        typer.echo(f"# Control token, as Authorization: Bearer {control_token}")
    typer.echo(f"# Control page: {terms.api_url}{CONTROL_PATH}")


def _rules(served: ServedProvider) -> str:
    """Return whose rules these are, how well they are known, and the cap that counts."""
    name, cap = served.section.profile, served.provider.policy.live_tokens
    live = "any number of live tokens" if cap is None else f"at most {cap} live"
    return f"{name} ({PROFILES[name].confidence}), {live}"
