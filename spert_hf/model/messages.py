"""The format of error messages: the setting or value, what it must be, and what was given."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from difflib import get_close_matches

_LONGEST_NAME = 60
"""Letters of a name that are compared and shown."""


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


def kind_of(value: object) -> str:
    """What was given where its value would say nothing: `"an object of type int"`, or `"None"`."""
    return "None" if value is None else f"an object of type {type(value).__name__}"


def nearest(name: object, names: Iterable[str], likeness: float = 0.6) -> list[str]:
    """The names, two at most, that a misspelt one is most like, the likest first; case does not count.

    Args:
        name: That was given.
        names: Those it may be meant to be.
        likeness: How close they have to be, from 0 to 1, as `difflib` measures it.
    """
    folded = {one.casefold(): one for one in names}
    close = get_close_matches(str(name)[:_LONGEST_NAME].casefold(), folded, n=2, cutoff=likeness)
    return [folded[one] for one in close]


def did_you_mean(name: object, names: Collection[str], likeness: float = 0.6) -> str:
    """`" (did you mean 'Loc'?)"` where a misspelt name is like one or two of the names, else `""`; see [`nearest`]."""
    close = nearest(name, names, likeness)
    cut = (one if len(one) <= _LONGEST_NAME else f"{one[:_LONGEST_NAME]}…" for one in close)
    return f" (did you mean {either(cut)}?)" if close else ""


def integer(least: float, most: float | None = None) -> str:
    """Format the bounds of an integer: `"an integer from 0 to 4"`, or `"an integer of 0 or more"`."""
    return f"an integer {_bounds(least, most)}"


def number(least: float, most: float | None = None) -> str:
    """Format the bounds of a number: `"a number from 0 to 1"`, or `"a number of 0 or more"`."""
    return f"a number {_bounds(least, most)}"


def _bounds(least: float, most: float | None) -> str:
    return f"of {least} or more" if most is None else f"from {least} to {most}"
