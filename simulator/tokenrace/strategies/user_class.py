"""A strategy of the user's own: what a scenario names as ``module:name`` becomes a ``Strategy``.

Three shapes will do. A class with ``token()`` and ``rejected()`` is a ``Strategy``; it is called
with the ``Ports`` of its process. A class with ``get_token()`` keeps a token by its own lights; it
is called with ``fetch``, which asks the token endpoint and returns its JSON. A class with
``client()`` brings an HTTP client that does all of it (``own_client.py``); it is called with the
provider's URLs and the app's credentials. An example of each is in docs/bring-your-own.md. None
needs ``peek()``: without it every operation is stepped.
"""

import asyncio
import importlib
import inspect
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Protocol, runtime_checkable

from msgspec import structs

from tokenrace.clock import SECOND, Ticks, seconds
from tokenrace.errors import RunError, UserCodeError
from tokenrace.strategies.contract import Denied, Held, Strategy, TokenEndpoint, TokenUnavailable
from tokenrace.strategies.own_client import HasClient, OwnClient
from tokenrace.strategies.ports import Ports, Site
from tokenrace.token import Token
from tokenrace.user_code.python_class import PythonClass
from tokenrace.user_code.whose_code import described

_KNOWN_TOKENS = 64
"""How many of the newest tokens a source may still hand out with their true expiry."""
CLOSE_WITHIN: Ticks = 5 * SECOND
"""How long ``aclose()`` may take when a process ends in order."""
_SHAPES = (
    "expected a class with async token() and async rejected(token, attempt), one with "
    "async get_token(), or one with client(); see docs/bring-your-own.md"
)


@runtime_checkable
class _TokenAndRejected(Protocol):
    async def token(self) -> Token: ...

    async def rejected(self, token: Token, attempt: int) -> bool: ...


@runtime_checkable
class _Peeks(Protocol):
    def peek(self) -> Held | None: ...


@runtime_checkable
class _Source(Protocol):
    async def get_token(self) -> str: ...


@runtime_checkable
class _Hears(Protocol):
    async def rejected(self, token: str) -> bool | None: ...


@runtime_checkable
class Closes(Protocol):
    """What can be closed when its process ends in order."""

    async def aclose(self) -> None: ...


def load(own: PythonClass) -> type[Any]:
    """Return the class that ``own`` names; modules in the working folder are found first.

    Raises:
        UserCodeError: it cannot be imported, is not there, has none of the shapes, or cannot be
            called with what it is given.
    """
    module_name, _, name = own.target.partition(":")
    if (here := os.getcwd()) not in sys.path:  # noqa: PTH109 - sys.path holds text
        sys.path.insert(0, here)
    found: Any = _module(own.target, module_name)
    for part in name.split("."):
        if not hasattr(found, part):
            raise UserCodeError(own.target, f"module {module_name} has no {name}")
        found = getattr(found, part)
    if not inspect.isclass(found) or not issubclass(found, _TokenAndRejected | _Source | HasClient):
        raise UserCodeError(own.target, f"{_described(found)} will not do: {_SHAPES}")
    _check_call(own, found)
    return found


def made_by(own: PythonClass, ports: Ports) -> Strategy:
    """Return a strategy for one process, made by the user's class.

    Raises:
        UserCodeError: as ``load`` does.
    """
    made: Any = load(own)
    if issubclass(made, _TokenAndRejected):
        return _OwnStrategy(own.target, made(ports, **dict(own.options)))
    if not issubclass(made, _Source):
        assert ports.site is not None, "a class with client() needs HTTP"
        client = made(**asdict(ports.site), **dict(own.options))
        return OwnClient(own.target, _described(made), client)
    fetch = Fetch(ports.endpoint)
    return _OwnSource(own.target, made(fetch, **dict(own.options)), fetch)


def peeks(strategy: Strategy) -> bool:
    """Return whether ``strategy``, of a class of the user's, says what it would hand out."""
    return isinstance(strategy, _OwnStrategy) and strategy.peeks


def brings_client(own: PythonClass) -> bool:
    """Return whether its class makes its calls through a client of its own; raises as ``load``."""
    return not issubclass(load(own), _TokenAndRejected | _Source)


def _module(target: str, name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            where = f"there is no module {error.name} in {os.getcwd()} or on the path"  # noqa: PTH109
            raise UserCodeError(target, where) from None
        raise UserCodeError(target, f"importing {name} failed: {error}") from error
    except Exception as error:
        raise UserCodeError(target, f"importing {name} failed: {described(error)}") from error


def _check_call(own: PythonClass, made: type[Any]) -> None:
    options = dict(own.options)
    try:
        if issubclass(made, _TokenAndRejected | _Source):
            inspect.signature(made).bind(None, **options)
        else:
            inspect.signature(made).bind(**{part.name: "" for part in fields(Site)}, **options)
    except TypeError as error:
        call = f"it is called with {_given(made)}" + (" and its options" if own.options else "")
        raise UserCodeError(own.target, f"{_described(made)}: {call}: {error}") from None


def _given(made: type[Any]) -> str:
    if issubclass(made, _TokenAndRejected):
        return "its ports"
    return "fetch" if issubclass(made, _Source) else ", ".join(f.name for f in fields(Site))


def _described(found: Any) -> str:
    """Return what ``found`` is, and where it is written."""
    kind = "class" if inspect.isclass(found) else type(found).__name__
    try:
        path, line = inspect.getsourcefile(found), inspect.getsourcelines(found)[1]
    except (TypeError, OSError):
        return f"this {kind}"
    return f"the {kind} at {path}:{line}"


async def close(strategy: Strategy) -> None:
    """Close what ``strategy`` keeps open, if it is the user's and says how: ``aclose()``.

    Raises:
        RunError: that takes longer than ``CLOSE_WITHIN``. What the class raises passes through.
    """
    if not isinstance(strategy, Closes):
        return
    limit = asyncio.timeout(seconds(CLOSE_WITHIN))
    try:
        async with limit:
            await strategy.aclose()
    except TimeoutError:
        if not limit.expired():
            raise
        within = f"{seconds(CLOSE_WITHIN):g} s"
        raise RunError(f"aclose() of the class did not return within {within}") from None


def _as_it_was_sent(token: Token) -> Token:
    """Return ``token`` as a request carried it: equal, and no object that the class handed out. A
    class that compares with ``is`` is found out here as behind real HTTP."""
    return structs.replace(token, value="".join(list(token.value)))


@dataclass(slots=True)
class Fetch:
    """Asks the token endpoint for a new token: ``await fetch()``."""

    _endpoint: TokenEndpoint
    _tokens: dict[str, Token] = field(default_factory=dict, init=False)

    async def __call__(self) -> Mapping[str, Any]:
        """Return the endpoint's answer: ``access_token``, ``token_type`` and ``expires_in`` in
        seconds.

        Raises:
            TokenUnavailable: it said no (``denied.status``), or nothing (status None). Left
                uncaught, it ends the operation that asked.
        """
        answer = await self._endpoint.issue()
        if isinstance(answer, Denied):
            raise TokenUnavailable(answer)
        self._tokens[answer.value] = answer
        if len(self._tokens) > _KNOWN_TOKENS:
            del self._tokens[next(iter(self._tokens))]
        return {
            "access_token": answer.value,
            "token_type": "bearer",
            "expires_in": round(seconds(answer.expires_at - answer.obtained_at)),
        }

    def token_of(self, value: str) -> Token | None:
        """Return the token with that value; None if the endpoint gave none lately."""
        return self._tokens.get(value)


@dataclass(slots=True)
class _OwnStrategy:
    """The user's strategy, its answers checked: a wrong one must not look like a bug of ours."""

    _target: str
    _strategy: _TokenAndRejected

    async def token(self) -> Token:
        token = await self._strategy.token()
        if not isinstance(token, Token):
            raise UserCodeError(self._target, f"token() must return a Token, got {token!r}")
        return token

    async def rejected(self, token: Token, attempt: int) -> bool:
        again = await self._strategy.rejected(_as_it_was_sent(token), attempt)
        if not isinstance(again, bool):
            why = f"rejected() must say True (call once more) or False, got {again!r}"
            raise UserCodeError(self._target, why)
        return again

    async def aclose(self) -> None:
        if isinstance(self._strategy, Closes):
            await self._strategy.aclose()

    @property
    def peeks(self) -> bool:
        return isinstance(self._strategy, _Peeks)

    def peek(self) -> Held | None:
        return self._strategy.peek() if isinstance(self._strategy, _Peeks) else None


@dataclass(slots=True)
class _OwnSource:
    """What only has ``get_token()``. A 401 ends the operation, unless it has ``rejected(value)``
    as well and says True there: then it is called once more."""

    _target: str
    _source: _Source
    _fetch: Fetch

    async def token(self) -> Token:
        value = await self._source.get_token()
        if not isinstance(value, str):
            raise UserCodeError(self._target, f"get_token() must return text, got {value!r}")
        token = self._fetch.token_of(value)
        if token is None:
            why = f"get_token() returned {value[:8]!r}..., which fetch() has not returned lately"
            raise UserCodeError(self._target, why)
        return token

    async def aclose(self) -> None:
        if isinstance(self._source, Closes):
            await self._source.aclose()

    async def rejected(self, token: Token, attempt: int) -> bool:
        if not isinstance(self._source, _Hears):
            return False
        again = await self._source.rejected(_as_it_was_sent(token).value)
        return bool(again) and attempt == 1

    def peek(self) -> Held | None:
        return None
