"""A loss that is not finite: the step is skipped, its sentences are named, and too many of them end the run."""

import json
import signal
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer

from tests.support.float16 import compute_in_float16
from tests.support.training_runs import Run, RunMaker

pytestmark = pytest.mark.e2e

POISONED = {str(number) for number in range(3, 24, 4)}
"""Sentences in which it rained."""


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return RunMaker(tmp_path_factory.mktemp("non_finite") / "all", max_skipped_steps=99)


@pytest.fixture(scope="module")
def poisoned_encoder(runs, tmp_path_factory):
    """An encoder in which a word of some sentences has numbers too large to be computed with."""
    source, folder = Path(str(runs.settings["encoder"])), tmp_path_factory.mktemp("poisoned")
    for path in source.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    tokenizer = AutoTokenizer.from_pretrained(source)
    weights = load_file(source / "model.safetensors")
    rain = tokenizer.convert_tokens_to_ids(tokenizer.tokenize("rained"))[0]
    signs = torch.tensor([1.0, -1.0]).repeat(weights["embeddings.word_embeddings.weight"].shape[1] // 2)
    weights["embeddings.word_embeddings.weight"][rain] = signs * 3e38
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def skipped(run: Run) -> list[dict]:
    return [entry for entry in run.log() if "skipped" in entry]


@pytest.mark.parametrize("precision", ["float32", "bf16", "fp16"])
def test_steps_with_poisoned_sentences_are_skipped_and_reported(runs, poisoned_encoder, precision):
    settings = {} if precision == "float32" else {precision: True}
    prepare = compute_in_float16 if precision == "fp16" else None
    run = runs.finish(f"poisoned_{precision}", prepare, encoder=poisoned_encoder, **settings)
    assert {name for entry in skipped(run) for name in entry["sentences"]} >= POISONED
    for entry in skipped(run):
        assert POISONED & set(entry["sentences"])
        assert len(entry["sentences"]) == 2  # the batch, and not more
        names = ", ".join(entry["sentences"])
        assert f"step {entry['step']}: loss or gradient not finite in sentences {names}; skipped" in run.said()
    losses = [entry["loss"] for entry in run.log() if "loss" in entry]
    assert len(losses) + len(skipped(run)) == 36
    assert losses[-1] < losses[0]
    assert all(weight.isfinite().all() for weight in load_file(run.folder / "model.safetensors").values())


def test_so_many_skipped_steps_end_the_run(runs, poisoned_encoder):
    run = runs.start("stopped", encoder=poisoned_encoder, max_skipped_steps=7)
    assert run.wait() == 1
    assert len(skipped(run)) == 7
    assert "stopped, as 7 steps were skipped (max_skipped_steps)" in run.said()
    assert "Traceback" not in run.said()
    assert not (run.folder / "model.safetensors").exists()


def test_a_run_that_diverges_ends(runs):
    run = runs.start("diverging", learning_rate=1e30, warmup_ratio=0.0, max_grad_norm=0.0, max_skipped_steps=3)
    assert run.wait() == 1
    assert len(skipped(run)) == 3
    assert "stopped, as 3 steps were skipped" in run.said()


def test_skipped_steps_count_over_interruptions(runs, poisoned_encoder):
    settings = {"encoder": poisoned_encoder, "max_skipped_steps": 9, "save_steps": 3}
    whole = runs.start("whole", **settings)
    assert whole.wait() == 1
    run = runs.start("resumed", **settings)
    run.wait_until(lambda: len(skipped(run)) > 4)
    assert run.send(signal.SIGKILL) == -signal.SIGKILL
    resumed = runs.start("resumed", resume_from_checkpoint="latest", **settings)
    assert resumed.wait() == 1
    assert "stopped, as 9 steps were skipped" in resumed.said()
    assert resumed.log() == whole.log()


def test_all_processes_skip_the_same_steps(runs, poisoned_encoder):
    settings = {"encoder": poisoned_encoder, "num_train_epochs": 1}
    one = runs.finish("one", per_device_train_batch_size=4, **settings)
    two = runs.finish_ranks("two", per_device_train_batch_size=2, **settings)
    assert [entry["step"] for entry in skipped(one)] == [entry["step"] for entry in skipped(two)]
    assert {name for entry in skipped(two) for name in entry["sentences"]} & POISONED == POISONED
    stopped = runs.start_ranks("two_stopped", max_skipped_steps=2, **settings)
    assert [run.wait() for run in stopped] == [1, 1]
    assert all("stopped, as 2 steps were skipped" in run.said() for run in stopped)


def test_training_run_says_how_many_steps_were_skipped(runs, poisoned_encoder):
    run = runs.finish("described", encoder=poisoned_encoder, num_train_epochs=1)
    described = json.loads((run.folder / "training_run.json").read_text())
    assert described["skipped_steps"] == len(skipped(run)) > 0
