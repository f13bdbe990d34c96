"""The JSON Schema of a scenario file, so that editors complete and check it while it is written."""

import json

from pydantic.json_schema import GenerateJsonSchema

from tokenrace.fields.choices import NAME_PATTERN
from tokenrace.fields.parameters import Catalogue, Parameters
from tokenrace.scenario.model import Scenario
from tokenrace.scenario.source import EXTENSION

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _Untitled(GenerateJsonSchema):
    """Pydantic's schema without a title on every field: each would repeat its key."""

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002
        return False


def schema_text(catalogue: Catalogue) -> str:
    """Return the schema as JSON text, with the catalogue's presets and their parameters.

    The same catalogue gives the same text.
    """
    schema = Scenario.model_json_schema(schema_generator=_Untitled)
    schema["properties"]["strategies"]["items"] = _entry_schema(catalogue)
    schema["patternProperties"] = {f"^{EXTENSION}": True}
    return json.dumps({"$schema": _DIALECT, **schema}, indent=2, ensure_ascii=False) + "\n"


def _entry_schema(catalogue: Catalogue) -> dict[str, object]:
    presets = [_mapping_schema(preset, catalogue) for preset in catalogue.presets]
    names = {"enum": list(catalogue.presets)}
    own = [_composed_schema(catalogue), _own_schema(), _command_schema()]
    return {"anyOf": [names, *presets, *own]}


def _own_schema() -> dict[str, object]:
    return {
        "type": "object",
        "properties": {
            "name": _name("What the results call it."),
            "python": {
                "type": "string",
                "description": "A class of your own: module:name (docs/bring-your-own.md).",
                "examples": ["shop.tokens:TokenSource"],
            },
            "options": {
                "type": "object",
                "description": "What it is called with besides, by keyword.",
                "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
            },
        },
        "required": ["name", "python"],
        "additionalProperties": False,
    }


def _command_schema() -> dict[str, object]:
    return {
        "type": "object",
        "properties": {
            "name": _name("What the results call it."),
            "command": {
                "type": "array",
                "description": "A program of your own and its arguments, on the wire engine "
                "(docs/other-languages.md).",
                "items": {"type": "string"},
                "minItems": 1,
                "examples": [["node", "worker.js"]],
            },
        },
        "required": ["name", "command"],
        "additionalProperties": False,
    }


def _mapping_schema(preset: str, catalogue: Catalogue) -> dict[str, object]:
    return {
        "type": "object",
        "properties": {
            "preset": {"const": preset},
            "name": _name("What the results call it; the preset's name unless given."),
            **_parameters(catalogue.parameters(preset, {})),
        },
        "required": ["preset"],
        "additionalProperties": False,
    }


def _composed_schema(catalogue: Catalogue) -> dict[str, object]:
    """Return the schema of a strategy that chooses on axes, with or without a preset."""
    every = {
        name: parameter
        for words in catalogue.axes.values()
        for parameters in words.values()
        for name, parameter in parameters.items()
    }
    axes = {axis: {"enum": list(words)} for axis, words in catalogue.axes.items()}
    return {
        "type": "object",
        "properties": {
            "preset": {"enum": list(catalogue.presets)},
            "name": _name("What the results call it."),
            **axes,
            **_parameters(every),
        },
        "anyOf": [{"required": [axis]} for axis in axes],
        "additionalProperties": False,
    }


def _name(description: str) -> dict[str, object]:
    return {"type": "string", "pattern": NAME_PATTERN, "description": description}


def _parameters(parameters: Parameters) -> dict[str, object]:
    return {
        name: {**parameter.schema(), "description": parameter.description}
        for name, parameter in parameters.items()
    }
