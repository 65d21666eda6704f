"""Reports of the kinds of errors as table cells, Markdown and plain data, with examples from the documents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..files.atomic import write_atomically
from ..model.card import as_code
from .error_analysis import ERROR_KINDS, ErrorAnalysis, ItemError, KindCount
from .marked_text import marked_text
from .mention_index import mentions_of
from .report import TASK_NAMES
from .spert_metric.scoring import Entity, Relation
from .visible_text import visible

EXAMPLE_COUNT = 10
ERROR_HEADINGS = ("error", "count", "share %", "FP", "FN", "types, gold → predicted")
_MOST_TYPES = 5
_SHORT = 30
"""The most tokens of a document that is preferred as an example and quoted as a whole."""
_CONTEXT = 8
"""Number of tokens around the mentions that are quoted from a longer document."""


@dataclass(frozen=True)
class ErrorExample:
    """An error as text: its task, its kind, the sentence with the mentions, the gold item and the prediction.

    `document` counts from 1, as in the other reports.
    """

    task: str
    kind: str
    document: int
    sentence: str
    expected: str
    found: str

    def __str__(self) -> str:
        """Return everything in one line."""
        return f"{self.heading}: {self.sentence} | expected: {self.expected} | found: {self.found}"

    @property
    def heading(self) -> str:
        """The task, the kind, and the number of the document."""
        return f"{TASK_NAMES[self.task]}, {self.kind} (document {self.document})"


def error_rows(analysis: ErrorAnalysis, task: str) -> list[tuple[str, ...]]:
    """Return the table rows below `ERROR_HEADINGS`: one per kind of error, and the total."""
    counts = analysis.counts(task)
    rows = [
        _cells(count.kind.value, count.count, count.share, count.false_positives, count.false_negatives, _types(count))
        for count in counts
    ]
    total = _cells(
        "all",
        sum(count.count for count in counts),
        sum(count.share for count in counts),
        sum(count.false_positives for count in counts),
        sum(count.false_negatives for count in counts),
        "",
    )
    return [*rows, total]


def error_examples(analysis: ErrorAnalysis, limit: int = EXAMPLE_COUNT) -> list[ErrorExample]:
    """Choose errors as examples: one of each kind, the most frequent kind first, then a second one of each, and so on.

    Within a kind, documents without an example so far come first, and short ones before long ones. Documents without
    tokens have no examples.

    Args:
        analysis: the errors.
        limit: the most examples per task.
    """
    queues = _quotable_by_kind(analysis)
    chosen: list[ItemError[Any]] = []
    quoted: set[int] = set()
    while len(chosen) < limit and any(queues):
        for queue in filter(None, queues):
            error = next((error for error in queue if error.document not in quoted), queue[0])
            queue.remove(error)
            quoted.add(error.document)
            chosen.append(error)
    return [_example(analysis, error) for error in chosen[:limit]]


def describe_errors(analysis: ErrorAnalysis, examples: int = EXAMPLE_COUNT) -> dict[str, Any]:
    """Return counts and examples as plain data for JSON.

    Args:
        analysis: the errors.
        examples: the most examples per task.

    Returns:
        For each task (`ner`, `rel_plus`): `errors`, their number, and `kinds`: the `count`, the `share` (percent of the
        task's errors), the `false_positives`, the `false_negatives` and `by_types` of each kind. `by_types` is a list
        of `gold` and `predicted` types (null for none) with their `count`, the most frequent first. Besides, `examples`
        is a list of lines of text.
    """
    tasks = {
        task: {
            "errors": len(errors),
            "kinds": {count.kind.value: _describe_count(count) for count in analysis.counts(task)},
        }
        for task, errors in analysis.errors.items()
    }
    return {**tasks, "examples": [str(example) for example in error_examples(analysis, examples)]}


def errors_to_markdown(analysis: ErrorAnalysis, examples: int = EXAMPLE_COUNT) -> str:
    """Return a table per task and a list of examples as Markdown, with all text from the data escaped."""
    lines = []
    for task in analysis.errors:
        lines += [f"**{TASK_NAMES[task]}**", "", *_markdown_table(error_rows(analysis, task)), ""]
    lines += [
        f"- {example.heading}: {as_code(example.sentence)} — expected {as_code(example.expected)}, "
        f"found {as_code(example.found)}"
        for example in error_examples(analysis, examples)
    ]
    return "\n".join(lines).rstrip("\n") + "\n"


def write_error_markdown(path: str | Path, analysis: ErrorAnalysis) -> Path:
    """Write what `errors_to_markdown` returns to a UTF-8 file, creating its folder if needed, and return its path."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, [errors_to_markdown(analysis)])
    return path


def _markdown_table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(ERROR_HEADINGS)} |"
    yield "|---|---:|---:|---:|---:|---|"
    for *figures, types in rows:
        # A vertical bar would end the cell, even in code.
        yield f"| {' | '.join(figures)} | {as_code(types).replace('|', chr(92) + '|') if types else ''} |"


def _cells(
    kind: str, count: int, share: float, false_positives: int, false_negatives: int, types: str
) -> tuple[str, ...]:
    return kind, str(count), f"{share:.1f}", str(false_positives), str(false_negatives), types


def _types(count: KindCount) -> str:
    """Return the most frequent types with their numbers of errors, and the number for all others."""
    ranked = _ranked(count)
    shown = [f"{_type_label(*types)} {number}" for types, number in ranked[:_MOST_TYPES]]
    if rest := sum(number for _, number in ranked[_MOST_TYPES:]):
        shown.append(f"others {rest}")
    return ", ".join(shown)


def _type_label(gold: str | None, predicted: str | None) -> str:
    names = [visible(name) for name in dict.fromkeys((gold, predicted)) if name is not None]
    return " → ".join(names)


def _ranked(count: KindCount) -> list[tuple[tuple[str | None, str | None], int]]:
    return sorted(count.by_types.items(), key=lambda item: (-item[1], tuple(name or "" for name in item[0])))


def _describe_count(count: KindCount) -> dict[str, Any]:
    return {
        "count": count.count,
        "share": count.share,
        "false_positives": count.false_positives,
        "false_negatives": count.false_negatives,
        "by_types": [
            {"gold": gold, "predicted": predicted, "count": number} for (gold, predicted), number in _ranked(count)
        ],
    }


def _quotable_by_kind(analysis: ErrorAnalysis) -> list[list[ItemError[Any]]]:
    """Return the errors in documents with tokens, by kind: the most frequent kind first, short documents first."""
    errors = [error for errors in analysis.errors.values() for error in errors if analysis.tokens[error.document]]
    errors.sort(key=lambda error: len(analysis.tokens[error.document]) > _SHORT)
    kinds = [kind for task_kinds in ERROR_KINDS.values() for kind in task_kinds]
    return sorted(([error for error in errors if error.kind is kind] for kind in kinds), key=len, reverse=True)


def _example(analysis: ErrorAnalysis, error: ItemError[Any]) -> ErrorExample:
    tokens = analysis.tokens[error.document]
    if error.task == "ner":
        expected, found = (_entity_text(item, tokens) for item in (error.gold, error.predicted))
    else:
        expected, found = (_relation_text(item, tokens, analysis.symmetric) for item in (error.gold, error.predicted))
    return ErrorExample(
        task=error.task,
        kind=error.kind.value,
        document=error.document + 1,
        sentence=_excerpt(tokens, _mentions(error)),
        expected=expected,
        found=found if error.score is None else f"{found} {error.score:.2f}",
    )


def _mentions(error: ItemError[Any]) -> list[Entity]:
    """Return the entities of an error: those of the gold item, and the prediction's that overlap none of them."""
    gold, predicted = (() if item is None else mentions_of(item) for item in (error.gold, error.predicted))
    free = [entity for entity in predicted if all(other[1] <= entity[0] or entity[1] <= other[0] for other in gold)]
    return sorted({*gold, *free})


def _excerpt(tokens: Sequence[str], mentions: Sequence[Entity]) -> str:
    """Return a sentence with its mentions marked; of a long one, only the mentions and the tokens around them."""
    first, last = 0, len(tokens)
    if len(tokens) > _SHORT:
        first = max(first, min(start for start, _, _ in mentions) - _CONTEXT)
        last = min(last, max(end for _, end, _ in mentions) + _CONTEXT)
    marked = [{"start": start - first, "end": end - first, "type": name} for start, end, name in mentions]
    return "… " * (first > 0) + marked_text(tokens[first:last], marked) + " …" * (last < len(tokens))


def _entity_text(entity: Entity | None, tokens: Sequence[str]) -> str:
    if entity is None:
        return "nothing"
    start, end, name = entity
    return f"{' '.join(visible(token) for token in tokens[start:end])} ({visible(name)})"


def _relation_text(relation: Relation | None, tokens: Sequence[str], symmetric: frozenset[str]) -> str:
    if relation is None:
        return "nothing"
    head, tail, name = relation
    arrow = "─" if name in symmetric else "→"
    return f"{_entity_text(head, tokens)} ─ {visible(name)} {arrow} {_entity_text(tail, tokens)}"
