"""SpertModel, as described in section 3 of the paper: encoder, span classifier, relation classifier, losses.

The fast implementations are in other files: runtimes of the encoder (`encoding.py`), pooling of ranges of sub-words
(`span_pooling.py`), and scoring of all spans and pairs at once (`span_scoring.py`).
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from .attention_pooling import AttentionPooler
from .base_model import SpertPreTrainedModel, make_encoder, make_letter_case_embeddings
from .configuration_spert import SpertConfig
from .encoding import DEFAULT_RUNTIME
from .output import SpertOutput, SpertScores
from .span_pooling import Pooler, RangePooler
from .span_scoring import score_all

_NAMED_FOR_TRANSFORMERS = """
from .abbreviations import *
from .adapters import *
from .card import *
from .checkpoint_files import *
from .choices import *
from .cpu_attention import *
from .cpu_dropout import *
from .cpu_linear import *
from .cpu_packing import *
from .cpu_runtime import *
from .cpu_scheduling import *
from .cpu_workers import *
from .decoding import *
from .encoder_checks import *
from .encoders import *
from .errors import *
from .extraction import *
from .forking import *
from .given_entities import *
from .hub import *
from .inference import *
from .input_collections import *
from .languages import *
from .loading import *
from .messages import *
from .model_sizes import *
from .pieces import *
from .pipeline_spert import *
from .predictions import *
from .processing_spert import *
from .ranking import *
from .runtime import *
from .selection import *
from .sentences import *
from .setting_checks import *
from .settings import *
from .signatures import *
from .subwords import *
from .text_reader import *
from .text_reading import *
from .tracing import *
from .versions import *
from .watching import *
from .words import *
"""
"""Read by transformers, which copies with a file what lines like these in its text name. Before 5.16 it copies, of a
folder, nothing that those files name in turn, and it saves with a model what is named here: so the pipeline travels."""

IGNORED_LABEL = -100
"""The label of padded candidates, as elsewhere in transformers."""


class SpertModel(SpertPreTrainedModel):
    """SpERT (Eberts & Ulges, ECAI 2020) with any encoder that `AutoModel` loads.

    Every span of up to `config.max_span_size` words is classified from the encoder's first position, the span's pooled
    sub-words and its size; every ordered pair of predicted entities from the two spans, their sizes and the context.

    Args:
        config ([`SpertConfig`]): the config of the model.
    """

    def __init__(self, config: SpertConfig) -> None:
        super().__init__(config)
        hidden, size_dim = config.hidden_size, config.size_embedding_dim
        self.encoder = make_encoder(config)
        self.size_embeddings = nn.Embedding(config.size_embedding_count, size_dim) if size_dim else None
        self.letter_case_embeddings = make_letter_case_embeddings(config, self.encoder)
        self.entity_classifier = nn.Linear(2 * hidden + size_dim, 1 + len(config.entity_types))
        self.relation_classifier = (
            nn.Linear(3 * hidden + 2 * size_dim, len(config.relation_types)) if config.relation_types else None
        )
        attends = config.relation_context == "attention" and config.relation_types
        # No bias: a softmax does not depend on a constant added to all scores.
        self.context_attention = nn.Linear(hidden, 1, bias=False) if attends else None
        self.dropout = nn.Dropout(config.classifier_dropout)
        self.set_runtime(DEFAULT_RUNTIME)
        self.post_init()
        if self.letter_case_embeddings is not None:  # zero, so that a pre-trained encoder computes the same at first
            nn.init.zeros_(self.letter_case_embeddings.weight)

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        word_offsets: Tensor,
        letter_cases: Tensor | None = None,
        spans: Tensor | None = None,
        entity_labels: Tensor | None = None,
        pairs: Tensor | None = None,
        relation_labels: Tensor | None = None,
        return_dict: bool | None = None,
        entities: Tensor | None = None,
        num_spans: Tensor | int | None = None,
        num_pairs: Tensor | int | None = None,
        sequence_positions: Tensor | None = None,
        **encoder_kwargs: Any,
    ) -> SpertOutput | SpertScores | tuple[Tensor, ...]:
        """Score the given candidates or, if there are none, all spans and all pairs of predicted entities.

        All indices are `int64`.

        Args:
            input_ids: sub-words, including special tokens, *(batch, sub-words)*.
            attention_mask: 1 for sub-words, 0 for padding, *(batch, sub-words)*.
            word_offsets: position of each word's first sub-word, then the end of the last word,
                *(batch, words + 1)*; padded with that end.
            letter_cases: letter case of each sub-word, *(batch, sub-words)*, for models with letter-case embeddings.
            spans: candidate spans as words `[start, end)`, *(batch, spans, 2)*.
            entity_labels: their entity types, 0 = *none*, -100 = padding, *(batch, spans)*.
            pairs: candidate pairs (head, tail), indices into `spans`, *(batch, pairs, 2)*.
            relation_labels: multi-hot over the relation types, a row of -100 = padding,
                *(batch, pairs, relation types)*.
            return_dict: whether to return a `ModelOutput` instead of a tuple.
            entities: entities whose pairs are scored instead of those of predicted entities, in the format of
                [`SpertScores`].
            num_spans: the number of candidate spans by which the entity loss is divided, like `num_items_in_batch` in
                transformers: that of the global batch if this batch is a part of it. Default: the labelled spans of
                this batch.
            num_pairs: the number of candidate pairs by which the relation loss is divided, likewise.
            sequence_positions: for sentences that share inputs of the encoder, the positions of each sentence's vectors
                among those of all inputs, *(sentences, 1 + sub-words)*: the first position of its input, then those of
                its sub-words; padded with any position. All else that is given by sentence refers to these, and has
                *sentences* in place of *batch*.
            encoder_kwargs: additional arguments of the encoder's `forward`.

        Returns:
            [`SpertOutput`] for given candidates, else [`SpertScores`]; or a tuple of its values that are not `None`.
        """
        hidden = self.encode(input_ids, attention_mask, letter_cases, sequence_positions, **encoder_kwargs)
        output: SpertOutput | SpertScores
        if spans is None:
            output = self.score_all(hidden, word_offsets, entities)
        else:
            entity_logits, relation_logits = self.score_candidates(hidden, word_offsets, spans, pairs)
            losses = (
                entity_loss(entity_logits, entity_labels, num_spans),
                relation_loss(relation_logits, relation_labels, num_pairs),
            )
            given = [loss for loss in losses if loss is not None]
            total = sum(given[1:], start=given[0]) if given else None  # L = L^s + L^r
            output = SpertOutput(total, *losses, entity_logits, relation_logits)
        return output if return_dict in (None, True) else output.to_tuple()

    def encode(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        letter_cases: Tensor | None = None,
        sequence_positions: Tensor | None = None,
        **encoder_kwargs: Any,
    ) -> Tensor:
        """Compute the paper's sequence `c, e_1, …, e_n`.

        Args:
            input_ids, attention_mask, letter_cases, sequence_positions, encoder_kwargs: as in `forward`.

        Returns:
            The hidden states, *(batch, sub-words, hidden)*, in the dtype of the classifiers. `c`, at the first
            position, represents the sentence; `e_i` a sub-word.
        """
        hidden = self.run_encoder(input_ids, attention_mask, letter_cases, **encoder_kwargs)
        if sequence_positions is not None:
            chosen = hidden.flatten(0, 1).index_select(0, sequence_positions.flatten())
            hidden = chosen.view(*sequence_positions.shape, -1)
        return hidden.to(self.entity_classifier.weight.dtype)

    def score_all(self, hidden: Tensor, word_offsets: Tensor, given: Tensor | None = None) -> SpertScores:
        """Score all spans, then all pairs of entities, for inference; see [`score_all`][.span_scoring]."""
        return score_all(self, hidden, word_offsets, given)

    def score_candidates(
        self, hidden: Tensor, word_offsets: Tensor, spans: Tensor, pairs: Tensor | None
    ) -> tuple[Tensor, Tensor | None]:
        """Score given spans and pairs, for training: dropout is applied to the input of each candidate.

        Args:
            hidden: the output of [`SpertModel.encode`].
            word_offsets, spans, pairs: as in `forward`.

        Returns:
            Entity logits, *(batch, spans, 1 + entity types)*, and relation logits, *(batch, pairs, relation types)*;
            the paper's `ŷ^s` is the softmax of the former, its `ŷ^r` the sigmoid of the latter.
        """
        batch, count, hidden_size = *spans.shape[:2], hidden.shape[-1]
        pooler = RangePooler(hidden, self.config.span_pooling, hidden.shape[1])
        rows = torch.arange(batch, device=spans.device).unsqueeze(-1)
        # Span classification: e(s) = f(s) ∘ w_k for a span of k words, and x^s = e(s) ∘ c (c is first in the weights).
        span_vectors = self.pool_spans(pooler, rows.expand(batch, count), word_offsets, spans)
        span_vectors = span_vectors.view(batch, count, hidden_size)
        size_vectors = self.embed_sizes(spans[..., 1] - spans[..., 0])
        start_vectors = hidden[:, :1].expand(batch, count, -1)
        entity_input = _join(start_vectors, span_vectors, size_vectors)
        entity_logits = self.entity_classifier(self.dropout(entity_input))  # W^s x^s + b^s
        if self.relation_classifier is None or pairs is None:
            return entity_logits, None

        # Relation classification: x^r = e(s_1) ∘ c(s_1, s_2) ∘ e(s_2) (weights: context first, sizes last).
        heads, tails = pairs.unbind(-1)
        rows = rows.expand_as(heads)
        starts, ends = self.context_ranges(
            word_offsets, rows.flatten(), spans[rows, heads].view(-1, 2), spans[rows, tails].view(-1, 2)
        )
        contexts = self.context_pooler(hidden, pooler)(rows.flatten(), starts, ends).view(*heads.shape, hidden_size)
        relation_input = _join(
            contexts,
            span_vectors[rows, heads],
            span_vectors[rows, tails],
            None if size_vectors is None else size_vectors[rows, heads],
            None if size_vectors is None else size_vectors[rows, tails],
        )
        return entity_logits, self.relation_classifier(self.dropout(relation_input))  # W^r x^r + b^r

    def pool_spans(self, pooler: RangePooler, rows: Tensor, word_offsets: Tensor, spans: Tensor) -> Tensor:
        """Compute the paper's `f(s)`, the pooled vectors of spans.

        Args:
            pooler: pools ranges of the hidden states.
            rows: row of the batch of each span, *(…)*.
            word_offsets: as in `forward`.
            spans: words `[start, end)`, *(…, 2)*.

        Returns:
            *(spans, hidden)*.
        """
        rows, spans = rows.reshape(-1), spans.reshape(-1, 2)
        return pooler(rows, word_offsets[rows, spans[:, 0]], word_offsets[rows, spans[:, 1]])

    def embed_sizes(self, sizes: Tensor) -> Tensor | None:
        """Compute the paper's `w_k`, the size embeddings of spans.

        Args:
            sizes: numbers of words, *(…)*.

        Returns:
            *(…, size)*; `None` for a model without size embeddings.
        """
        if self.size_embeddings is None:
            return None
        vectors: Tensor = self.size_embeddings(sizes.clamp(max=self.config.size_embedding_count - 1))
        return vectors

    def context_pooler(self, hidden: Tensor, span_pooler: RangePooler) -> Pooler:
        """Return the pooler of the ranges of `context_ranges`, which gives the paper's `c(s_1, s_2)`.

        Args:
            hidden: the output of [`SpertModel.encode`].
            span_pooler: the pooler of spans, which is used unless contexts are pooled by attention.
        """
        if self.context_attention is None:
            return span_pooler
        return AttentionPooler(hidden, self.context_attention(hidden).squeeze(-1))

    def context_ranges(self, word_offsets: Tensor, rows: Tensor, heads: Tensor, tails: Tensor) -> tuple[Tensor, Tensor]:
        """Return the sub-words that are pooled to the paper's `c(s_1, s_2)`.

        Args:
            word_offsets: as in `forward`.
            rows: row of the batch of each pair, *(pairs,)*.
            heads, tails: spans as words `[start, end)`, *(pairs, 2)*.

        Returns:
            Start and end (exclusive), each *(pairs,)*. An empty context is `[0, 0)`, which is pooled to zeros.
        """
        if self.config.relation_context == "cls":
            return torch.zeros_like(rows), torch.ones_like(rows)
        if self.config.relation_context == "sentence":
            return word_offsets[rows, 0], word_offsets[rows, -1]
        starts = word_offsets[rows, torch.minimum(heads[:, 1], tails[:, 1])]
        ends = word_offsets[rows, torch.maximum(heads[:, 0], tails[:, 0])]
        between = starts < ends
        return starts * between, ends * between


def entity_loss(logits: Tensor, labels: Tensor | None, num_spans: Tensor | int | None = None) -> Tensor | None:
    """Compute the paper's `L^s`: the cross-entropy of the labelled candidate spans.

    Args:
        logits: *(batch, spans, 1 + entity types)*.
        labels: *(batch, spans)*, -100 for padding.
        num_spans: the sum is divided by it; default: the number of labelled spans.

    Returns:
        The loss, a scalar; `None` without labels, or if `num_spans` is `None` and all spans are padding.
    """
    if labels is None or (num_spans is None and not (labels != IGNORED_LABEL).any()):
        return None
    logits, labels = logits.flatten(0, 1).float(), labels.flatten()
    if num_spans is None:
        return functional.cross_entropy(logits, labels, ignore_index=IGNORED_LABEL)
    return functional.cross_entropy(logits, labels, ignore_index=IGNORED_LABEL, reduction="sum") / num_spans


def relation_loss(logits: Tensor | None, labels: Tensor | None, num_pairs: Tensor | int | None = None) -> Tensor | None:
    """Compute the paper's `L^r`: the binary cross-entropy of the labelled candidate pairs, averaged over the types.

    Args:
        logits: *(batch, pairs, relation types)*.
        labels: *(batch, pairs, relation types)*, -100 for padding.
        num_pairs: the sum is divided by it; default: the number of labelled pairs.

    Returns:
        The loss, a scalar; `None` without labels, or if `num_pairs` is `None` and all pairs are padding.
    """
    if logits is None or labels is None:
        return None
    labelled = labels[..., 0] != IGNORED_LABEL
    if num_pairs is None:
        if not labelled.any():
            return None
        return functional.binary_cross_entropy_with_logits(logits[labelled].float(), labels[labelled].float())
    # Padding is computed and masked, so that no size depends on the labels, for which the device would have to wait.
    losses = functional.binary_cross_entropy_with_logits(logits.float(), labels.clamp(min=0).float(), reduction="none")
    return losses.mean(-1).where(labelled, 0).sum() / num_pairs


def _join(*parts: Tensor | None) -> Tensor:
    return torch.cat([part for part in parts if part is not None], dim=-1)
