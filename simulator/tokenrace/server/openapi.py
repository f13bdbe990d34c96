"""The OpenAPI 3.1 document of the control API, made from the table of its routes."""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from tokenrace.server.problems import Problems
from tokenrace.server.routes import AnswerKind, Route

_REF = "#/components/schemas/{model}"
_PROBLEM: dict[int, str] = {
    400: "The request asks for something that cannot be; each problem is named.",
    401: "The server was started with --host, and the request does not show its token.",
    403: "The request comes from a web page of another origin, or under a foreign host name.",
    408: "The body did not come in time.",
    413: "The body is larger than 1 MiB.",
    417: "It expects something other than 100-continue.",
    503: "Too many bodies come at once.",
}
_ALWAYS = (401, 403)
_WITH_QUERY = (400,)
_WITH_BODY = (400, 408, 413, 417, 503)

_Key = tuple[str, str]


def document(routes: Sequence[Route], url: str) -> dict[str, Any]:
    """Return the document of the control API that has ``routes`` below ``url``."""
    schemas, definitions = _schemas(routes)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "tokenrace control API",
            "version": version("tokenrace"),
            "description": "Make the served provider misbehave, and learn what happened and why.",
        },
        "servers": [{"url": url}],
        "security": [{}, {"token": []}],
        "paths": _paths(routes, schemas),
        "components": {
            "schemas": definitions.get("$defs", {}),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def answers_of(route: Route) -> dict[int, AnswerKind]:
    """Return every status that ``route`` answers with."""
    statuses = [
        *_ALWAYS,
        *(_WITH_QUERY if route.query else ()),
        *(_WITH_BODY if route.body else ()),
    ]
    problems = {status: AnswerKind(_PROBLEM[status], Problems) for status in statuses}
    return dict(sorted({**problems, **route.answers}.items()))


def _paths(routes: Sequence[Route], schemas: dict[_Key, Any]) -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for route in routes:
        paths.setdefault(f"/{route.path}", {})[route.method.lower()] = _operation(route, schemas)
    return paths


def _operation(route: Route, schemas: dict[_Key, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": _id(route),
        "summary": route.summary,
        "responses": {
            str(status): {
                "description": kind.meaning,
                "content": _json(schemas[_id(route), str(status)]),
            }
            for status, kind in answers_of(route).items()
        },
    }
    if route.body is not None:
        operation["requestBody"] = {"content": _json(schemas[_id(route), "body"])}
    if route.query is not None:
        operation["parameters"] = _parameters(route)
    return operation


def _parameters(route: Route) -> list[dict[str, Any]]:
    assert route.query is not None
    schema = route.query.model_json_schema()
    return [
        {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "description": field.pop("description"),
            "schema": field,
        }
        for name, field in schema["properties"].items()
    ]


def _schemas(routes: Sequence[Route]) -> tuple[dict[_Key, Any], dict[str, Any]]:
    """Return the schema of each route's body and answers, and what those refer to."""
    inputs: list[tuple[_Key, JsonSchemaMode, TypeAdapter[Any]]] = []
    for route in routes:
        if route.body is not None:
            inputs.append(((_id(route), "body"), "validation", TypeAdapter(route.body)))
        for status, kind in answers_of(route).items():
            key = (_id(route), str(status))
            inputs.append((key, "serialization", TypeAdapter(kind.content)))
    found, definitions = TypeAdapter.json_schemas(inputs, ref_template=_REF)
    return {key: schema for (key, _), schema in found.items()}, definitions


def _id(route: Route) -> str:
    return f"{route.method.lower()}_{route.path.partition('.')[0]}"


def _json(schema: Any) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
