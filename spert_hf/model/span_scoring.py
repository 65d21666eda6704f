"""Scoring of all spans, then of all pairs of predicted entities, without masks or copies of the hidden states.

A linear classifier of a concatenation is a sum of classifiers of its parts, so each part is projected only once.
"""

import warnings
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from .configuration_spert import SpertConfig
from .output import SpertScores
from .ranking import MOST_PAIRED_ENTITIES, MOST_RELATIONS, PAIR_SCORES_AT_ONCE, best_of_each, many_entities
from .signatures import forbidden_relations
from .span_pooling import Pooler, RangePooler, pool_spans_by_size, pool_words

CONTEXTS_PER_CHUNK = 8192
"""The number of contexts pooled at once, which bounds the memory for sentences with hundreds of entities."""

_Poolers = tuple[RangePooler, Pooler]
"""Poolers of spans and of contexts."""


class CandidateModel(Protocol):
    """The interface of a model that scoring needs; [`SpertModel`] implements it."""

    config: SpertConfig
    entity_classifier: nn.Linear
    relation_classifier: nn.Linear | None

    def pool_spans(self, pooler: RangePooler, rows: Tensor, word_offsets: Tensor, spans: Tensor) -> Tensor:
        """Pool spans to vectors, *(spans, hidden)*."""

    def embed_sizes(self, sizes: Tensor) -> Tensor | None:
        """Embed numbers of words, *(…, size)*."""

    def context_pooler(self, hidden: Tensor, span_pooler: RangePooler) -> Pooler:
        """Return the pooler of contexts."""

    def context_ranges(self, word_offsets: Tensor, rows: Tensor, heads: Tensor, tails: Tensor) -> tuple[Tensor, Tensor]:
        """Return the sub-words of the contexts of pairs of spans, start and end, each *(pairs,)*."""


def score_all(model: CandidateModel, hidden: Tensor, word_offsets: Tensor, given: Tensor | None = None) -> SpertScores:
    """Score all spans, then all ordered pairs of predicted entities.

    Args:
        model: the model with the classifiers.
        hidden: hidden states, *(batch, sub-words, hidden)*.
        word_offsets: as in [`SpertModel.forward`], *(batch, words + 1)*.
        given: entities to use instead of predicted ones, (row, start, end, type), *(entities, 4)*, sorted by row. A
            span may have several types.

    Returns:
        The scores.
    """
    pooler = RangePooler(hidden, model.config.span_pooling, hidden.shape[1])
    words = pool_words(pooler, word_offsets)
    sizes = min(model.config.max_span_size, words.shape[1])
    entity_logits = score_spans(model, hidden[:, 0], words, word_offsets, sizes)
    entities = _predicted_entities(entity_logits) if given is None else given
    paired = _surest_of_each_row(entities, entity_logits)
    pairs = paired[_ordered_pairs(entities[paired, 0])]
    if given is not None:  # a mention with two types has no relation to itself
        spans = entities[pairs, 1:3]
        pairs = pairs[(spans[:, 0] != spans[:, 1]).any(-1)]
    relation_logits = None
    if model.relation_classifier is not None:
        poolers = (pooler, model.context_pooler(hidden, pooler))
        pairs = _likeliest_pairs(model, poolers, word_offsets, entities, pairs)
        relation_logits = score_pairs(model, poolers, word_offsets, entities, pairs)
    return SpertScores(entity_logits, relation_logits, entities, pairs)


def score_spans(
    model: CandidateModel, start_vectors: Tensor, words: Tensor, word_offsets: Tensor, sizes: int
) -> Tensor:
    """Compute the logits of all spans, one size at a time.

    Args:
        model: the model with the classifier.
        start_vectors: hidden states of the first position of each sentence, *(batch, hidden)*.
        words: pooled words, *(batch, words, hidden)*.
        word_offsets: as in [`SpertModel.forward`].
        sizes: the largest size of a span, in words.

    Returns:
        *(batch, sizes, words, 1 + entity types)*, see [`SpertScores`].
    """
    config, classifier = model.config, model.entity_classifier
    batch, hidden_size = words.shape[0], words.shape[2]
    start_weight, span_weight, size_weight = classifier.weight.split(
        [hidden_size, hidden_size, config.size_embedding_dim], dim=1
    )
    shared = functional.linear(start_vectors, start_weight, classifier.bias)
    size_vectors = model.embed_sizes(torch.arange(1, sizes + 1, device=words.device))
    counts = word_offsets[:, 1:] - word_offsets[:, :-1]
    spans_by_size = pool_spans_by_size(words, counts, config.span_pooling, sizes)
    logits = torch.stack([functional.linear(spans, span_weight) for spans in spans_by_size], dim=1)
    logits = logits + shared.view(batch, 1, 1, -1)
    if size_vectors is not None:
        logits = logits + functional.linear(size_vectors, size_weight).unsqueeze(1)
    return _none_beyond_the_end(logits, (counts > 0).sum(1))


def _likeliest_pairs(
    model: CandidateModel, poolers: _Poolers, word_offsets: Tensor, entities: Tensor, pairs: Tensor
) -> Tensor:
    """Return all pairs or, if their scores exceed the memory limit, the best pairs of each sentence.

    Every pair of the sentence's [`MOST_RELATIONS`] relations with the highest scores is kept (for a symmetric type,
    both orders of a pair may be scored for one relation).
    """
    at_once = max(1, PAIR_SCORES_AT_ONCE // len(model.config.relation_types))
    if len(pairs) <= at_once:
        return pairs
    best = []
    for chunk in pairs.split(at_once):
        logits = score_pairs(model, poolers, word_offsets, entities, chunk)
        forbidden = forbidden_relations(model.config, *entities[chunk, 3].cpu().numpy().T)
        if forbidden is not None:
            logits = logits.masked_fill(torch.from_numpy(forbidden).to(logits.device), -torch.inf)
        best.append(logits.amax(-1))
    return pairs[_best_of_each(entities[pairs[:, 0], 0], torch.cat(best), 2 * MOST_RELATIONS)]


def score_pairs(
    model: CandidateModel,
    poolers: _Poolers,
    word_offsets: Tensor,
    entities: Tensor,
    pairs: Tensor,
    is_static: bool = False,
) -> Tensor:
    """Compute the logits of pairs of entities as a sum of their parts.

    Args:
        model: the model with the classifier.
        poolers: of spans and of contexts.
        word_offsets: as in [`SpertModel.forward`].
        entities: as in [`SpertScores`], *(entities, 4)*.
        pairs: indices of head and tail in `entities`, *(pairs, 2)*.
        is_static: whether the contexts of all pairs are pooled at once, as an exported graph needs.

    Returns:
        *(pairs, relation types)*.
    """
    classifier = model.relation_classifier
    assert classifier is not None, "a model without relation types has no pairs to score"
    hidden_size, size_dim = model.config.hidden_size, model.config.size_embedding_dim
    weights = classifier.weight.split([hidden_size] * 3 + [size_dim] * 2, dim=1)
    context_weight, head_weight, tail_weight, head_size_weight, tail_size_weight = weights
    if not is_static and not len(pairs):
        return classifier.weight.new_zeros(0, classifier.out_features)
    rows, spans = entities[:, 0], entities[:, 1:3]
    span_pooler, context_pooler = poolers
    vectors = model.pool_spans(span_pooler, rows, word_offsets, spans)
    head_logits = functional.linear(vectors, head_weight, classifier.bias)
    tail_logits = functional.linear(vectors, tail_weight)
    sizes = model.embed_sizes(spans[:, 1] - spans[:, 0])
    if sizes is not None:
        head_logits = head_logits + functional.linear(sizes, head_size_weight)
        tail_logits = tail_logits + functional.linear(sizes, tail_size_weight)
    if is_static:
        ranges = _context_ranges(model, word_offsets, entities, pairs)
        context_logits = functional.linear(context_pooler(*ranges), context_weight)
    else:
        context_logits = _project_contexts(model, context_pooler, word_offsets, entities, pairs, context_weight)
    return context_logits + head_logits[pairs[:, 0]] + tail_logits[pairs[:, 1]]


def _project_contexts(
    model: CandidateModel, pooler: Pooler, word_offsets: Tensor, entities: Tensor, pairs: Tensor, weight: Tensor
) -> Tensor:
    """Compute the contexts' part of the logits of pairs of entities, *(pairs, relation types)*.

    Both orders of a pair have the same context, and so may pairs of overlapping entities: each context is pooled once.
    """
    rows, starts, ends = _context_ranges(model, word_offsets, entities, pairs)
    length = int(word_offsets.max()) + 1
    keys, place = ((rows * length + starts) * length + ends).unique(return_inverse=True)
    logits = [
        functional.linear(pooler(chunk // length**2, chunk // length % length, chunk % length), weight)
        for chunk in keys.split(CONTEXTS_PER_CHUNK)
    ]
    return torch.cat(logits)[place]


def _context_ranges(
    model: CandidateModel, word_offsets: Tensor, entities: Tensor, pairs: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the row, start and end of each pair's context, each *(pairs,)*."""
    rows, spans = entities[pairs[:, 0], 0], entities[:, 1:3]
    return rows, *model.context_ranges(word_offsets, rows, spans[pairs[:, 0]], spans[pairs[:, 1]])


def _none_beyond_the_end(logits: Tensor, word_counts: Tensor) -> Tensor:
    """Set spans beyond the end of their sentence to *none* with probability 1."""
    sizes, words = logits.shape[1:3]
    ends = torch.arange(words, device=logits.device) + torch.arange(1, sizes + 1, device=logits.device).unsqueeze(1)
    beyond = ends.unsqueeze(0) > word_counts.view(-1, 1, 1)
    impossible = logits.new_full((logits.shape[-1],), torch.finfo(logits.dtype).min)
    impossible[0] = 0
    return torch.where(beyond.unsqueeze(-1), impossible, logits)


def _predicted_entities(entity_logits: Tensor) -> Tensor:
    """Return the spans whose best type is not *none*: (row, start, end, type), sorted by row, size, start."""
    types = entity_logits.argmax(-1)
    rows, sizes, starts = types.nonzero(as_tuple=True)
    return torch.stack((rows, starts, starts + sizes + 1, types[rows, sizes, starts]), dim=1)


def _surest_of_each_row(entities: Tensor, entity_logits: Tensor) -> Tensor:
    """Return the indices of the entities to pair: all, or those with the highest scores if a row has too many."""
    rows, starts, ends, types = entities.unbind(-1)
    if len(rows) <= MOST_PAIRED_ENTITIES or int(torch.bincount(rows).max()) <= MOST_PAIRED_ENTITIES:
        return torch.arange(len(rows), device=rows.device)
    warnings.warn(many_entities(MOST_PAIRED_ENTITIES), stacklevel=2)
    # Independent of the config's temperature, which must not change the relations that are found.
    probabilities = entity_logits[rows, ends - starts - 1, starts].float().softmax(-1)
    scores = probabilities.gather(1, types.unsqueeze(-1)).squeeze(-1)
    return _best_of_each(rows, scores, MOST_PAIRED_ENTITIES)


def _best_of_each(rows: Tensor, scores: Tensor, most: int) -> Tensor:
    """Do what [`best_of_each`] does, for tensors."""
    kept = best_of_each(rows.cpu().numpy(), scores.float().cpu().numpy(), most)
    return torch.from_numpy(kept).to(rows.device)


def _ordered_pairs(rows: Tensor) -> Tensor:
    """Return all ordered pairs of distinct items of the same row, sorted by (head, tail); `rows` is sorted."""
    items = torch.arange(len(rows), device=rows.device)
    counts = torch.bincount(rows) if len(rows) else rows
    first_of_row = counts.cumsum(0) - counts
    partners = counts[rows]
    heads = items.repeat_interleave(partners)
    first_pair = (partners.cumsum(0) - partners)[heads]
    tails = first_of_row[rows[heads]] + torch.arange(len(heads), device=rows.device) - first_pair
    pairs = torch.stack((heads, tails), dim=1)
    return pairs[heads != tails]
