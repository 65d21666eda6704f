"""Word embeddings trained by rows become what they become when trained whole."""

import copy

import pytest
import torch
from accelerate import Accelerator
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from spert_hf.training.embedding_rows import EmbeddingRows
from spert_hf.training.objective import Objective
from spert_hf.training.optimization import AdamWNoBiasCorrection
from spert_hf.training.optimizer_step import OptimizerStep

WORDS, WIDTH = 17, 4
KNOWN = [0, 1, 3, 4, 8, 11, 16]
OPTIMIZERS = {
    "of torch": lambda weights: torch.optim.AdamW(weights, lr=0.01, weight_decay=0.1, fused=True),
    "of BERT": lambda weights: AdamWNoBiasCorrection([{"params": weights, "weight_decay": 0.1}], lr=0.01),
}


class Tied(nn.Module):
    """Looks words up, and may use the embeddings as a matrix, too."""

    def __init__(self, as_matrix: bool = False) -> None:
        super().__init__()
        self.embeddings = nn.Embedding(WORDS, WIDTH, padding_idx=0)
        self.layer = nn.Linear(WIDTH, WIDTH)
        self.as_matrix = as_matrix

    def forward(self, words: torch.Tensor) -> torch.Tensor:
        vectors = self.layer(self.embeddings(words))
        return (vectors @ self.embeddings.weight.T if self.as_matrix else vectors).pow(3).sum()


class Run:
    """A model with its optimizer, trained by rows or whole."""

    def __init__(self, model: nn.Module, optimizer: str, known: list[int] | None) -> None:
        self.model = model
        self.optimizer = OPTIMIZERS[optimizer](list(model.parameters()))
        self.rows = known and EmbeddingRows(model.embeddings, self.optimizer, torch.tensor(known))

    def step(self, parts: list[list[int]]) -> None:
        if not self.rows:
            for part in parts:
                self.model(torch.tensor(part)).backward()
            self.optimizer.step()
            self.optimizer.zero_grad()
            return
        with self.rows.by_rows():
            for part in parts:
                self.model(torch.tensor(part)).backward()
        with self.rows.exchanged():
            self.optimizer.step()
        self.optimizer.zero_grad()
        self.rows.clear()


def twins(optimizer: str, known: list[int] = KNOWN, as_matrix: bool = False) -> tuple[Run, Run]:
    torch.manual_seed(0)
    model = Tied(as_matrix)
    return Run(copy.deepcopy(model), optimizer, known), Run(model, optimizer, None)


def assert_same(ours: Run, theirs: Run) -> None:
    for mine, other in zip(ours.model.parameters(), theirs.model.parameters(), strict=True):
        torch.testing.assert_close(mine, other)


def steps_over(words: list[int]) -> st.SearchStrategy[list[list[list[int]]]]:
    parts = st.lists(st.lists(st.sampled_from(words), min_size=1, max_size=6), min_size=1, max_size=3)
    return st.lists(parts, min_size=1, max_size=5)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@given(steps=steps_over(KNOWN))
def test_steps_are_those_of_whole_embeddings(optimizer, steps):
    ours, theirs = twins(optimizer)
    for parts in steps:
        ours.step(parts)
        theirs.step(parts)
    assert_same(ours, theirs)
    unmet = [word for word in range(WORDS) if word not in KNOWN]
    assert torch.equal(ours.model.embeddings.weight[unmet], theirs.model.embeddings.weight[unmet])


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@given(
    steps=steps_over(list(range(WORDS))),
    known=st.sets(st.integers(0, WORDS - 1), min_size=1),
    matrix_from=st.integers(0, 5),
)
def test_gradients_of_rows_that_nobody_told_of_count(optimizer, steps, known, matrix_from):
    ours, theirs = twins(optimizer, sorted(known))
    for number, parts in enumerate(steps):
        for run in (ours, theirs):
            run.model.as_matrix = number >= matrix_from
            run.step(parts)
    assert_same(ours, theirs)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize(
    ("known", "more"),
    [(KNOWN, []), (KNOWN, [5, 7]), ([*KNOWN, 5, 7], [])],
    ids=["by rows", "whole after all", "whole, as most words are known"],
)
@given(before=steps_over(KNOWN), after=steps_over(KNOWN))
def test_a_run_goes_on_from_what_was_saved(optimizer, known, more, before, after):
    ours, theirs = twins(optimizer, known)
    for parts in [*before, [[*more, 1]]]:
        ours.step(parts)
        theirs.step(parts)
    resumed, _ = twins(optimizer, known)
    resumed.step([[3, 11]])
    resumed.model.load_state_dict(ours.model.state_dict())
    resumed.optimizer.load_state_dict(copy.deepcopy(ours.optimizer.state_dict()))
    resumed.rows.restore()
    for parts in after:
        resumed.step(parts)
        theirs.step(parts)
    assert_same(resumed, theirs)


def test_a_run_goes_on_from_what_was_saved_of_whole_embeddings():
    ours, theirs = twins("of BERT")
    theirs.step([[1, 3], [8]])
    ours.model.load_state_dict(theirs.model.state_dict())
    ours.optimizer.load_state_dict(copy.deepcopy(theirs.optimizer.state_dict()))
    ours.rows.restore()
    for run in (ours, theirs):
        run.step([[3, 4]])
    assert_same(ours, theirs)


def test_words_that_only_the_tokenizer_knows_are_passed_over():
    ours, theirs = twins("of torch", [*KNOWN, WORDS, WORDS + 5])
    for run in (ours, theirs):
        run.step([[1, 3], [8]])
    assert_same(ours, theirs)


def test_the_optimizer_keeps_averages_of_the_rows_alone():
    ours, _ = twins("of BERT")
    ours.step([[1, 3]])
    shapes = {tuple(each.shape) for state in ours.optimizer.state.values() for each in state.values()}
    assert (len(KNOWN), WIDTH) in shapes
    assert (WORDS, WIDTH) not in shapes


def test_the_schedule_rules_over_the_rows_too():
    ours, theirs = twins("of torch")
    for run in (ours, theirs):
        schedule = torch.optim.lr_scheduler.LambdaLR(run.optimizer, lambda step: 1 / (step + 1))
        for words in ([1, 3], [3, 4], [16]):
            run.step([words])
            schedule.step()
    assert_same(ours, theirs)


@pytest.mark.parametrize("limit", [0.0, 0.5, 1e6])
def test_rows_are_clipped_as_torch_clips_whole_gradients(limit):
    ours, theirs = twins("of torch")
    words = torch.tensor([3, 3, 0, 8, 3])
    with ours.rows.by_rows():
        ours.model(words).backward()
    theirs.model(words).backward()
    step = OptimizerStep(Accelerator(cpu=True), ours.model, None, None, None, 1, limit, Objective(0.0, 0.5), ours.rows)
    norm = step._clip_gradients()
    torch.testing.assert_close(norm, nn.utils.clip_grad_norm_(theirs.model.parameters(), limit or torch.inf))
    for mine, other in zip(ours.model.parameters(), theirs.model.parameters(), strict=True):
        torch.testing.assert_close(mine.grad.to_dense() if mine.grad.is_sparse else mine.grad, other.grad)


def test_a_step_that_is_skipped_leaves_nothing_behind():
    ours, theirs = twins("of torch")
    ours.step([[1]])
    theirs.step([[1]])
    with ours.rows.by_rows():
        ours.model(torch.tensor([3, 4])).backward()
    ours.optimizer.zero_grad()
    ours.rows.clear()
    ours.step([[8]])
    theirs.step([[8]])
    assert_same(ours, theirs)


def test_outside_of_training_gradients_are_whole():
    ours, _ = twins("of torch")
    with ours.rows.by_rows():
        pass
    ours.model(torch.tensor([1, 2])).backward()
    assert not ours.model.embeddings.weight.grad.is_sparse


def test_embeddings_that_cannot_be_trained_by_rows_are_known():
    frozen = nn.Embedding(3, 2)
    frozen.requires_grad_(False)
    assert EmbeddingRows.possible(nn.Embedding(3, 2))
    assert not EmbeddingRows.possible(frozen)
    assert not EmbeddingRows.possible(nn.Embedding(3, 2, scale_grad_by_freq=True))
    assert not EmbeddingRows.possible(nn.Linear(3, 2))
