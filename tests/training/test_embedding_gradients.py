"""Gradients of word embeddings by rows: those of whole ones, for the optimizer and for whoever trains on."""

import copy

import pytest
import torch
from accelerate import Accelerator
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from spert_hf.training.embedding_gradients import EmbeddingGradients
from spert_hf.training.optimizer_step import OptimizerStep

WORDS, WIDTH = 11, 4


class Tied(nn.Module):
    """Looks words up, and may use the embeddings as a matrix, too."""

    def __init__(self, as_matrix: bool = False) -> None:
        super().__init__()
        self.embeddings = nn.Embedding(WORDS, WIDTH, padding_idx=0)
        self.layer = nn.Linear(WIDTH, WIDTH)
        self._as_matrix = as_matrix

    def forward(self, words: torch.Tensor) -> torch.Tensor:
        vectors = self.layer(self.embeddings(words))
        return (vectors @ self.embeddings.weight.T if self._as_matrix else vectors).pow(3).sum()


def twins(as_matrix: bool = False) -> tuple[Tied, Tied]:
    torch.manual_seed(0)
    one = Tied(as_matrix)
    return one, copy.deepcopy(one)


batches = st.lists(st.lists(st.integers(0, WORDS - 1), min_size=1, max_size=6), min_size=1, max_size=3)


@given(steps=st.lists(batches, min_size=1, max_size=4), as_matrix=st.booleans())
def test_steps_are_those_with_whole_gradients(steps, as_matrix):
    ours, theirs = twins(as_matrix)
    gradients = EmbeddingGradients(ours.embeddings)
    optimizers = [torch.optim.AdamW(model.parameters(), lr=0.01, fused=True) for model in (ours, theirs)]
    for parts in steps:
        with gradients.by_rows():
            for part in parts:
                ours(torch.tensor(part)).backward()
        for part in parts:
            theirs(torch.tensor(part)).backward()
        gradients.spread()
        for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
            torch.testing.assert_close(mine.grad, other.grad)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
        gradients.clear()
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine, other)


@pytest.mark.parametrize("limit", [0.0, 0.5, 1e6])
def test_rows_are_clipped_as_torch_clips_whole_gradients(limit):
    ours, theirs = twins()
    gradients = EmbeddingGradients(ours.embeddings)
    words = torch.tensor([3, 3, 0, 7, 3])
    with gradients.by_rows():
        ours(words).backward()
    theirs(words).backward()
    step = OptimizerStep(Accelerator(cpu=True), ours, None, None, None, 1, limit, gradients)
    norm = step._clip_gradients()
    torch.testing.assert_close(norm, nn.utils.clip_grad_norm_(theirs.parameters(), limit or torch.inf))
    gradients.spread()
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine.grad, other.grad)


def test_a_step_that_is_skipped_leaves_nothing_behind():
    ours, _ = twins()
    gradients = EmbeddingGradients(ours.embeddings)
    for words, expected in (([1], [1]), ([2, 5], [2, 5]), ([4], [4])):
        with gradients.by_rows():
            ours(torch.tensor(words)).backward()
        if words != [2, 5]:
            gradients.spread()
            assert ours.embeddings.weight.grad.abs().sum(1).nonzero().flatten().tolist() == expected
        ours.zero_grad()
        gradients.clear()


def test_outside_of_training_gradients_are_whole():
    ours, _ = twins()
    with EmbeddingGradients(ours.embeddings).by_rows():
        pass
    ours(torch.tensor([1, 2])).backward()
    assert not ours.embeddings.weight.grad.is_sparse


def test_embeddings_that_cannot_have_rows_are_known():
    frozen = nn.Embedding(3, 2)
    frozen.requires_grad_(False)
    assert EmbeddingGradients.possible(nn.Embedding(3, 2))
    assert not EmbeddingGradients.possible(frozen)
    assert not EmbeddingGradients.possible(nn.Embedding(3, 2, scale_grad_by_freq=True))
    assert not EmbeddingGradients.possible(nn.Linear(3, 2))
