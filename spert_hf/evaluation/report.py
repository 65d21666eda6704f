"""Scores as plain text for the terminal, and as JSON."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any

from .spert_metric.scoring import EvaluationResult, Score, TaskScores
from .visible_text import visible

TASK_NAMES = {"ner": "NER", "rel": "REL", "rel_plus": "REL+"}
TASK_MEANINGS = {
    "ner": "span and type right",
    "rel": "both spans and relation type right",
    "rel_plus": "both entity types right, too",
}

AS_TEXT = "Documents read as text; spans compared by characters, without a point at their end"
"""The note in tables on scores that are not for the data's tokens."""

_NAME_WIDTH = 27
_HEADINGS = ("precision", "recall", "F1", "support", "TP", "FP", "FN")
_COLUMN_WIDTHS = (9, 6, 6, 7, 5, 5, 5)


def format_table(result: EvaluationResult, *, as_text: bool = False) -> str:
    """Return the scores as a plain text table of at most 80 columns: averages first, then every type.

    Args:
        result: the scores.
        as_text: whether to note that the documents were read as text, not as tokens.
    """
    lines = [f"Scores in percent: {describe_setting(result)}"]
    if as_text:
        lines.append(AS_TEXT)
    lines += ["", _row("", _HEADINGS)]
    for task, scores in result.tasks.items():
        lines.append(f"{TASK_NAMES[task]}: {TASK_MEANINGS[task]}")
        lines.extend(_task_rows(scores))
    return "\n".join(lines) + "\n"


def to_json(result: EvaluationResult, errors: Mapping[str, Any] | None = None, *, as_text: bool = False) -> str:
    """Return the scores as JSON text.

    Args:
        result: the scores; its `to_dict` is the content.
        errors: what `describe_errors` returned; added as `errors`.
        as_text: whether to note, as `as_text`, that the documents were read as text, not as tokens.
    """
    content = result.to_dict()
    if as_text:
        content["as_text"] = True
    if errors is not None:
        content["errors"] = errors
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def compare_with_text(on_tokens: EvaluationResult, as_text: EvaluationResult) -> str:
    """Return a line with the micro F1 of documents read as text and of the same documents read as tokens."""
    names = ", ".join(TASK_NAMES.values())
    text, tokens = (", ".join(f"{task.micro.f1:.1f}" for task in one.tasks.values()) for one in (as_text, on_tokens))
    return f"Read as text, as users give it: {names} {text} (micro F1; on tokens {tokens})"


def describe_setting(result: EvaluationResult) -> str:
    """Return a short description of what was scored."""
    overlaps = "overlapping entities left out" if result.no_overlapping else "overlapping entities scored"
    return f"{result.documents} {'document' if result.documents == 1 else 'documents'}, {overlaps}"


def score_cells(score: Score) -> tuple[str, ...]:
    """Return precision, recall, F1, support, TP, FP and FN of a score as text."""
    percentages = (f"{figure:.2f}" for figure in (score.precision, score.recall, score.f1))
    return (*percentages, *map(str, (score.support, score.tp, score.fp, score.fn)))


def _task_rows(scores: TaskScores) -> Iterable[str]:
    yield _row("  micro", score_cells(scores.micro))
    yield _row("  macro", score_cells(scores.macro))
    for name, score in scores.per_type.items():
        yield _row(f"    {visible(name)}", score_cells(score))


def _row(name: str, cells: Sequence[str]) -> str:
    columns = (cell.rjust(width) for cell, width in zip(cells, _COLUMN_WIDTHS, strict=True))
    return (_fitted(name, _NAME_WIDTH) + " ".join(["", *columns])).rstrip()


def _fitted(text: str, width: int) -> str:
    """Return a text truncated or padded to a width in terminal cells."""
    if _cells(text) > width:
        ends = accumulate(_cells(character) for character in text)
        text = text[: sum(end < width for end in ends)] + "…"
    return text + " " * (width - _cells(text))


def _cells(text: str) -> int:
    """Return the width of a text in terminal cells: two for wide characters, none for combining ones."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
