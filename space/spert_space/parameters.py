"""What a call of the API may be given; every way to call it checks by these functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spert_hf.model.choices_spert import OVERLAP_POLICIES

PARAMETERS = ("text", "relation_threshold", "entity_score", "overlap")


def check_names(given: object) -> None:
    """Check that a call names its parameters, a text among them, and nothing else.

    Raises:
        ValueError: it does not.
    """
    allowed = f"allowed an object with {', '.join(PARAMETERS)}"
    if not isinstance(given, dict):
        raise ValueError(f"given {type(given).__name__}, {allowed}")
    unknown = [name for name in given if name not in PARAMETERS]
    if unknown:
        raise ValueError(f"given {ascii(unknown[0])[:40]}, {allowed}")
    if "text" not in given:
        raise ValueError(f"given no text, {allowed}")


def check_values(given: Mapping[str, Any], max_characters: int) -> None:
    """Check the values of a call; `None` stands for a default, but for the text.

    No message repeats what was given: the page shows them as HTML.

    Raises:
        ValueError: a value is not allowed.
    """
    check_text(given["text"], max_characters)
    for name in ("relation_threshold", "entity_score"):
        if given.get(name) is not None:
            check_fraction(name, given[name])
    overlap = given.get("overlap")
    if overlap is not None and not (isinstance(overlap, str) and overlap in OVERLAP_POLICIES):
        raise ValueError(f"overlap: allowed {', '.join(OVERLAP_POLICIES)}")


def check_text(text: object, max_characters: int) -> None:
    """Check that a text is one and not too long; raises ValueError."""
    if not isinstance(text, str):
        raise ValueError("text: allowed a string")
    if len(text) > max_characters:
        raise ValueError(
            f"The text is too long: given {len(text):,} characters, allowed {max_characters:,}. "
            "For longer ones use spert-hf extract on your own machine."
        )


def check_fraction(name: str, value: object) -> None:
    """Check that a value is a number from 0 to 1; raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError(f"{name}: allowed a number from 0 to 1")
