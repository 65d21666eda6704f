"""Word embeddings trained by rows: a step meets dozens, and a corpus thousands, of tens of thousands of words."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn


class EmbeddingRows:
    """Hands the optimizer the rows of the words that the data has, in place of all embeddings, to the same effect.

    Otherwise each step clears a gradient as large as the embeddings, which are half of a small encoder's weights (and
    more of a multilingual one's), and goes over all of them for its norm and for the optimizer's averages. A word that
    has never been met has no gradient and no averages, so AdamW does nothing to it but weight decay.

    Where an encoder gives a gradient to other rows after all, the optimizer gets all of them from then on.

    Args:
        embeddings: the encoder's, which can be trained so, as [`EmbeddingRows.possible`] says.
        optimizer: an AdamW, which has their weight.
        met: the words that the data has, by number, each once. (A tokenizer may know more words than an encoder does.)
    """

    def __init__(self, embeddings: nn.Embedding, optimizer: Any, met: Tensor) -> None:
        self._embeddings = embeddings
        self._optimizer = optimizer
        met = met[met < len(self._weight)]
        self._met: Tensor | None = met
        self._rows = nn.Parameter(self._weight.detach()[met])
        self._gradient = torch.zeros_like(self._rows)
        self._places = torch.full((len(self._weight),), -1).index_copy_(0, met, torch.arange(len(met)))
        weights = self._group_of(self._weight)["params"]
        weights[[weight is self._weight for weight in weights].index(True)] = self._rows
        state = optimizer.state.pop(self._weight, {})
        if state:
            self._state.update((name, each[met] if self._is_whole(each) else each) for name, each in state.items())
        if 2 * len(met) > len(self._weight):  # copying them would cost more than it saves
            self._take_all()

    @staticmethod
    def possible(embeddings: nn.Module) -> bool:
        """Whether embeddings can be trained so, and are trained at all."""
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
        if self._weight.grad is not None and self._weight.grad.is_sparse:
            self._weight.grad = self._weight.grad.coalesce()

    @contextmanager
    def exchanged(self) -> Iterator[None]:
        """Have the optimizer's step inside move the rows, and the embeddings with them."""
        gradient = self._weight.grad
        if gradient is None:
            yield
            return
        if self._met is not None and (not gradient.is_sparse or (self._places[gradient.indices()[0]] < 0).any()):
            self._take_all()
        if gradient.is_sparse:
            met = gradient.indices()[0]
            places = met if self._met is None else self._places[met]
            self._gradient[places] = gradient.values()
            self._rows.grad = self._gradient
        else:
            self._rows.grad = gradient
        yield
        if gradient.is_sparse:
            self._gradient[places] = 0
        if self._met is not None:
            group = self._group_of(self._rows)
            with torch.no_grad():
                self._weight.mul_(1 - group["lr"] * group["weight_decay"])
                self._weight.index_copy_(0, self._met, self._rows)

    def clear(self) -> None:
        """Clear the gradient, of which the optimizer does not know."""
        self._weight.grad = None

    def restore(self) -> None:
        """Go on from what has just been loaded into the embeddings and into the optimizer."""
        if self._met is None:  # the optimizer has the embeddings themselves
            return
        if any(self._is_whole(each) for each in self._state.values()):
            self._take_all()
        else:
            self._rows.data.copy_(self._weight[self._met])

    def _take_all(self) -> None:
        """Have the optimizer move all of the embeddings themselves, with the averages that it has."""
        assert self._met is not None
        for name, each in self._state.items():
            if torch.is_tensor(each) and each.shape == self._rows.shape:
                self._state[name] = torch.zeros_like(self._weight).index_copy_(0, self._met, each)
        self._met = None
        self._rows.data = self._weight.data
        self._gradient = torch.zeros_like(self._rows)

    @property
    def _weight(self) -> Tensor:
        return self._embeddings.weight

    @property
    def _state(self) -> dict[str, Any]:
        """What the optimizer keeps of the rows."""
        state: dict[str, Any] = self._optimizer.state[self._rows]
        return state

    def _is_whole(self, each: Any) -> bool:
        return torch.is_tensor(each) and each.shape == self._weight.shape

    def _group_of(self, weight: Tensor) -> dict[str, Any]:
        return next(group for group in self._optimizer.param_groups if any(each is weight for each in group["params"]))
