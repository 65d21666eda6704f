"""A self-contained HTML page with the scores and each document's right, missed and spurious items."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from ..files.atomic import write_atomically
from ..model.messages import must_be
from .comparison import ComparedItem, DocumentComparison, Status, compare_document
from .report import TASK_MEANINGS, TASK_NAMES, describe_setting, score_cells
from .spert_metric.scoring import (
    Entity,
    EvaluationResult,
    Relation,
    Score,
    pair_records,
    score_documents,
    symmetric_names,
)
from .visible_text import visible

_SYMBOLS = {Status.RIGHT: "✓", Status.MISSED: "○", Status.SPURIOUS: "✕", Status.LEFT_OUT: "·"}
_CLASSES = {status: status.value.replace(" ", "-") for status in Status}
_EXCERPT_LENGTH = 160


def write_html_report(
    path: str | Path,
    documents: Iterable[Mapping[str, Any]],
    predictions: Iterable[Mapping[str, Any]],
    *,
    no_overlapping: bool = False,
    symmetric_relation_types: Iterable[str] = (),
    title: str = "Evaluation",
) -> Path:
    """Write the page of `render_html_report` to a UTF-8 file, creating its folder if needed, and return its path."""
    page = render_html_report(
        documents,
        predictions,
        no_overlapping=no_overlapping,
        symmetric_relation_types=symmetric_relation_types,
        title=title,
    )
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, [page])
    return path


def render_html_report(
    documents: Iterable[Mapping[str, Any]],
    predictions: Iterable[Mapping[str, Any]],
    *,
    no_overlapping: bool = False,
    symmetric_relation_types: Iterable[str] = (),
    title: str = "Evaluation",
) -> str:
    """Return an HTML page that needs no other file and no script, with all text from the data escaped.

    Args:
        documents: annotated documents with their `tokens`.
        predictions: one record per document, in the same order; entities and relations may have a `score`.
        no_overlapping: see `score_documents`.
        symmetric_relation_types: see `score_documents`.
        title: the page's heading.

    Raises:
        ValueError: see `score_documents`; also if a document has no tokens.
    """
    symmetric = symmetric_names(symmetric_relation_types)
    pairs = pair_records(documents, predictions)
    result = score_documents(
        (document for document, _ in pairs),
        (prediction for _, prediction in pairs),
        no_overlapping=no_overlapping,
        symmetric_relation_types=symmetric,
    )
    sentences = [
        _sentence_view(index, document, prediction, no_overlapping, symmetric)
        for index, (document, prediction) in enumerate(pairs)
    ]
    template = _environment().get_template("report.html.jinja")
    return template.render(
        title=title,
        setting=describe_setting(result),
        symmetric=sorted(symmetric),
        averages=_average_rows(result),
        task_types=_type_rows(result),
        sentences=sentences,
        error_count=sum(sentence["errors"] > 0 for sentence in sentences),
        legend=[(_CLASSES[status], _SYMBOLS[status], status.value) for status in Status],
        no_overlapping=no_overlapping,
    )


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("spert_hf.evaluation"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["visible"] = visible
    return environment


def _average_rows(result: EvaluationResult) -> list[dict[str, Any]]:
    return [
        {
            "name": TASK_NAMES[task],
            "meaning": TASK_MEANINGS[task],
            "micro": score_cells(scores.micro),
            "macro": score_cells(scores.macro),
        }
        for task, scores in result.tasks.items()
    ]


def _type_rows(result: EvaluationResult) -> list[tuple[str, list[tuple[str, Sequence[str]]]]]:
    def rows(per_type: Mapping[str, Score]) -> list[tuple[str, Sequence[str]]]:
        return [(name, score_cells(score)) for name, score in per_type.items()]

    return [(TASK_NAMES[task], rows(scores.per_type)) for task, scores in result.tasks.items()]


def _sentence_view(
    index: int,
    document: Mapping[str, Any],
    prediction: Mapping[str, Any],
    no_overlapping: bool,
    symmetric: frozenset[str],
) -> dict[str, Any]:
    tokens = document.get("tokens")
    if tokens is None:
        raise ValueError(must_be(f"documents[{index}].tokens", "there, as the report shows them", "none"))
    compared = compare_document(document, prediction, no_overlapping=no_overlapping, symmetric=symmetric, index=index)
    words = [visible(str(token)) for token in tokens]
    return {
        "number": index + 1,
        "excerpt": _excerpt(words),
        "cells": _token_cells(words, compared.entities),
        "tally": _tally(compared),
        "errors": compared.count(Status.MISSED) + compared.count(Status.SPURIOUS),
        "entities": [_entity_view(entity, words) for entity in compared.entities],
        "relations": [_relation_view(relation, words, symmetric) for relation in compared.relations],
    }


def _excerpt(words: Sequence[str]) -> str:
    text = " ".join(words)
    return text if len(text) <= _EXCERPT_LENGTH else text[: _EXCERPT_LENGTH - 1].rstrip() + "…"


def _tally(compared: DocumentComparison) -> list[tuple[str, str, str, int]]:
    """Return (CSS class, symbol, name, number) of each status that occurs."""
    counts = [(status, compared.count(status)) for status in Status]
    return [(_CLASSES[status], _SYMBOLS[status], status.value, count) for status, count in counts if count]


def _item_view(compared: ComparedItem[Any]) -> dict[str, Any]:
    return {
        "class": _CLASSES[compared.status],
        "symbol": _SYMBOLS[compared.status],
        "status": compared.status.value,
        "type": compared.item[2],
        "score": None if compared.score is None else f"{compared.score:.3f}",
        "note": compared.note,
    }


def _entity_view(compared: ComparedItem[Entity], words: Sequence[str]) -> dict[str, Any]:
    return {**_item_view(compared), **_span_view(compared.item, words)}


def _relation_view(compared: ComparedItem[Relation], words: Sequence[str], symmetric: frozenset[str]) -> dict[str, Any]:
    head, tail, name = compared.item
    return {
        **_item_view(compared),
        "head": _span_view(head, words),
        "tail": _span_view(tail, words),
        "directed": name not in symmetric,
    }


def _span_view(entity: Entity, words: Sequence[str]) -> dict[str, Any]:
    start, end, name = entity
    return {"text": " ".join(words[start:end]), "type": name, "start": start, "end": end}


@dataclass
class _Bar:
    """The part of a span's bar under one token."""

    css_class: str
    symbol: str
    label: str
    first: bool
    last: bool
    roomy: bool
    """Whether the span's text has more characters than the label."""


def _token_cells(words: Sequence[str], entities: Sequence[ComparedItem[Entity]]) -> list[tuple[str, list[_Bar | None]]]:
    """Return (word, bars by lane) for each token; overlapping spans get different lanes, so that all are visible."""
    lanes: list[list[_Bar | None]] = [[] for _ in words]
    # Among spans that start together the longest comes first, so that it is closest to the text.
    for compared in sorted(entities, key=lambda compared: (compared.item[0], -compared.item[1], compared.item[2])):
        start, end, name = compared.item
        lane = _free_lane(lanes[start:end])
        roomy = end - start > 1 and len(" ".join(words[start:end])) > len(name) + 3
        for position in range(start, end):
            bars = lanes[position]
            bars.extend([None] * (lane + 1 - len(bars)))
            bars[lane] = _Bar(
                css_class=_CLASSES[compared.status],
                symbol=_SYMBOLS[compared.status],
                label=name,
                first=position == start,
                last=position == end - 1,
                roomy=roomy and position == start,
            )
    return list(zip(words, lanes, strict=True))


def _free_lane(cells: Sequence[Sequence[_Bar | None]]) -> int:
    """Return the first lane that is free for all these tokens."""
    depth = max(map(len, cells))
    lanes = range(depth + 1)
    return next(lane for lane in lanes if all(lane >= len(bars) or bars[lane] is None for bars in cells))
