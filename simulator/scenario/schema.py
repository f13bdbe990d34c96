"""The JSON Schema of a scenario file, so that editors complete and check it while it is written."""

import json
from collections.abc import Mapping

from pydantic.json_schema import GenerateJsonSchema

from simulator.scenario.choices import NAME_PATTERN
from simulator.scenario.model import Scenario
from simulator.scenario.parameters import Catalogue, Parameter

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
    return json.dumps({"$schema": _DIALECT, **schema}, indent=2, ensure_ascii=False) + "\n"


def _entry_schema(catalogue: Catalogue) -> dict[str, object]:
    mappings = [_mapping_schema(preset, catalogue[preset]) for preset in catalogue]
    return {"anyOf": [{"enum": list(catalogue)}, *mappings]}


def _mapping_schema(preset: str, parameters: Mapping[str, Parameter]) -> dict[str, object]:
    properties: dict[str, object] = {
        "preset": {"const": preset},
        "name": {
            "type": "string",
            "pattern": NAME_PATTERN,
            "description": "What the results call it; the preset's name unless given.",
        },
    }
    for name, parameter in parameters.items():
        properties[name] = {**parameter.schema(), "description": parameter.description}
    return {
        "type": "object",
        "properties": properties,
        "required": ["preset"],
        "additionalProperties": False,
    }
