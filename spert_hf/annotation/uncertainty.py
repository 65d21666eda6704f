"""How unsure a model is of a text, and where the text lies among others: both from one pass of the encoder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor
from transformers import PreTrainedModel

from ..model.configuration_spert import SpertConfig
from ..model.extraction import read_ahead
from ..model.inference import DEFAULT_BATCH_SIZE, compute_batches
from ..model.modeling_spert import SpertModel
from ..model.output import SpertScores
from ..model.pieces import Piece, cut
from ..model.pipeline_spert import SpertPipeline
from ..model.runtime import EncoderRuntime
from ..model.selection import ALL, Threshold
from ..model.signatures import forbidden_relations

_TINY = 1e-6
"""How far a threshold is from 0 and 1 at least, whose logits are not finite."""

SOFTENING = 2.0
"""What logits are divided by: a model that has learnt few texts by heart is all but sure of everything, and its doubt
tells texts apart better if it is softened."""


@dataclass(frozen=True, slots=True)
class TextScores:
    """What is known of a text that nobody has annotated.

    Attributes:
        entities: How unsure the model is of spans, summed over them: an estimate of how many it gets wrong.
        relations: The same of pairs of entities.
        words: How many the model reads.
        vector: Mean of the encoder's hidden states of its sub-words, *(hidden,)*, `float32`.
    """

    entities: float
    relations: float
    words: int
    vector: Tensor


@dataclass
class ScoresAndVectors(SpertScores):
    """Scores of a batch, with a vector for each of its rows, *(batch, hidden)*."""

    vectors: Tensor = None  # type: ignore[assignment]


class _ModelWithVectors:
    """A model whose output has the mean of the hidden states, too, which scoring does not keep.

    Args:
        model: In evaluation mode.
    """

    def __init__(self, model: SpertModel) -> None:
        self._model = model
        self.config: SpertConfig = model.config

    @property
    def device(self) -> torch.device:
        return self._model.device

    @property
    def encoder(self) -> PreTrainedModel:
        return self._model.encoder

    @property
    def runtime(self) -> EncoderRuntime:
        return self._model.runtime

    def __call__(self, **inputs: Tensor) -> ScoresAndVectors:
        word_offsets = inputs.pop("word_offsets")
        hidden = self._model.encode(**inputs)
        scores = self._model.score_all(hidden, word_offsets)
        own = inputs["attention_mask"]
        if "sequence_positions" in inputs:
            own = torch.arange(hidden.shape[1], device=hidden.device) < word_offsets[:, -1:]
        weights = own.unsqueeze(-1).to(hidden.dtype)
        vectors = ((hidden * weights).sum(1) / weights.sum(1)).float()
        return ScoresAndVectors(scores.entity_logits, scores.relation_logits, scores.entities, scores.pairs, vectors)


def score_texts(
    pipe: SpertPipeline,
    records: Iterable[Mapping[str, Any]],
    batch_size: int = DEFAULT_BATCH_SIZE,
    relation_threshold: Threshold = None,
    temperature: float = SOFTENING,
) -> Iterator[tuple[Mapping[str, Any], TextScores]]:
    """Score texts that nobody has annotated, as a stream: memory does not grow with their number.

    Args:
        pipe: Reads them as it does to extract; its model scores them.
        records: Mappings with `text` or `tokens`.
        batch_size: Texts that are computed at once.
        relation_threshold: Lowest score of a relation, or of those of some types by type. Default: the pipeline's own.
        temperature: What logits are divided by; see [`doubts`].

    Yields:
        Each record with its scores, in order.

    Raises:
        ValueError: If a record is no text.
    """
    threshold = pipe._forward_params.get("relation_threshold") if relation_threshold is None else relation_threshold
    for group in read_ahead(enumerate(records), batch_size):
        scores = _score_group(pipe, group, batch_size, threshold, temperature)
        yield from zip((record for _, record in group), scores, strict=True)


def _score_group(
    pipe: SpertPipeline, group: Sequence[tuple[int, Any]], batch_size: int, threshold: Threshold, temperature: float
) -> Iterator[TextScores]:
    """The scores of some texts; one in several pieces has the sums of theirs, and the mean of their vectors."""
    texts = [pipe.preprocess(record, number, **pipe._preprocess_params) for number, record in group]
    pieces = cut(pipe.spert_processor, [text.words for text in texts], [text.sequences for text in texts])
    of_pieces: list[tuple[float, float, Tensor] | None] = [None] * len(pieces)
    model = _ModelWithVectors(cast(SpertModel, pipe.model))

    def condense(batch: list[int], output: Any) -> tuple[list[int], list[float], list[float], Tensor]:
        entities, relations = doubts(output, model.config, len(batch), threshold, temperature)
        return batch, entities.tolist(), relations.tolist(), output.vectors.cpu()

    for batch, entities, relations, vectors in compute_batches(
        model, pipe.spert_processor, pieces, batch_size, condense
    ):
        for row, index in enumerate(batch):
            of_pieces[index] = (entities[row], relations[row], vectors[row])
    by_text: list[list[tuple[Piece, tuple[float, float, Tensor]]]] = [[] for _ in texts]
    for piece, scores in zip(pieces, of_pieces, strict=True):
        assert scores is not None, "every piece is in a batch"
        by_text[piece.text].append((piece, scores))
    for text, parts in zip(texts, by_text, strict=True):
        yield _put_together(len(text.words), parts, model.config.hidden_size)


def _put_together(
    words: int, parts: Sequence[tuple[Piece, tuple[float, float, Tensor]]], hidden_size: int
) -> TextScores:
    if not parts:
        return TextScores(0.0, 0.0, words, torch.zeros(hidden_size))
    lengths = torch.tensor([float(piece.end - piece.start) for piece, _ in parts])
    vectors = torch.stack([vector for _, (_, _, vector) in parts])
    return TextScores(
        sum(entities for _, (entities, _, _) in parts),
        sum(relations for _, (_, relations, _) in parts),
        words,
        (vectors * lengths.unsqueeze(-1)).sum(0) / lengths.sum(),
    )


def doubts(
    output: SpertScores,
    config: SpertConfig,
    batch_size: int,
    threshold: Threshold = None,
    temperature: float = SOFTENING,
) -> tuple[Tensor, Tensor]:
    """How unsure a model is of each row of a batch, of its spans and of its pairs.

    A span counts the probability that its type, *none* included, is not the likeliest one. A pair counts, for each type
    of relation that it may have, how near its score is to the threshold: from 0 at either end to 0.5 there.

    Args:
        output: Of the model.
        config: Its settings.
        batch_size: Rows of the batch.
        threshold: Lowest score of a relation, or of those of some types by type; by default the config's.
        temperature: What logits are divided by, and the threshold's, beside the config's own temperatures.

    Returns:
        Of spans and of pairs, summed, each *(batch,)*.
    """
    spans = (output.entity_logits.float() / (config.entity_temperature * temperature)).softmax(-1)
    entities = (1 - spans.amax(-1)).flatten(1).sum(1)
    relations = entities.new_zeros(batch_size)
    if output.relation_logits is not None and len(output.relation_logits):
        scores = (output.relation_logits.float() / (config.relation_temperature * temperature)).sigmoid()
        given = scores.new_tensor(ALL.relation_thresholds(config, threshold))
        lowest = (given.logit(_TINY) / temperature).sigmoid()
        near = torch.where(scores < lowest, scores / lowest, (1 - scores) / (1 - lowest)) / 2
        forbidden = forbidden_relations(config, *output.entities[output.pairs, 3].cpu().numpy().T)
        if forbidden is not None:
            near = near.masked_fill(torch.from_numpy(forbidden).to(near.device), 0.0)
        relations.index_add_(0, output.entities[output.pairs[:, 0], 0], near.sum(1))
    return entities, relations
