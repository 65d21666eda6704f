"""Label Studio: its JSON export is read, predictions for its import are written, with the labelling interface.

An export is a list of tasks, each with the `data` that was shown and the `annotations` of several annotators, whose
`result` holds regions and relations.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..faults import DocumentError, LocatedFault, Location, list_names, short_repr
from .annotated_text import AnnotatedText
from .checks import list_in
from .json_items import read_json_list
from .label_studio_annotations import Annotation, AnnotationChoice
from .label_studio_exports import is_export, other_export
from .label_studio_html import rendered_text
from .label_studio_offsets import UnitChoice
from .label_studio_results import HYPERTEXT, REGIONS, Results, is_of, shown_regions
from .label_studio_writer import write
from .offsets import Offsets
from .options import ReadingOptions
from .report import Report
from .sample import Sample

__all__ = ["read", "recognises", "write"]

_ALLOWED = "a task of Label Studio's with data and annotations"


def recognises(sample: Sample) -> bool:
    """Whether it is a list of tasks.

    Raises:
        DocumentError: It is an export of Label Studio's that holds no relations.
    """
    fault = other_export(sample)
    if fault is not None:
        raise DocumentError([LocatedFault(Location(str(sample.path)), fault)])
    return is_export(sample)


def read(path: Path, options: ReadingOptions, report: Report) -> Iterator[AnnotatedText]:
    """Read a text for each annotation that is wanted."""
    fault = other_export(Sample.of(path))
    if fault is not None:
        report.faults.append(LocatedFault(Location(str(path)), fault))
        return
    reader = _Reader(options, report)
    for location, task in read_json_list(path, report, _ALLOWED):
        yield from reader.texts(task, _shown(location, task))
    reader.tell(path)


class _Reader:
    """Reads one task after the other.

    Args:
        options: What is wanted.
        report: Takes counts, notes and faults.
    """

    def __init__(self, options: ReadingOptions, report: Report) -> None:
        self._report = report
        self._text_key = options.text_key
        self._choose = AnnotationChoice(options, report)
        self._unit = UnitChoice(options.offsets, report)
        self._html_keys: set[str] = set()
        self._unread: Counter[str] = Counter()
        self._labels: set[str] = set()

    def texts(self, task: Mapping[str, Any], location: Location) -> Iterator[AnnotatedText]:
        """The texts of a task: one for each of its annotations that is read."""
        data = task.get("data")
        if not isinstance(data, dict):
            given = short_repr(data) if "data" in task else "nothing"
            self._report.fault(location, "data", given, "an object with the text, as in a task of Label Studio's")
            return
        for annotation in self._choose(task, location):
            field = f"{annotation.field}.result"
            results = list_in(annotation.content, "result", location, self._report, field)
            key = self._key_of_text(data, results, location)
            if key is None:
                continue
            text = rendered_text(data[key]) if self._is_html(key, results) else data[key]
            unit = self._unit(text, shown_regions(results))
            found = Results(text, Offsets(text, unit), field, location, self._report, self._unread, self._labels)
            found.read(results)
            extra = _extra(task, data, key, annotation)
            yield AnnotatedText(text, found.entities, found.relations, _identifier(task, data), location, extra)

    def tell(self, path: Path) -> None:
        """Note what holds for the whole file, at its end."""
        self._choose.tell(path)
        self._unit.tell()
        if self._unread:
            counts = [f"{name} ({count:,})" for name, count in sorted(self._unread.items())]
            self._report.note(f"not read, as they are neither regions nor relations: {list_names(counts)}")

    def _key_of_text(self, data: Mapping[str, Any], results: list[Any], location: Location) -> str | None:
        """The key of the text that was annotated, which the file does not say; `None`, and a fault, if it's not plain.

        It is the one that is asked for, else `text`, else the one that regions name, else the only text.
        """
        if self._text_key is not None or "text" in data:
            key = self._text_key or "text"
            if isinstance(data.get(key), str):
                return key
            given = short_repr(data[key]) if key in data else f"nothing, but {list_names([*map(str, data)])}"
            self._report.fault(location, f"data.{key}", given, "the text, a string (--text-key names another)")
            return None
        keys = [key for key, value in data.items() if isinstance(value, str)]
        named = [result.get("to_name") for result in results if isinstance(result, dict) and is_of(result, REGIONS)]
        of_html = ["html"] if any(is_of(result, (HYPERTEXT,)) for result in results) else []
        for name in (*named, *of_html, *(keys if len(keys) == 1 else [])):
            if name in keys:
                return str(name)
        given = f"several texts, {list_names(keys)}" if keys else f"no text, but {list_names([*data]) or 'nothing'}"
        self._report.fault(location, "data", given, "one with text or with a single string (--text-key names the text)")
        return None

    def _is_html(self, key: str, results: list[Any]) -> bool:
        """Whether the text was shown as HTML, as regions of it say, or those of the tasks before."""
        of_first = next((result["type"] for result in results if is_of(result, REGIONS)), None)
        if of_first == HYPERTEXT:
            self._html_keys.add(key)
        return of_first == HYPERTEXT or (of_first is None and (key == "html" or key in self._html_keys))


def _shown(location: Location, task: Mapping[str, Any]) -> Location:
    """A task's place with the number under which the tool shows it, as nobody can look records up there."""
    number = task.get("id")
    plain = isinstance(number, int) and not isinstance(number, bool)
    return replace(location, shown_as=f"task {number}") if plain else location


def _identifier(task: Mapping[str, Any], data: Mapping[str, Any]) -> str | None:
    """What names the text: the id that was imported with it, else the task's."""
    for value in (data.get("id"), task.get("id")):
        if isinstance(value, (str, int)) and not isinstance(value, bool):
            return str(value)
    return None


def _extra(task: Mapping[str, Any], data: Mapping[str, Any], key: str, annotation: Annotation) -> dict[str, Any]:
    """What else is known of the text."""
    extra = {"task": task.get("id"), "annotation": annotation.content.get("id")}
    extra["completed_by"] = annotation.content.get("completed_by")
    known = {name: value for name, value in extra.items() if value is not None}
    others = {name: value for name, value in data.items() if name not in (key, "id")}
    return {**known, **({"data": others} if others else {})}
