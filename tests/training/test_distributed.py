"""Two processes train as one does with the same global batch (starts three runs: `pytest -m slow`)."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.support.documents import make_dataset_folder
from tests.support.tiny_models import make_encoder_folder

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("distributed")
    (folder / "data").mkdir()
    make_dataset_folder(folder / "data")
    encoder = make_encoder_folder("bert", folder / "encoder")
    config = json.loads((encoder / "config.json").read_text())
    # Dropout draws from each process's own generator, so it is left out where runs are compared.
    config |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    (encoder / "config.json").write_text(json.dumps(config))

    def launch(name, processes, batch_size):
        launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
        settings = {
            "dataset": folder / "data",
            "encoder": encoder,
            "output_dir": folder / name,
            "num_train_epochs": 2,
            "per_device_train_batch_size": batch_size,
            "classifier_dropout": 0.0,
            "learning_rate": 1e-3,
            "logging_steps": 1,
            "cpu_threads": 1,
            "optim": "adamw",
        }
        flags = [f"--{name}={value}" for name, value in settings.items()]
        environment = {**os.environ, "ACCELERATE_USE_CPU": "true"}
        command = [*launcher, "train.py", *flags]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, done.stderr
        log = [json.loads(line) for line in (folder / name / "training_log.jsonl").read_text().splitlines()]
        return load_file(folder / name / "model.safetensors"), log

    return launch


@pytest.mark.slow
def test_two_processes_train_as_one(run):
    one, one_log = run("one", 1, 4)
    two, two_log = run("two", 2, 2)
    assert len(one_log) == len(two_log) == 8
    for ours, theirs in zip(one_log, two_log, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-3, abs=1e-5)
    for name, weight in one.items():
        torch.testing.assert_close(weight, two[name], atol=1e-3, rtol=0)
