"""Training of only those word embeddings that occur: a step has dozens, a corpus thousands, of tens of thousands."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn


class EmbeddingRows:
    """Gives the optimizer the rows of the data's words in place of all embeddings, with the same result.

    Otherwise each step would clear a gradient as large as the embeddings, which are half of a small encoder's weights
    (and more of a multilingual one's), and would read all of it for its norm and for the optimizer's averages. A word
    that never occurs has no gradient and no averages, so AdamW applies nothing but weight decay to it.

    If an encoder does give a gradient to other rows, the optimizer gets all rows from then on.

    Args:
        embeddings: the encoder's word embeddings, for which [`EmbeddingRows.possible`] holds.
        optimizer: an AdamW over parameters that include their weight.
        met: ids of the words in the data, each once, *(number of words,)*, int64. A tokenizer may have ids that the
            encoder has no embedding for.
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
        """Return whether embeddings are trained, and can be trained by rows."""
        return (
            isinstance(embeddings, nn.Embedding)
            and embeddings.weight.requires_grad
            and not embeddings.scale_grad_by_freq  # torch supports it only for dense gradients
        )

    @contextmanager
    def by_rows(self) -> Iterator[None]:
        """Make forward and backward passes inside the context give a sparse gradient, coalesced at its end."""
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
        """Make the optimizer's step inside the context update the rows, and with them the embeddings."""
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
        """Clear the gradient of the embeddings, which the optimizer does not see."""
        self._weight.grad = None

    def restore(self) -> None:
        """Take over what has just been loaded into the embeddings and the optimizer."""
        if self._met is None:  # the optimizer has the embeddings themselves
            return
        if any(self._is_whole(each) for each in self._state.values()):
            self._take_all()
        else:
            self._rows.data.copy_(self._weight[self._met])

    def _take_all(self) -> None:
        """Give the optimizer all embeddings themselves, with the averages that it has so far."""
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
        """The optimizer's state for the rows."""
        state: dict[str, Any] = self._optimizer.state[self._rows]
        return state

    def _is_whole(self, each: Any) -> bool:
        return torch.is_tensor(each) and each.shape == self._weight.shape

    def _group_of(self, weight: Tensor) -> dict[str, Any]:
        return next(group for group in self._optimizer.param_groups if any(each is weight for each in group["params"]))
