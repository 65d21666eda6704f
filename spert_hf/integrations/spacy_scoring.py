"""Scores of docs of spaCy against annotated ones, in spaCy's form: fractions, by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from spacy.scorer import Scorer, get_ner_prf
from spacy.tokens import Span
from spacy.training import Example

from ..evaluation.spert_metric.scoring import Score, TaskCounts
from .spacy_annotations import RELATIONS, relations_of


def score_examples(
    examples: Iterable[Example], spans_key: str, *, ents: bool, symmetric_relation_types: Iterable[str] = ()
) -> dict[str, Any]:
    """Score the predicted docs of examples.

    Args:
        examples: The examples.
        spans_key: The group of `doc.spans` with the entities, predicted and annotated.
        ents: Whether to score `doc.ents`, too.
        symmetric_relation_types: Relation types without a direction.

    Returns:
        spaCy's scores of spans, `spans_KEY_p`, `_r`, `_f` and `_per_type`; those of relations, `rel_micro_p`, `_r`,
        `_f` and `rel_per_type`; with `ents` also spaCy's `ents_p` …. `None` where nothing is annotated.
    """
    examples = list(examples)
    scores: dict[str, Any] = Scorer.score_spans(
        examples,
        f"spans_{spans_key}",
        getter=lambda doc, _: doc.spans.get(spans_key, []),
        has_annotation=lambda doc: spans_key in doc.spans,
        allow_overlap=True,
    )
    scores |= _score_relations(examples, spans_key, frozenset(symmetric_relation_types))
    return scores | (get_ner_prf(examples) if ents else {})


def _score_relations(examples: Sequence[Example], spans_key: str, symmetric: frozenset[str]) -> dict[str, Any]:
    """Score as REL+ does: the spans and types of head and tail and the type of the relation have to be right."""
    counts = TaskCounts()
    annotated = [each for each in examples if RELATIONS in getattr(each.reference.spans.get(spans_key), "attrs", {})]
    for example in annotated:
        gold = {
            _item(_place(head), _place(tail), label, symmetric)
            for head, tail, label, _ in relations_of(example.reference, spans_key)
        }
        predicted = {
            _item(_aligned(example, head), _aligned(example, tail), label, symmetric)
            for head, tail, label, _ in relations_of(example.predicted, spans_key)
        }
        counts.add(gold, predicted)
    names = {"rel_micro_p": "precision", "rel_micro_r": "recall", "rel_micro_f": "f1"}
    if not annotated:
        return {**dict.fromkeys(names), "rel_per_type": None}
    scores = counts.scores()
    by_type = {name: _fractions(score) for name, score in scores.per_type.items()}
    return {name: getattr(scores.micro, field) / 100 for name, field in names.items()} | {"rel_per_type": by_type}


def _item(head: tuple[Any, ...], tail: tuple[Any, ...], label: str, symmetric: frozenset[str]) -> tuple[Any, ...]:
    if label in symmetric and tail[0] < head[0]:
        head, tail = tail, head
    return head, tail, label


def _aligned(example: Example, span: Span) -> tuple[Any, ...]:
    """A predicted span in the tokens of the reference; with the negative number of its first token if it fits none."""
    found = example.get_aligned_spans_x2y([span], allow_overlap=True)
    return _place(found[0]) if found else (-1 - span.start, span.end, span.label_)


def _place(span: Span) -> tuple[int, int, str]:
    return span.start, span.end, span.label_


def _fractions(score: Score) -> dict[str, float]:
    return {"p": score.precision / 100, "r": score.recall / 100, "f": score.f1 / 100}
