"""The one form of a refusal: which setting or value it is about, what it must be, and what was given."""

from __future__ import annotations

from collections.abc import Iterable


def must(field: str, requirement: str, given: object = None) -> str:
    """`FIELD must REQUIREMENT, got GIVEN`.

    Args:
        field: Name or path of the value; empty where the place that stands before the message says it.
        requirement: What it must do, such as `have two ends`.
        given: What was given, in words or as a `repr` that is cut where it may be long. `None`: it is not to be shown.
    """
    return f"{field} must {requirement}{'' if given is None else f', got {given}'}".lstrip()


def must_be(field: str, allowed: str, given: object = None) -> str:
    """`FIELD must be ALLOWED, got GIVEN`; see [`must`]."""
    return must(field, f"be {allowed}", given)


def either(choices: Iterable[object]) -> str:
    """The choices as Python writes them, for a sentence, such as `'keep', 'drop' or 'best'`."""
    *first, last = map(repr, choices)
    return f"{', '.join(first)} or {last}" if first else last


def integer(least: float, most: float | None = None) -> str:
    """What an integer must be, for a message: `"an integer from 0 to 4"`, or `"an integer of 0 or more"`."""
    return f"an integer {_bounds(least, most)}"


def number(least: float, most: float | None = None) -> str:
    """What a number must be, for a message: `"a number from 0 to 1"`, or `"a number of 0 or more"`."""
    return f"a number {_bounds(least, most)}"


def _bounds(least: float, most: float | None) -> str:
    return f"of {least} or more" if most is None else f"from {least} to {most}"
