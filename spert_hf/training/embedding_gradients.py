"""Gradients of the word embeddings by rows: a step meets a few dozen of tens of thousands of words."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class EmbeddingGradients:
    """Keeps the gradient of word embeddings as the rows of the words met, until the optimizer, which takes it whole.

    Otherwise each step clears a gradient as large as the embeddings, which are half of a small encoder's weights, and
    goes over all of it once more for its norm. Where an encoder makes the gradient whole by itself, it stays so.

    Args:
        embeddings: the encoder's.
    """

    def __init__(self, embeddings: nn.Embedding) -> None:
        self._embeddings = embeddings
        self._whole: Tensor | None = None
        self._met: Tensor | None = None

    @staticmethod
    def possible(embeddings: nn.Module) -> bool:
        """Whether embeddings can have such gradients, and are trained at all."""
        return (
            isinstance(embeddings, nn.Embedding)
            and embeddings.weight.requires_grad
            and not embeddings.scale_grad_by_freq  # torch has that for whole gradients only
        )

    @contextmanager
    def by_rows(self) -> Iterator[None]:
        """Have the forward and backward passes inside leave the gradient as rows; at its end no word has two."""
        before = self._embeddings.sparse
        self._embeddings.sparse = True
        try:
            yield
        finally:
            self._embeddings.sparse = before
        if (rows := self._rows()) is not None:
            self._embeddings.weight.grad = rows.coalesce()

    def spread(self) -> None:
        """Make the gradient whole, for the optimizer."""
        if (rows := self._rows()) is None:
            return
        if self._whole is None:
            self._whole = torch.zeros_like(self._embeddings.weight)
        self._met = rows.indices()[0]
        self._whole[self._met] = rows.values()
        self._embeddings.weight.grad = self._whole

    def clear(self) -> None:
        """Clear what the optimizer has seen, for the next step."""
        if self._whole is not None and self._met is not None:
            self._whole[self._met] = 0
            self._met = None

    def _rows(self) -> Tensor | None:
        gradient = self._embeddings.weight.grad
        return gradient if gradient is not None and gradient.is_sparse else None
