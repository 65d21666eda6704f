"""A model's predictions for annotated documents, with their logits, and whether they are right.

A relation is right here if the document has it between the same two spans (REL), so it is wrong if the span of one of
its entities is. Items are those of the encoder's windows: an item in two windows of a long text counts twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor

from ..data.documents import Document
from ..data.neighbours import number_by_document
from ..model.configuration_spert import SpertConfig
from ..model.decoding import (
    decode,
    entity_scores,
    relation_scores,
    resolve_overlaps,
    tempered_score,
)
from ..model.inference import DEFAULT_BATCH_SIZE, candidate_scores, score_pieces
from ..model.messages import must_be
from ..model.modeling_spert import SpertModel
from ..model.output import SpertScores
from ..model.pieces import Piece, cut
from ..model.predictions import Prediction
from ..model.processing_spert import SpertProcessor
from .reliability import Reliability, reliability
from .spert_metric.scoring import read_record, symmetric_names, without_entity_types

LOW_SCORE = 0.05
"""The lowest score, at temperature 1, of relations that are observed even if they are below the threshold."""

_SCORE_MARGIN = 2.0**-25
"""Scores are clipped this far from 0 and 1, where single precision can't tell their logits apart."""


@dataclass(frozen=True)
class EntityObservations:
    """The predicted entities.

    Args:
        logits: their logits at temperature 1, *(number of entities, 1 + number of entity types)*, float32.
        types: index of the gold type of each span, *(number of entities,)*, int64; 0 for no entity.
    """

    logits: Tensor
    types: Tensor

    @property
    def right(self) -> Tensor:
        """Whether span and type are right, *(number of entities,)*, bool."""
        return self.logits.argmax(-1) == self.types

    def reliability(self, temperature: float) -> Reliability:
        """Return how often they are right, by their scores at a temperature."""
        scores = entity_scores(self.logits.numpy(), temperature).max(-1)
        return reliability(scores.tolist(), self.right.tolist())


@dataclass(frozen=True)
class RelationObservations:
    """The scored relations between predicted entities.

    Args:
        logits: their logits at temperature 1, *(number of relations,)*, float32.
        right: whether the documents have them, *(number of relations,)*, bool.
        found: whether they reach the model's threshold, *(number of relations,)*, bool; the others have a score of at
            least [`LOW_SCORE`] at temperature 1.
    """

    logits: Tensor
    right: Tensor
    found: Tensor

    def only_found(self) -> RelationObservations:
        """Return only the relations that reach the threshold."""
        return RelationObservations(self.logits[self.found], self.right[self.found], self.found[self.found])

    def reliability(self, temperature: float) -> Reliability:
        """Return how often they are right, by their scores at a temperature."""
        return reliability(relation_scores(self.logits.numpy(), temperature).tolist(), self.right.tolist())


@dataclass(frozen=True)
class Observations:
    """The entities and relations of all documents."""

    entities: EntityObservations
    relations: RelationObservations


def observe(
    model: SpertModel,
    processor: SpertProcessor,
    documents: Sequence[Document],
    batch_size: int = DEFAULT_BATCH_SIZE,
) -> Observations:
    """Predict annotated documents once, for use with any number of temperatures.

    Args:
        model: the model, in evaluation mode.
        processor: the model's processor.
        documents: one or more annotated documents with the model's types.
        batch_size: the most windows that go through the encoder at once.

    Raises:
        ValueError: if there are no documents.
    """
    if not documents:
        raise ValueError(must_be("documents", "one or more", "none"))
    config = model.config
    gold = [_Gold(document, config) for document in documents]
    low_score = tempered_score(LOW_SCORE, 1, config.relation_temperature)
    numbers = number_by_document(documents, processor.context_window)
    pieces = cut(processor, [document.tokens for document in documents], documents=numbers)
    entities: list[tuple[Tensor, int]] = []
    relations: list[tuple[float, bool, bool]] = []
    for batch, output in score_pieces(model, processor, pieces, batch_size):
        shown = _decode(output, config, len(batch), config.relation_threshold)
        scored = _decode(output, config, len(batch), min(low_score, config.relation_threshold))
        for row, index in enumerate(batch):
            piece = pieces[index]
            logits = cast(Tensor, output.entity_logits)[row]
            entities += _observe_entities(logits, shown[row], piece, gold[piece.text])
            relations += _observe_relations(shown[row], scored[row], piece, gold[piece.text])
    return Observations(_as_entities(entities, config), _as_relations(relations, config))


_Span = tuple[int, int]
_RelationKey = tuple[_Span, _Span, str]


class _Gold:
    """A document's annotation as the metric compares it: entity types by span, and relations between spans."""

    def __init__(self, document: Document, config: SpertConfig) -> None:
        symmetric = symmetric_names(config.symmetric_relation_types)
        entities, relations = read_record(document.to_record(), "document", symmetric=symmetric)
        self.types: dict[_Span, set[str]] = {}
        for start, end, entity_type in entities:
            self.types.setdefault((start, end), set()).add(entity_type)
        self.relations = {without_entity_types(relation) for relation in relations}
        self._index = {name: number for number, name in enumerate(config.entity_types, start=1)}

    def type_index(self, span: _Span, found: str) -> int:
        """Return the gold type index of a span, from 1, or 0 for none; of several types, the predicted one if right."""
        types = self.types.get(span)
        if types is None:
            return 0
        return self._index[found if found in types else min(types)]


def _decode(output: SpertScores, config: SpertConfig, rows: int, threshold: float) -> list[Prediction]:
    predictions = decode(candidate_scores(output), config, rows, threshold)
    return [resolve_overlaps(prediction, config.overlap) for prediction in predictions]


def _observe_entities(logits: Tensor, shown: Prediction, piece: Piece, gold: _Gold) -> list[tuple[Tensor, int]]:
    """Return the logits of each entity and the index of its gold type."""
    return [
        (
            logits[entity.end - entity.start - 1, entity.start].clone(),
            gold.type_index((piece.start + entity.start, piece.start + entity.end), entity.type),
        )
        for entity in shown.entities
    ]


def _observe_relations(
    shown: Prediction, scored: Prediction, piece: Piece, gold: _Gold
) -> list[tuple[float, bool, bool]]:
    """Return the score of each relation, whether it is right, and whether it reaches the threshold."""
    found = _scores_by_relation(shown, piece)
    # Users see the score of a symmetric relation at the model's own threshold.
    return [
        (score, key in gold.relations, key in found)
        for key, score in (_scores_by_relation(scored, piece) | found).items()
    ]


def _scores_by_relation(prediction: Prediction, piece: Piece) -> dict[_RelationKey, float]:
    spans = [(piece.start + entity.start, piece.start + entity.end) for entity in prediction.entities]
    return {
        (spans[relation.head], spans[relation.tail], relation.type): relation.score for relation in prediction.relations
    }


def _as_entities(entities: Sequence[tuple[Tensor, int]], config: SpertConfig) -> EntityObservations:
    logits = [one.float().cpu() for one, _ in entities]
    return EntityObservations(
        torch.stack(logits) if logits else torch.empty(0, 1 + len(config.entity_types)),
        torch.tensor([right_type for _, right_type in entities], dtype=torch.int64),
    )


def _as_relations(relations: Sequence[tuple[float, bool, bool]], config: SpertConfig) -> RelationObservations:
    scores = torch.tensor([score for score, _, _ in relations], dtype=torch.float64)
    return RelationObservations(
        (scores.logit(eps=_SCORE_MARGIN) * config.relation_temperature).float(),
        torch.tensor([right for _, right, _ in relations], dtype=torch.bool),
        torch.tensor([found for _, _, found in relations], dtype=torch.bool),
    )
