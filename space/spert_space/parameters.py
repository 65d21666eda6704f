"""What a call of the API may be given; every way to call it checks by these functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spert_hf.model.choices import OVERLAP_POLICIES
from spert_hf.model.messages import either, must_be

PARAMETERS = ("text", "relation_threshold", "entity_score", "overlap")


def check_names(given: object) -> None:
    """Check that a call names its parameters, a text among them, and nothing else.

    Raises:
        ValueError: it does not.
    """
    allowed = f"an object with {', '.join(PARAMETERS)}"
    if not isinstance(given, dict):
        raise ValueError(must_be("the body", allowed, type(given).__name__))
    unknown = [name for name in given if name not in PARAMETERS]
    if unknown:
        raise ValueError(must_be("the body", f"{allowed} and nothing else", ascii(unknown[0])[:40]))
    if "text" not in given:
        raise ValueError(must_be("the body", allowed, "no text"))


def check_values(given: Mapping[str, Any], max_characters: int) -> None:
    """Check the values of a call; `None` stands for a default, but for the text.

    No message repeats what was given: the page shows them as HTML.

    Raises:
        ValueError: a value has the wrong type or is out of bounds.
    """
    check_text(given["text"], max_characters)
    for name in ("relation_threshold", "entity_score"):
        if given.get(name) is not None:
            check_fraction(name, given[name])
    overlap = given.get("overlap")
    if overlap is not None and not (isinstance(overlap, str) and overlap in OVERLAP_POLICIES):
        raise ValueError(must_be("overlap", either(OVERLAP_POLICIES)))


def check_text(text: object, max_characters: int) -> None:
    """Check that a text is one and not too long; raises ValueError."""
    if not isinstance(text, str):
        raise ValueError(must_be("text", "a string"))
    if len(text) > max_characters:
        raise ValueError(
            f"{must_be('text', f'at most {max_characters:,} characters long', f'{len(text):,}')}. "
            "For longer texts use spert-hf extract on your own machine."
        )


def check_fraction(name: str, value: object) -> None:
    """Check that a value is a number from 0 to 1; raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError(must_be(name, "a number from 0 to 1"))
