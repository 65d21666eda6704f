"""Which of the annotations of a Label Studio task are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..faults import Location, list_names, short_repr
from .checks import list_in
from .options import ReadingOptions
from .report import Report


@dataclass(frozen=True, slots=True)
class Annotation:
    """What one annotator has made of a task.

    Attributes:
        content: As the file has it.
        field: Its path in the task.
    """

    content: Mapping[str, Any]
    field: str

    @property
    def time(self) -> tuple[float, str, int]:
        """When it was last changed, to be compared with others of the same task."""
        of_old, now, number = 0.0, "", self.content.get("id")
        for key in ("created_at", "updated_at"):
            value = self.content.get(key)
            if isinstance(value, str):
                now = value.removesuffix("Z")
            elif isinstance(value, (int, float)) and abs(value) < 1e300:  # versions of 2020
                of_old = float(value)
        return of_old, now, number if isinstance(number, int) else -1

    @property
    def annotators(self) -> Iterator[str]:
        """What its annotator is called: number, address or name."""
        by = self.content.get("completed_by")
        names = [by.get(key) for key in ("id", "email", "username")] if isinstance(by, dict) else [by]
        for name in (*names, self.content.get("created_username")):
            if isinstance(name, (int, str)) and not isinstance(name, bool):
                yield str(name).split(",")[0].strip()


class AnnotationChoice:
    """Chooses among the annotations of one task after the other, and counts those that are left out.

    Args:
        options: Which annotations are wanted.
        report: Takes the counts.
    """

    def __init__(self, options: ReadingOptions, report: Report) -> None:
        self._wanted = options.annotations
        self._user = options.user
        self._report = report
        self._annotators: dict[str, None] = {}
        self._found_user = False
        self._predictions = 0

    def __call__(self, task: Mapping[str, Any], location: Location) -> list[Annotation]:
        """The annotations of a task that are read, in the file's order."""
        report = self._report
        drafts = list_in(task, "drafts", location, report)
        predictions = list_in(task, "predictions", location, report)
        annotations = [*self._finished(task, location)]
        self._predictions += len(predictions)
        if _key(task) != "annotations":
            report.note("completions are read as annotations, which versions of 2020 called so")
        report.skip("texts", "a draft that was not submitted", location, "drafts", len(drafts))
        if not (annotations or drafts or task.get(_key(task))):
            report.skip("texts", "not annotated" + (", only predicted" if predictions else ""), location)
        if self._user is not None:
            annotations = [*self._of_user(annotations, location)]
        if self._wanted == "all" or len(annotations) < 2:
            return annotations
        latest = max(annotations, key=lambda annotation: annotation.time)
        for annotation in annotations:
            if annotation is not latest:
                reason = "a later annotation of the same task is read (--annotations all reads each)"
                report.skip("texts", reason, location, annotation.field)
        return [latest]

    def tell(self, path: Path) -> None:
        """Note what holds for the whole file, at its end."""
        if self._predictions:
            self._report.note(f"predictions are not read, but for what annotators made of them: {self._predictions:,}")
        if self._user is not None and self._annotators and not self._found_user:
            allowed = f"all, latest or by one of {list_names([*self._annotators])}"
            self._report.fault(Location(str(path)), "annotations", repr(f"by {self._user}"), allowed)

    def _finished(self, task: Mapping[str, Any], location: Location) -> Iterator[Annotation]:
        """Those that were not skipped."""
        key = _key(task)
        for number, content in enumerate(list_in(task, key, location, self._report)):
            annotation = Annotation(content, f"{key}[{number}]")
            if not isinstance(content, dict):
                self._report.fault(location, annotation.field, short_repr(content), "an object with a result")
                continue
            skipped = content.get("was_cancelled")
            if skipped is not None and not isinstance(skipped, bool):
                field = f"{annotation.field}.was_cancelled"
                self._report.fault(location, field, short_repr(skipped), "true or false")
            elif skipped:
                self._report.skip("texts", "skipped by the annotator", location, annotation.field)
            else:
                yield annotation

    def _of_user(self, annotations: list[Annotation], location: Location) -> Iterator[Annotation]:
        for annotation in annotations:
            names = [*annotation.annotators]
            self._annotators.update(dict.fromkeys(names))
            if self._user in names:
                self._found_user = True
                yield annotation
            else:
                self._report.skip("texts", "of another annotator", location, annotation.field)


def _key(task: Mapping[str, Any]) -> str:
    """What a task calls its annotations, which versions of 2020 named otherwise."""
    return "completions" if "annotations" not in task and "completions" in task else "annotations"
