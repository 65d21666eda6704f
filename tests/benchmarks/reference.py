"""SpERT as its paper describes it, written plainly: the yardstick, in speed and in what is predicted.

Each candidate span has a mask over the sub-words and its own copy of the sentence, from which everything but the span
is masked out before the maximum is taken; so has each candidate pair, for its context. Sentences go through one at a
time (the published code's default); in larger batches everything is padded to the largest.

Tokenising, the encoder's weights, and the drawing of negatives are shared with the package, and masks are made all at
once: the reference is not slower than it need be where the algorithm doesn't ask for it. Its encoder is transformers'.
"""

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

from spert_hf import SpertModel, SpertProcessor
from spert_hf.model.messages import must_be

PAIRS_PER_CHUNK = 100
"""Pairs that get a copy of the sentence at once, as in the published code: more are taken in turns."""

MASKED = -1e30


def as_transformers_has_it(model: SpertModel) -> nn.Module:
    """A twin of a model's encoder, over the same weights, whose layers and attention are transformers' own."""
    shared = {id(weight): weight for weight in (*model.parameters(), *model.buffers())}
    twin = copy.deepcopy(model, shared)
    twin.set_runtime("torch")
    return twin.encoder


class ReferenceSpert(nn.Module):
    """The reference over the weights of a [`SpertModel`], which it shares.

    Args:
        model: with the paper's choices: max pooling, the context between the spans, a size embedding.

    Raises:
        ValueError: if the model makes other choices.
    """

    def __init__(self, model: SpertModel) -> None:
        super().__init__()
        config = model.config
        choices = (config.span_pooling, config.relation_context, config.size_embedding_dim > 0)
        if choices != ("max", "between", True) or model.relation_classifier is None:
            raise ValueError(
                must_be("model", "one with max pooling, context between, sizes and relation types", str(choices))
            )
        self.config = config
        self.encoder = as_transformers_has_it(model)
        self.size_embeddings = model.size_embeddings
        self.entity_classifier = model.entity_classifier
        self.relation_classifier = model.relation_classifier
        self.dropout = nn.Dropout(config.classifier_dropout)

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, word_offsets: Tensor, spans: Tensor, pairs: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Score given candidates, as in training.

        Args:
            input_ids, attention_mask: *(batch, sub-words)*.
            word_offsets: first sub-word of each word, then the end, *(batch, words + 1)*.
            spans: candidates as words `[start, end)`, *(batch, spans, 2)*.
            pairs: (head, tail), indices into `spans`, *(batch, pairs, 2)*.

        Returns:
            Entity logits *(batch, spans, 1 + entity types)* and relation logits *(batch, pairs, relation types)*.
        """
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        ranges = sub_word_ranges(spans, word_offsets)
        entity_logits, vectors, sizes = self.score_spans(hidden, ranges, spans[..., 1] - spans[..., 0])
        return entity_logits, self.score_pairs(hidden, ranges, vectors, sizes, pairs)

    def score_spans(self, hidden: Tensor, ranges: Tensor, word_counts: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits of spans, their pooled vectors *(batch, spans, hidden)*, and their size vectors."""
        copies = hidden.unsqueeze(1).repeat(1, ranges.shape[1], 1, 1)
        vectors = masked_maximum(copies, range_masks(ranges, hidden.shape[1]))
        sizes = self.size_embeddings(word_counts)
        starts = hidden[:, :1].repeat(1, ranges.shape[1], 1)
        return self.entity_classifier(self.dropout(torch.cat((starts, vectors, sizes), dim=-1))), vectors, sizes

    def score_pairs(self, hidden: Tensor, ranges: Tensor, vectors: Tensor, sizes: Tensor, pairs: Tensor) -> Tensor:
        """Logits of pairs of spans, *(batch, pairs, relation types)*."""
        copies = hidden.unsqueeze(1).repeat(1, min(pairs.shape[1], PAIRS_PER_CHUNK), 1, 1)
        masks = range_masks(context_ranges(ranges, pairs), hidden.shape[1])
        logits = [hidden.new_zeros(len(hidden), 0, self.relation_classifier.out_features)]
        for chunk, chunk_masks in zip(pairs.split(PAIRS_PER_CHUNK, 1), masks.split(PAIRS_PER_CHUNK, 1), strict=True):
            contexts = masked_maximum(copies[:, : chunk.shape[1]], chunk_masks)
            parts = (contexts, *both_ends(vectors, chunk), *both_ends(sizes, chunk))
            logits.append(self.relation_classifier(self.dropout(torch.cat(parts, dim=-1))))
        return torch.cat(logits, dim=1)

    @torch.no_grad()
    def predict(
        self, processor: SpertProcessor, sentences: Sequence[Sequence[str]], batch_size: int = 1
    ) -> list[dict[str, Any]]:
        """Predict entities and relations of sentences that fit the encoder, as records with scores.

        Entities come in the order of (size, start), relations in that of (head, tail), as in the published code.
        """
        records = []
        for first in range(0, len(sentences), batch_size):
            batch = sentences[first : first + batch_size]
            records += self._predict_batch(processor.collate(processor.encode(batch)), [len(words) for words in batch])
        return records

    def _predict_batch(self, inputs: dict[str, Tensor], word_counts: Sequence[int]) -> list[dict[str, Any]]:
        candidates = [all_spans(count, self.config.max_span_size) for count in word_counts]
        spans = pad_sequence(candidates, batch_first=True)
        real = pad_sequence([torch.ones(len(one), dtype=torch.bool) for one in candidates], batch_first=True)
        hidden = self.encoder(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"]).last_hidden_state
        ranges = sub_word_ranges(spans, inputs["word_offsets"])
        logits, vectors, sizes = self.score_spans(hidden, ranges, spans[..., 1] - spans[..., 0])
        found = [row.nonzero().flatten().tolist() for row in (logits.argmax(-1) != 0) & real]
        pairs = [[(head, tail) for head in row for tail in row if head != tail] for row in found]
        padded = pad_sequence([torch.tensor(row, dtype=torch.long).view(-1, 2) for row in pairs], batch_first=True)
        relation_scores = self.score_pairs(hidden, ranges, vectors, sizes, padded).sigmoid()
        scores = logits.softmax(-1)
        return [
            self._record(spans[row], scores[row], found[row], pairs[row], relation_scores[row])
            for row in range(len(word_counts))
        ]

    def _record(
        self,
        spans: Tensor,
        entity_scores: Tensor,
        found: Sequence[int],
        pairs: Sequence[tuple[int, int]],
        relation_scores: Tensor,
    ) -> dict[str, Any]:
        """One sentence's predictions; a symmetric relation once, its earlier span as head."""
        config, place = self.config, {span: number for number, span in enumerate(found)}
        best, types = entity_scores[found].max(-1)
        entities = [
            {"type": config.entity_types[type_index - 1], "start": start, "end": end, "score": score}
            for type_index, (start, end), score in zip(
                types.tolist(), spans[found].tolist(), best.tolist(), strict=True
            )
        ]
        relations: dict[tuple[int, int, str], float] = {}
        for (head, tail), scores in zip(pairs, relation_scores[: len(pairs)].tolist(), strict=True):
            for name, score in zip(config.relation_types, scores, strict=True):
                if score >= config.relation_threshold:
                    ends = place[head], place[tail]
                    if name in config.symmetric_relation_types:
                        ends = tuple(sorted(ends, key=lambda entity: entities[entity]["start"]))
                    relations.setdefault((*ends, name), score)
        return {
            "entities": entities,
            "relations": [
                {"type": name, "head": head, "tail": tail, "score": score}
                for (head, tail, name), score in relations.items()
            ],
        }


def all_spans(word_count: int, max_span_size: int) -> Tensor:
    """All spans of a sentence as words `[start, end)`, in the order of (size, start), *(spans, 2)*."""
    return torch.tensor(
        [(start, start + size) for size in range(1, max_span_size + 1) for start in range(word_count - size + 1)]
    )


def sub_word_ranges(spans: Tensor, word_offsets: Tensor) -> Tensor:
    """Spans of words as ranges of sub-words, both *(batch, spans, 2)*."""
    return word_offsets.gather(1, spans.flatten(1)).view_as(spans)


def range_masks(ranges: Tensor, length: int) -> Tensor:
    """A mask over all sub-words for each range, *(batch, ranges, sub-words)*."""
    positions = torch.arange(length)
    return (positions >= ranges[..., :1]) & (positions < ranges[..., 1:])


def context_ranges(ranges: Tensor, pairs: Tensor) -> Tensor:
    """What lies between the two spans of each pair, *(batch, pairs, 2)*; empty where they touch or overlap."""
    heads, tails = both_ends(ranges, pairs)
    starts, ends = torch.minimum(heads[..., 1], tails[..., 1]), torch.maximum(heads[..., 0], tails[..., 0])
    return torch.stack((starts, ends), dim=-1)


def both_ends(items: Tensor, pairs: Tensor) -> tuple[Tensor, Tensor]:
    """Items *(batch, items, …)* of the heads and of the tails of pairs, each *(batch, pairs, …)*."""
    rows = torch.arange(len(items)).unsqueeze(-1)
    return items[rows, pairs[..., 0]], items[rows, pairs[..., 1]]


def masked_maximum(copies: Tensor, masks: Tensor) -> Tensor:
    """Maximum over the sub-words of each copy that its mask leaves, *(batch, masks, hidden)*; zero where none is left.

    Args:
        copies: of the sentence, one a mask, *(batch, masks, sub-words, hidden)*.
        masks: *(batch, masks, sub-words)*.
    """
    maxima = (copies + (~masks).float().unsqueeze(-1) * MASKED).max(dim=2).values
    return maxima.masked_fill(~masks.any(-1, keepdim=True), 0.0)


def reference_losses(
    entity_logits: Tensor, entity_labels: Tensor, relation_logits: Tensor, relation_labels: Tensor
) -> tuple[Tensor, Tensor | None]:
    """Entity and relation loss, means over the candidates that are not padding (label -100); shapes as in `forward`.

    The relation loss is `None` where the batch has no pair.
    """
    spans = entity_labels.flatten() >= 0
    losses = functional.cross_entropy(
        entity_logits.flatten(0, 1), entity_labels.flatten().clamp(min=0), reduction="none"
    )
    entity_loss = (losses * spans).sum() / spans.sum()
    pairs = relation_labels[..., 0].flatten() >= 0
    if not pairs.any():
        return entity_loss, None
    losses = functional.binary_cross_entropy_with_logits(
        relation_logits.flatten(0, 1), relation_labels.flatten(0, 1).clamp(min=0), reduction="none"
    ).mean(-1)
    return entity_loss, (losses * pairs).sum() / pairs.sum()
