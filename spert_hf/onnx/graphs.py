"""The two graphs of a model: scores of all spans, then scores of given pairs, which depend on the first."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from ..model.attention_pooling import AttentionPooler
from ..model.modeling_spert import SpertModel
from ..model.span_pooling import Pooler, RangePooler, pool_words
from ..model.span_scoring import score_pairs, score_spans

_EXAMPLE_ROWS, _EXAMPLE_WORDS, _EXAMPLE_SUBWORDS = 2, 5, 9
_RANDOM_BATCHES, _RANDOM_ROWS, _RANDOM_SUBWORDS = 4, 8, 48


class SpanGraph(nn.Module):
    """From sub-words to the logits of all spans.

    Args:
        model: the model, in evaluation mode and with torch's runtime.
        longest: the maximum number of sub-words, including special tokens.
    """

    def __init__(self, model: SpertModel, longest: int) -> None:
        super().__init__()
        self.model = model
        self._longest = longest

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        word_offsets: Tensor,
        letter_cases: Tensor | None = None,
        sequence_positions: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Score all spans.

        Args:
            input_ids, attention_mask, word_offsets, letter_cases, sequence_positions: as in [`SpertModel.forward`]; the
                last for models with a context window.

        Returns:
            Logits, *(batch, max_span_size, words, 1 + entity types)*, and hidden states, *(batch, sub-words, hidden)*.
        """
        model = self.model
        hidden = model.encode(input_ids, attention_mask, letter_cases, sequence_positions)
        words = pool_words(_span_pooler(model, hidden, self._longest), word_offsets)
        return score_spans(model, hidden[:, 0], words, word_offsets, model.config.max_span_size), hidden


class PairGraph(nn.Module):
    """From hidden states and entities to the logits of pairs.

    Args:
        model: as for [`SpanGraph`]; with relation types.
        longest: as for [`SpanGraph`].
    """

    def __init__(self, model: SpertModel, longest: int) -> None:
        super().__init__()
        self.model = model
        self._longest = longest

    def forward(self, hidden: Tensor, word_offsets: Tensor, entities: Tensor, pairs: Tensor) -> Tensor:
        """Score pairs.

        Args:
            hidden: the output of [`SpanGraph`].
            word_offsets: its input.
            entities: (row, start, end, type), *(entities, 4)*.
            pairs: indices of head and tail in `entities`, *(pairs, 2)*.

        Returns:
            Logits, *(pairs, relation types)*.
        """
        spans = _span_pooler(self.model, hidden, self._longest)
        poolers = spans, self._context_pooler(hidden, spans)
        return score_pairs(self.model, poolers, word_offsets, entities, pairs, is_static=True)

    def _context_pooler(self, hidden: Tensor, spans: RangePooler) -> Pooler:
        attention = self.model.context_attention
        if attention is None:
            return spans
        return AttentionPooler(hidden, attention(hidden).squeeze(-1), self._longest)


def _span_pooler(model: SpertModel, hidden: Tensor, longest: int) -> RangePooler:
    return RangePooler(hidden, model.config.span_pooling, longest, is_static=True)


def example_inputs(model: SpertModel) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Return inputs of both graphs, of which the last sentence is padded."""
    shape = _EXAMPLE_ROWS, _EXAMPLE_SUBWORDS
    ids = torch.arange(1, 1 + shape[0] * shape[1]).view(shape) % model.config.encoder_config.vocab_size
    mask = torch.ones(shape, dtype=torch.int64)
    mask[-1, _EXAMPLE_SUBWORDS - 3 :] = 0
    offsets = torch.tensor([[1, 2, 4, 5, 6, 8], [1, 2, 4, 5, 5, 5]])
    spans = {"input_ids": ids, "attention_mask": mask, "word_offsets": offsets}
    if model.config.context_window:  # three sentences in two windows
        spans["word_offsets"] = torch.tensor([[1, 2, 4], [1, 3, 3], [1, 2, 4]])
        spans["sequence_positions"] = torch.tensor([[0, 1, 2, 3], [0, 4, 5, 0], [9, 10, 11, 12]])
    if model.letter_case_embeddings is not None:
        spans["letter_cases"] = torch.zeros(shape, dtype=torch.int64)
    hidden = torch.zeros(*shape, model.config.hidden_size)
    entities = torch.tensor([[0, 0, 2, 1], [0, 3, 4, 1], [1, 0, 1, 1]])
    pairs = torch.tensor([[0, 1], [1, 0]])
    return spans, {"hidden": hidden, "word_offsets": offsets, "entities": entities, "pairs": pairs}


def random_inputs(model: SpertModel, longest: int) -> Iterator[dict[str, np.ndarray]]:
    """Yield batches of random sub-words for a [`SpanGraph`], the same each time.

    They show which channels are large, in any language and with no texts at hand.

    Args:
        model: the model.
        longest: the maximum number of sub-words, including special tokens.
    """
    random = np.random.default_rng(0)
    shape = _RANDOM_ROWS, min(_RANDOM_SUBWORDS, longest)
    for _ in range(_RANDOM_BATCHES):
        inputs = {
            "input_ids": random.integers(0, model.config.encoder_config.vocab_size, shape),
            "attention_mask": np.ones(shape, dtype=np.int64),
            "word_offsets": np.tile(np.arange(1, shape[1]), (shape[0], 1)),
        }
        if model.letter_case_embeddings is not None:
            inputs["letter_cases"] = random.integers(0, model.letter_case_embeddings.num_embeddings, shape)
        yield inputs


DYNAMIC_AXES = {
    "input_ids": {0: "batch", 1: "subwords"},
    "attention_mask": {0: "batch", 1: "subwords"},
    "letter_cases": {0: "batch", 1: "subwords"},
    "word_offsets": {0: "batch", 1: "words_and_end"},
    "sequence_positions": {0: "sentences", 1: "positions"},
    "hidden": {0: "batch", 1: "subwords"},
    "entities": {0: "entities"},
    "pairs": {0: "pairs"},
}
"""The sizes of inputs that a graph takes as they come, by axis."""
