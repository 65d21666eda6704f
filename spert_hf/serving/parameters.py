"""The parameters of a call: how they are described and checked, whichever way the API is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..model.choices import OVERLAP_POLICIES
from ..model.messages import either, must_be
from .bodies import json_type


class Parameter(NamedTuple):
    """A parameter of a call.

    Attributes:
        name: its name.
        default: its default, in words; empty for one that must be given.
        description: what it does, in Markdown.
        schema: its JSON Schema.
    """

    name: str
    default: str
    description: str
    schema: dict[str, Any]


_FRACTION = {"type": ["number", "null"], "minimum": 0, "maximum": 1}

PARAMETERS = ("text", "relation_threshold", "entity_score", "overlap")


def describe_parameters(max_characters: int) -> list[Parameter]:
    """Describe the parameters, for people and in JSON Schema.

    Args:
        max_characters: the maximum length of a text.
    """
    overlap = {"enum": [*OVERLAP_POLICIES, None]}
    descriptions: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("", f"up to {max_characters:,} characters", {"type": "string", "maxLength": max_characters}),
        ("set by the model", "minimum score of a relation, 0 to 1", _FRACTION),
        ("0", "minimum score of an entity, 0 to 1", {**_FRACTION, "default": 0}),
        (
            "set by the model",
            'overlapping entities: `"keep"` all, `"drop"` all, or keep the `"best"`',
            overlap,
        ),
    )
    return [Parameter(name, *described) for name, described in zip(PARAMETERS, descriptions, strict=True)]


def check_names(given: object) -> None:
    """Check the names of a call's parameters.

    Args:
        given: the request body.

    Raises:
        ValueError: the body is not an object, has no `text`, or has an unknown parameter.
    """
    allowed = f"an object with {', '.join(PARAMETERS)}"
    if not isinstance(given, dict):
        raise ValueError(must_be("the body", allowed, json_type(given)))
    unknown = [name for name in given if name not in PARAMETERS]
    if unknown:
        raise ValueError(must_be("the body", f"{allowed} and nothing else", ascii(unknown[0])[:40]))
    if "text" not in given:
        raise ValueError(must_be("the body", allowed, "no text"))


def check_values(given: Mapping[str, Any], max_characters: int) -> None:
    """Check the values of a call's parameters.

    Messages do not repeat any value, as the demo's page renders them as HTML.

    Args:
        given: the parameters; `None` means the default, except for `text`.
        max_characters: the maximum length of the text.

    Raises:
        ValueError: a value has the wrong type or is out of range.
    """
    check_text(given["text"], max_characters)
    for name in ("relation_threshold", "entity_score"):
        if given.get(name) is not None:
            check_fraction(name, given[name])
    overlap = given.get("overlap")
    if overlap is not None and not (isinstance(overlap, str) and overlap in OVERLAP_POLICIES):
        raise ValueError(must_be("overlap", either(OVERLAP_POLICIES)))


def check_text(text: object, max_characters: int) -> None:
    """Check a text.

    Args:
        text: the text.
        max_characters: its maximum length.

    Raises:
        ValueError: it is not a string, or too long.
    """
    if not isinstance(text, str):
        raise ValueError(must_be("text", "a string"))
    if len(text) > max_characters:
        raise ValueError(
            f"{must_be('text', f'at most {max_characters:,} characters long', f'{len(text):,}')}. "
            "For longer texts, use spert-hf extract on your own machine."
        )


def check_fraction(name: str, value: object) -> None:
    """Check that a value is a number from 0 to 1.

    Args:
        name: the parameter.
        value: its value.

    Raises:
        ValueError: it is not.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError(must_be(name, "a number from 0 to 1"))
