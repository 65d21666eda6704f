"""Checks that readers of annotation files share: each notes a fault where a value is not what it must be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...model.messages import integer
from ..faults import Location, is_name, is_text, short_repr
from .offsets import Offsets
from .report import Report


def text_in(record: Mapping[str, Any], key: str, location: Location, report: Report) -> str | None:
    """The string of a key; `None`, and a fault, if it is none."""
    value = record.get(key)
    if is_text(value):
        return str(value)
    report.fault(location, key, short_repr(value) if key in record else "nothing", "a string of valid Unicode")
    return None


def list_in(record: Mapping[str, Any], key: str, location: Location, report: Report, path: str = "") -> list[Any]:
    """The list of a key; an empty one where it is absent or `None`, and with a fault where it is something else."""
    value = record.get(key)
    if value is None or isinstance(value, list):
        return value or []
    report.fault(location, path or key, short_repr(value), "a list")
    return []


def label_of(value: object, location: Location, field: str, report: Report) -> tuple[str | None, bool]:
    """A label, `None` for none, and whether it may be used: if not, it is at fault."""
    if value is None or value == "":
        return None, True
    if is_name(value):
        return str(value), True
    report.fault(location, field, short_repr(value), "the name of a type")
    return None, False


def span_of(
    start: object,
    end: object,
    offsets: Offsets,
    location: Location,
    field: str,
    report: Report,
    last: str = "end",
    first: str | None = None,
) -> tuple[int, int] | None:
    """A mention's place in code points; `None`, and a fault, if there is no such place in the text.

    Args:
        start: What the file gives for its start.
        end: And for its end.
        offsets: Of the text, in the file's unit.
        location: The text.
        field: The mention's path in its record, such as `entities[3]`.
        report: Takes the fault.
        last: What the file calls the end.
        first: And the start. Default: the same with `start` for `end`.
    """
    converted = (_code_points(start, offsets), _code_points(end, offsets))
    if converted[0] is not None and converted[1] is not None and converted[0] < converted[1]:
        return converted[0], converted[1]
    first = first or last.replace("end", "start")
    for name, value, least, place in ((first, start, 0, converted[0]), (last, end, 1, converted[1])):
        if place is None or place < least:
            inside = ", inside a character" if _is_offset(value, offsets) and place is None else ""
            given = "nothing" if value is None else f"{short_repr(value)}{inside}"
            report.fault(location, f"{field}.{name}", given, f"{integer(least, offsets.length)} (the text's length)")
            return None
    report.fault(location, f"{field}.{last}", short_repr(end), f"more than the {first}, {start}")
    return None


def _is_offset(value: object, offsets: Offsets) -> bool:
    return type(value) is int and 0 <= value <= offsets.length


def _code_points(value: object, offsets: Offsets) -> int | None:
    return offsets.to_code_points(value) if type(value) is int else None  # a bool is no offset


def score_of(item: Mapping[str, Any]) -> float | None:
    """What a model gave an annotation; `None` if nothing, or no probability, stands there."""
    score = item.get("score")
    is_number = isinstance(score, (int, float)) and not isinstance(score, bool)
    return float(score) if is_number and 0 <= score <= 1 else None  # type: ignore[arg-type, operator]
