"""The API's description by OpenAPI, made of what checks its calls."""

from __future__ import annotations

from typing import Any

from ..version import __version__
from .parameters import Parameter, describe_parameters
from .settings import ServerLimits

_OFFSET = {"type": "integer", "minimum": 0}
_SCORE = {"type": "number", "minimum": 0, "maximum": 1}

_RESULT = {
    "Entity": {
        "type": {"type": "string"},
        "score": _SCORE,
        "text": {"type": "string"},
        "start": {**_OFFSET, "description": "first character (Unicode code point)"},
        "end": {**_OFFSET, "description": "character after the last one"},
        "token_start": {**_OFFSET, "description": "first word"},
        "token_end": {**_OFFSET, "description": "word after the last one"},
    },
    "Relation": {
        "type": {"type": "string"},
        "score": _SCORE,
        "head": {**_OFFSET, "description": "index in `entities`"},
        "tail": {**_OFFSET, "description": "index in `entities`"},
    },
}

_REFUSALS = {
    400: "The body or a parameter is invalid.",
    408: "The body did not arrive in time.",
    413: "The body is too large.",
    429: "Too many requests from this address; see the header `Retry-After`.",
    500: "The extraction failed.",
    503: "The queue is full, or the server is stopping.",
}


def describe_api(limits: ServerLimits, model: str) -> dict[str, Any]:
    """Describe the API.

    Args:
        limits: of the service.
        model: the name of the model.

    Returns:
        An OpenAPI document, version 3.1.
    """
    parameters = describe_parameters(limits.max_characters)
    call = {
        "type": "object",
        "properties": {one.name: {**one.schema, "description": _sentence(one)} for one in parameters},
        "required": [one.name for one in parameters if not one.default],
        "additionalProperties": False,
    }
    records = {
        name: {"type": "object", "properties": fields, "required": list(fields)} for name, fields in _RESULT.items()
    }
    lists = {
        "entities": {"type": "array", "items": _reference("Entity")},
        "relations": {"type": "array", "items": _reference("Relation")},
    }
    schemas = {
        "Call": call,
        "Result": {"type": "object", "properties": lists, "required": list(lists)},
        "Refusal": {"type": "object", "properties": {"detail": {"type": "string"}}, "required": ["detail"]},
        "Status": {"type": "object", "properties": {"status": {"type": "string"}}, "required": ["status"]},
        **records,
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "SpERT",
            "version": __version__,
            "description": f"Entities and the relations between them, extracted by {model}.",
        },
        "paths": _paths(),
        "components": {"schemas": schemas},
    }


def _sentence(parameter: Parameter) -> str:
    return f"{parameter.description} (default: {parameter.default})" if parameter.default else parameter.description


def _paths() -> dict[str, Any]:
    refusals = {str(status): _response(what, "Refusal") for status, what in _REFUSALS.items()}
    extract = {
        "operationId": "extract",
        "summary": "Extract entities and relations from a text",
        "requestBody": {"required": True, "content": _json("Call")},
        "responses": {"200": _response("What was found.", "Result"), **refusals},
    }
    ready = {"200": _response("Calls are answered.", "Status"), "503": _response("They are not.", "Status")}
    metrics = {"description": "Metrics.", "content": {"text/plain": {"schema": {"type": "string"}}}}
    return {
        "/extract": {"post": extract},
        "/health": _get("health", "Whether the server runs", {"200": _response("It runs.", "Status")}),
        "/ready": _get("ready", "Whether the server answers calls", ready),
        "/metrics": _get("metrics", "Metrics for Prometheus", {"200": metrics}),
        "/openapi.json": _get("openapi", "This document", {"200": {"description": "This document."}}),
    }


def _get(operation: str, summary: str, responses: dict[str, Any]) -> dict[str, Any]:
    return {"get": {"operationId": operation, "summary": summary, "responses": responses}}


def _response(description: str, schema: str) -> dict[str, Any]:
    return {"description": description, "content": _json(schema)}


def _json(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": _reference(schema)}}


def _reference(schema: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{schema}"}
