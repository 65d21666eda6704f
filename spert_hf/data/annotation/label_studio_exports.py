"""Telling Label Studio's JSON export from its other exports, which hold no relations."""

from __future__ import annotations

import re

from ..faults import Fault
from .sample import Sample

ALLOWED = 'Label Studio\'s export "JSON", which is the only one with relations'

_NAMES = {"annotation_id", "lead_time", "updated_at"}
"""What JSON_MIN, CSV and TSV call what they know of an annotation, beside the task's own data."""
_CONLL = re.compile(r"-DOCSTART- -X- O\s*\n(?:\s*\n)*\S+ -X- _ \S+\s*\n")


def is_export(sample: Sample) -> bool:
    """Whether it is the JSON export, or a list of tasks that were made to be imported."""
    keys = sample.keys_of_first() if sample.is_list else set()
    if "data" in keys:
        return not keys.isdisjoint({"annotations", "completions", "predictions", "drafts"})
    # The data stand behind the annotations, which may be longer than what was looked at.
    return not keys.isdisjoint({"annotations", "completions"}) and '"from_name"' in sample.start


def other_export(sample: Sample) -> Fault | None:
    """The fault of a file that is another one of Label Studio's exports."""
    name = _name_of_other(sample)
    if name is None:
        return None
    return Fault("", f"the export {name}, which holds no relations", ALLOWED)


def _name_of_other(sample: Sample) -> str | None:
    if sample.is_list:
        keys = sample.keys_of_first()
        return "JSON_MIN" if keys >= _NAMES and "data" not in keys else None
    if _CONLL.match(sample.start):
        return "CONLL2003"
    first = sample.start.split("\n", 1)[0]
    for name, separator in (("CSV", ","), ("TSV", "\t")):
        if {column.strip().strip('"') for column in first.split(separator)} >= _NAMES:
            return name
    return None
