"""SpERT's scores as an `evaluate` metric.

`evaluate` copies only this file and `scoring.py` to the place where it runs them, so there must be no other relative
import here, and no comment after an import (it would be read as a download address).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import datasets
import evaluate

from .scoring import check_flag, pair_records, read_record, score_documents, symmetric_names

_DESCRIPTION = """\
Scores joint entity and relation extraction as published with SpERT: NER (span and type of an entity), REL (both spans
and the type of a relation) and REL+ (also the types of both entities), each as precision, recall and F1 in percent,
micro- and macro-averaged and by type.
"""

_CITATION = """\
@inproceedings{eberts-ulges-2020-spert,
  title = {Span-Based Joint Entity and Relation Extraction with Transformer Pre-Training},
  author = {Eberts, Markus and Ulges, Adrian},
  booktitle = {Proceedings of the 24th European Conference on Artificial Intelligence (ECAI 2020)},
  year = {2020},
  url = {https://arxiv.org/abs/1909.07755}
}
"""

_INPUTS = """
Args:
    predictions: one record per document, in the documents' order:
        {"entities": [{"type", "start", "end"}], "relations": [{"type", "head", "tail"}]}.
        Offsets count tokens, end exclusive; head and tail are indices into the record's own entities. An entity that
        carries "token_start" and "token_end" (a result of the "spert-extraction" pipeline) is scored by these. Other
        fields are ignored.
    references: the annotated documents, in the same form. Where they have "tokens", offsets are checked.
    no_overlapping: leave out, on both sides, every entity that overlaps another and every relation whose head and tail
        overlap (the setting of the published figures for ADE without overlap).
    symmetric_relation_types: names of the relation types that have no direction.
Returns:
    dict: ner_precision, ner_recall, ner_f1 (micro averages), ner_macro_precision, ner_macro_recall, ner_macro_f1, and
        the same for rel and rel_plus, in percent; per_type: for each of the three, by type, precision, recall, f1,
        support, tp, fp and fn.
Examples:
    >>> reference = {
    ...     "tokens": ["Ada", "works", "for", "Acme"],
    ...     "entities": [{"type": "Person", "start": 0, "end": 1}, {"type": "Company", "start": 3, "end": 4}],
    ...     "relations": [{"type": "Works_For", "head": 0, "tail": 1}],
    ... }
    >>> prediction = {
    ...     "entities": [{"type": "Person", "start": 0, "end": 1}, {"type": "Place", "start": 3, "end": 4}],
    ...     "relations": [{"type": "Works_For", "head": 0, "tail": 1}],
    ... }
    >>> scores = spert_metric.compute(predictions=[prediction], references=[reference])
    >>> scores["ner_f1"], scores["rel_f1"], scores["rel_plus_f1"]
    (50.0, 100.0, 0.0)
"""


def _record_features() -> dict[str, Any]:
    text, index = datasets.Value("string"), datasets.Value("int64")
    return {
        "entities": [{"type": text, "start": index, "end": index}],
        "relations": [{"type": text, "head": index, "tail": index}],
    }


class SpertMetric(evaluate.Metric):
    """Precision, recall and F1 of NER, REL and REL+; load it with ``evaluate.load`` or create it directly."""

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation=_CITATION,
            inputs_description=_INPUTS,
            features=datasets.Features({"predictions": _record_features(), "references": _record_features()}),
            reference_urls=["https://arxiv.org/abs/1909.07755"],
        )

    def compute(
        self,
        *,
        predictions: Iterable[Mapping[str, Any]] | None = None,
        references: Iterable[Mapping[str, Any]] | None = None,
        no_overlapping: bool = False,
        symmetric_relation_types: Iterable[str] = (),
    ) -> dict[str, Any] | None:
        """Score the given records, or those that were added before."""
        # Checked before the base class closes its store, so that a mistake does not lose the records added before.
        check_flag("no_overlapping", no_overlapping)
        names = sorted(symmetric_names(symmetric_relation_types))
        return super().compute(
            predictions=predictions,
            references=references,
            no_overlapping=no_overlapping,
            symmetric_relation_types=names,
        )

    def add_batch(
        self,
        *,
        predictions: Iterable[Mapping[str, Any]] | None = None,
        references: Iterable[Mapping[str, Any]] | None = None,
    ) -> None:
        """Add predictions and their references, which `compute` scores."""
        if predictions is None or references is None:
            missing = "predictions" if predictions is None else "references"
            raise ValueError(f"predictions and references are both needed, {missing} are missing")
        gold, predicted = [], []
        for index, (reference, prediction) in enumerate(pair_records(references, predictions, "references")):
            tokens = reference.get("tokens") if isinstance(reference, Mapping) else None
            gold.append(_stored(reference, f"references[{index}]"))
            predicted.append(_stored(prediction, f"predictions[{index}]", tokens))
        super().add_batch(predictions=predicted, references=gold)

    def add(self, *, prediction: Mapping[str, Any] | None = None, reference: Mapping[str, Any] | None = None) -> None:
        """Add a prediction and its reference, which `compute` scores."""
        self.add_batch(
            predictions=None if prediction is None else [prediction],
            references=None if reference is None else [reference],
        )

    def _compute(
        self,
        *,
        predictions: list[dict[str, Any]],
        references: list[dict[str, Any]],
        no_overlapping: bool,
        symmetric_relation_types: list[str],
    ) -> dict[str, Any]:
        result = score_documents(
            references,
            predictions,
            no_overlapping=no_overlapping,
            symmetric_relation_types=symmetric_relation_types,
        )
        per_type = {task: scores.to_dict()["per_type"] for task, scores in result.tasks.items()}
        return {**result.to_flat_dict(), "per_type": per_type}


def _stored(record: Any, where: str, tokens: Any = None) -> dict[str, Any]:
    """Check a record and return only the fields that are scored, since `evaluate` accepts no others."""
    entities, _ = read_record(record, where, tokens=tokens)
    return {
        "entities": [{"type": name, "start": start, "end": end} for start, end, name in entities],
        "relations": [
            {"type": relation["type"], "head": int(relation["head"]), "tail": int(relation["tail"])}
            for relation in record["relations"]
        ],
    }
