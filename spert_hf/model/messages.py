"""The format of error messages: the setting or value, what it must be, and what was given."""

from __future__ import annotations

from collections.abc import Iterable


def must(field: str, requirement: str, given: object = None) -> str:
    """Format `FIELD must REQUIREMENT, got GIVEN`.

    Args:
        field: name or path of the value; empty if the location before the message names it.
        requirement: the requirement, such as `have two ends`.
        given: what was given, in words or as a `repr`, truncated if it may be long. `None`: not shown.
    """
    return f"{field} must {requirement}{'' if given is None else f', got {given}'}".lstrip()


def must_be(field: str, allowed: str, given: object = None) -> str:
    """Format `FIELD must be ALLOWED, got GIVEN`; see [`must`]."""
    return must(field, f"be {allowed}", given)


def either(choices: Iterable[object]) -> str:
    """Format choices, such as `'keep', 'drop' or 'best'`."""
    *first, last = map(repr, choices)
    return f"{', '.join(first)} or {last}" if first else last


def integer(least: float, most: float | None = None) -> str:
    """Format the bounds of an integer: `"an integer from 0 to 4"`, or `"an integer of 0 or more"`."""
    return f"an integer {_bounds(least, most)}"


def number(least: float, most: float | None = None) -> str:
    """Format the bounds of a number: `"a number from 0 to 1"`, or `"a number of 0 or more"`."""
    return f"a number {_bounds(least, most)}"


def _bounds(least: float, most: float | None) -> str:
    return f"of {least} or more" if most is None else f"from {least} to {most}"
