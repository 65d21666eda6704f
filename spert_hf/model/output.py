"""Outputs of a model."""

from dataclasses import dataclass

from torch import Tensor
from transformers.utils import ModelOutput


@dataclass
class SpertOutput(ModelOutput):
    """Scores of given candidates, and their losses.

    Fields must be passed to the constructor: in transformers 5.0, fields set later are not items.

    Args:
        loss: sum of both losses, a scalar; `None` without labels.
        entity_loss: cross-entropy, mean over all candidate spans of the batch; `None` if the batch has none.
        relation_loss: binary cross-entropy, mean over the relation types and over all candidate pairs of the batch;
            `None` if the batch has none.
        entity_logits: *(batch, spans, 1 + entity types)*. Index 0 is *none*.
        relation_logits: *(batch, pairs, relation types)*; `None` without pairs, or relation types.
    """

    loss: Tensor | None = None
    entity_loss: Tensor | None = None
    relation_loss: Tensor | None = None
    entity_logits: Tensor | None = None
    relation_logits: Tensor | None = None


@dataclass
class SpertScores(ModelOutput):
    """Scores of all spans of a batch, the predicted entities, and the scores of their pairs.

    Args:
        entity_logits: *(batch, sizes, words, 1 + entity types)*: `[b, s, w]` is the span of `s + 1` words that starts
            at word `w`; spans beyond the end of their sentence are *none* with probability 1. Index 0 is *none*.
        relation_logits: logits of `pairs`, *(pairs, relation types)*; `None` without relation types.
        entities: the predicted entities of the whole batch, *(entities, 4)*, `int64`: row of the batch, first word,
            end word (exclusive), entity type (from 1); sorted by row, size, first word.
        pairs: indices of head and tail in `entities`, *(pairs, 2)*, `int64`: all ordered pairs of two different
            entities of a sentence, sorted by (head, tail). In a sentence with more than [`MOST_PAIRED_ENTITIES`]
            entities, only those with the highest scores are paired; in a batch with more than
            [`PAIR_SCORES_AT_ONCE`] scores, only the pairs with the highest scores are included.
    """

    # transformers allows only the first field to have no default; the last two are always set.
    entity_logits: Tensor
    relation_logits: Tensor | None = None
    entities: Tensor = None  # type: ignore[assignment]
    pairs: Tensor = None  # type: ignore[assignment]
