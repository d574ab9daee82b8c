"""OpenAPI: what the generator can't see by itself."""

from typing import Any

from annotator.selectors.exports.columns import features_of
from annotator.selectors.exports.native import NATIVE

JSON_TYPES: dict[str, dict[str, Any]] = {
    "int64": {"type": "integer", "format": "int64"},
    "int32": {"type": "integer", "format": "int32"},
    "float64": {"type": "number", "format": "double"},
    "string": {"type": "string"},
    "bool": {"type": "boolean"},
    "timestamp[us, tz=UTC]": {"type": "string", "format": "date-time"},
}

ERROR = {
    "type": "object",
    "description": "A code for machines, a sentence for people, and what is wrong with which field.",
    "properties": {
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "fields": {"type": "object", "additionalProperties": {"type": "string"}},
    },
    "required": ["code", "detail"],
}

IDEMPOTENCY_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "description": "Sent again with the same key within a day, the call changes nothing and gets the same answer.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x21-\\x7e]+$"},
}


def json_schema(feature: Any) -> dict[str, Any]:
    """Return the JSON schema of a type of `datasets`; every value may be null."""
    kind = feature.get("_type") if isinstance(feature.get("_type"), str) else None
    if kind == "Value":
        return {**JSON_TYPES[feature["dtype"]], "nullable": True}
    if kind == "List":
        return {"type": "array", "items": json_schema(feature["feature"])}
    if kind == "Json":
        return {"type": "object", "additionalProperties": {}}
    return {
        "type": "object",
        "nullable": True,
        "properties": {name: json_schema(inner) for name, inner in feature.items()},
        "required": list(feature),
    }


NATIVE_PAGE = {
    "type": "object",
    "properties": {
        "next": {"type": "string", "format": "uri", "nullable": True},
        "previous": {"type": "string", "format": "uri", "nullable": True},
        "results": {"type": "array", "items": json_schema(features_of(NATIVE))},
    },
    "required": ["next", "previous", "results"],
}


def complete(result: dict[str, Any], **_spectacular: Any) -> dict[str, Any]:
    """Give every operation its chapter and the one shape of errors."""
    result["components"].setdefault("schemas", {})["Error"] = ERROR
    answer = {
        "description": "Refused: what is wrong, and what to do next.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
    }
    for path, operations in result["paths"].items():
        chapter = path.partition("{slug}/")[2].partition("/")[0] or "projects"
        for method, operation in operations.items():
            operation["tags"] = [chapter]
            if method == "post":
                operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
            operation["responses"].setdefault("4XX", answer)
    return result
