"""Predictions for Label Studio's import, which checks nothing: what breaks the annotator's page must not be written."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ...files.atomic import write_atomically
from ...files.outputs import check_replaceable, is_stream, real_target
from ..faults import is_text
from ..textfiles import to_json_line
from .annotated_text import AnnotatedText, TextEntity, TextRelation
from .label_studio_interface import LABELS, TEXT, is_label, labelling_interface
from .options import WritingOptions
from .report import Report


def write(texts: Iterable[AnnotatedText], path: Path, options: WritingOptions, report: Report) -> None:
    """Write a task with a prediction for each text, and beside them the labelling interface."""
    interface = path.with_name(f"{path.stem}.labels.xml")
    labelling_interface(options.entity_types, options.relation_types)  # what is wrong with the types is told at once
    if not is_stream(path):
        check_replaceable(real_target(interface))
    tasks = Tasks(options, report)
    write_atomically(path, tasks.parts(texts))
    if is_stream(path):
        return
    written = labelling_interface([*tasks.entity_types], [*tasks.relation_types], tasks.several)
    write_atomically(interface, [written])
    report.note(f"the project's labelling interface (Settings, Labeling Interface, Code): {interface}")


class Tasks:
    """Turns texts into tasks, and collects the labels that their interface needs.

    Args:
        options: The model's name and types.
        report: Takes the counts.
    """

    def __init__(self, options: WritingOptions, report: Report) -> None:
        self.entity_types = dict.fromkeys(options.entity_types)
        self.relation_types = dict.fromkeys(options.relation_types)
        self.several = False
        """Whether a region has several labels."""
        self._model_version = options.model_version
        self._report = report

    def parts(self, texts: Iterable[AnnotatedText]) -> Iterator[str]:
        """The file, task for task."""
        separator = "[\n"
        for text in texts:
            self._report.read("texts")
            self._report.read("entities", len(text.entities))
            self._report.read("relations", len(text.relations))
            if is_text(text.text):
                yield separator + to_json_line(self._task(text))
                separator = ",\n"
                continue
            for kind, count in (("texts", 1), ("entities", len(text.entities)), ("relations", len(text.relations))):
                self._report.leave_out(kind, "of a text with half of a surrogate pair", text.source, count=count)
        yield "[]\n" if separator == "[\n" else "\n]\n"

    def _task(self, text: AnnotatedText) -> dict[str, Any]:
        identifier = {"id": text.id} if text.id is not None and is_text(text.id) else {}
        return {"data": {TEXT: text.text, **identifier}, "predictions": [self.prediction(text)]}

    def prediction(self, text: AnnotatedText) -> dict[str, Any]:
        """The prediction of a text: regions and relations, with their mean score if they have any."""
        regions = [self._region(text, number) for number in range(len(text.entities))]
        known = [number for number, region in enumerate(regions) if region is not None]
        pairs = _Pairs(text, {*known}, self._report)
        relations = pairs.relations()
        self.relation_types.update(dict.fromkeys(name for _, _, _, names in relations for name in names))
        written = Counter({"texts": 1, "entities": len(known), "relations": pairs.written})
        self._report.written.update(written)
        result = [region for region in regions if region is not None]
        result += [_relation(*relation) for relation in relations]
        prediction: dict[str, Any] = {"model_version": self._model_version, "result": result}
        found = [*(one.score for one in text.entities), *(one.score for one in text.relations)]
        scores = [score for score in found if score is not None and math.isfinite(score)]
        if scores:
            prediction["score"] = sum(scores) / len(scores)
        return prediction

    def _region(self, text: AnnotatedText, number: int) -> dict[str, Any] | None:
        """The region of an entity; `None` if there can't be one."""
        entity, place = text.entities[number], f"entities[{number}]"
        names = [] if entity.type is None else [*dict.fromkeys((entity.type, *entity.more_types))]
        reason = None
        if not 0 <= entity.start < entity.end <= len(text.text):
            reason = "no such place in the text"
        elif not all(is_label(name) for name in names):
            reason = "a label that the labelling interface, which is XML, can't hold"
        if reason is not None:
            self._report.leave_out("entities", reason, text.source, place)
            return None
        if entity.fragments:
            what = "in several parts: the region reaches from the first to the last"
            self._report.change("entities", what, text.source, place)
        self.entity_types.update(dict.fromkeys(names))
        self.several |= len(names) > 1
        return _labelled(text, entity, number, names)


class _Pairs:
    """Relations in Label Studio's form: one for each two regions, which has all the labels.

    The annotator's page refuses a second relation from the same region to the same other one.

    Args:
        text: The text.
        known: Positions of the entities that are written.
        report: Takes the counts.
    """

    def __init__(self, text: AnnotatedText, known: set[int], report: Report) -> None:
        self.written = 0
        """How many of the text's relations are written."""
        self._text = text
        self._known = known
        self._report = report
        self._labels: dict[tuple[int, int], list[str | None]] = {}

    def relations(self) -> list[tuple[int, int, str, list[str]]]:
        """Head, tail, direction and labels of each relation."""
        found = [(number, one) for number, one in enumerate(self._text.relations) if self._can_be_written(number, one)]
        directed = {frozenset((one.head, one.tail)) for _, one in found if not one.both_ways}
        for number, one in found:
            head, tail = one.head, one.tail
            if one.both_ways and frozenset((head, tail)) not in directed:
                self._add(min(head, tail), max(head, tail), one.type, number)
                continue
            self._add(head, tail, one.type, number)
            if one.both_ways and head != tail:
                what = "drawn both ways beside one that isn't: one for each direction"
                self._report.add("relations", what, self._text.source, f"relations[{number}]")
                self._add(tail, head, one.type, number)
        return [
            (head, tail, "right" if frozenset((head, tail)) in directed else "bi", self._names(head, tail, labels))
            for (head, tail), labels in self._labels.items()
        ]

    def _can_be_written(self, number: int, relation: TextRelation) -> bool:
        reason = None
        if relation.head not in self._known or relation.tail not in self._known:
            reason = "of an entity that is left out"
        elif relation.type is not None and not is_label(relation.type):
            reason = "a label that the labelling interface, which is XML, can't hold"
        if reason is not None:
            self._report.leave_out("relations", reason, self._text.source, f"relations[{number}]")
        return reason is None

    def _add(self, head: int, tail: int, name: str | None, number: int) -> None:
        labels = self._labels.setdefault((head, tail), [])
        if name in labels:
            self._report.leave_out("relations", "the same as another", self._text.source, f"relations[{number}]")
            return
        labels.append(name)
        self.written += 1

    def _names(self, head: int, tail: int, labels: Sequence[str | None]) -> list[str]:
        names = [name for name in labels if name is not None]
        if names and len(names) < len(labels):
            reason = "no label, beside one with a label of the same two entities"
            self._report.leave_out("relations", reason, self._text.source, f"the relation of {head} and {tail}")
            self.written -= 1
        return names


def _labelled(text: AnnotatedText, entity: TextEntity, number: int, names: list[str]) -> dict[str, Any]:
    return {
        "id": _identifier(number),
        "from_name": LABELS,
        "to_name": TEXT,
        "type": "labels",
        "value": {
            "start": entity.start,
            "end": entity.end,
            "text": text.text[entity.start : entity.end],
            "labels": names,
        },
        **({"score": entity.score} if entity.score is not None and math.isfinite(entity.score) else {}),
    }


def _relation(head: int, tail: int, direction: str, names: list[str]) -> dict[str, Any]:
    labels = {"labels": names} if names else {}
    ends = {"from_id": _identifier(head), "to_id": _identifier(tail)}
    return {"type": "relation", **ends, "direction": direction, **labels}


def _identifier(number: int) -> str:
    """The id of an entity's region, unique in its text."""
    return f"e{number + 1}"
