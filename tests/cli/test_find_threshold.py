"""`spert-hf find-threshold`, as a user meets it."""

import json
import shutil

import pytest
from transformers import AutoTokenizer

from spert_hf import SpertModel, SpertProcessor
from spert_hf.cli.main import main
from spert_hf.data.documents import Document
from tests.support.predictions import predict_documents
from tests.support.tiny_models import SENTENCES

GOLD_THRESHOLD = 0.95


@pytest.fixture(scope="module")
def dataset(tiny_checkpoint, tmp_path_factory):
    """Sentences that have what the tiny model finds at another threshold than its own."""
    folder = tmp_path_factory.mktemp("data")
    model = SpertModel.from_pretrained(tiny_checkpoint).eval()
    processor = SpertProcessor.for_config(AutoTokenizer.from_pretrained(tiny_checkpoint), model.config)
    documents = [Document(words) for words in SENTENCES]
    found = predict_documents(model, processor, documents, relation_threshold=GOLD_THRESHOLD)
    records = [{"tokens": words, **one} for words, one in zip(SENTENCES, found, strict=True)]
    for split in ("train", "dev"):
        (folder / f"{split}.json").write_text(json.dumps(records))
    return folder


@pytest.fixture
def own(tiny_checkpoint, tmp_path):
    """A checkpoint of one's own, with a record of training."""
    folder = shutil.copytree(tiny_checkpoint, tmp_path / "own")
    (folder / "training_run.json").write_text("{}")
    return folder


def run(checkpoint, dataset, *more):
    return main(["find-threshold", "--model", str(checkpoint), "--dataset", str(dataset), *map(str, more)])


def test_the_best_threshold_is_found(tiny_checkpoint, dataset, capsys):
    assert run(tiny_checkpoint, dataset, "--json") == 0
    result = json.loads(capsys.readouterr().out)
    assert result["best_threshold"] == GOLD_THRESHOLD
    assert result["own_threshold"] == 0.4
    rows = {row["threshold"]: row for row in result["thresholds"]}
    assert list(rows) == [round(0.05 * step, 2) for step in range(1, 20)]
    assert rows[GOLD_THRESHOLD] == {"threshold": GOLD_THRESHOLD, "precision": 100, "recall": 100, "f1": 100}
    assert rows[0.4]["recall"] == 100 > rows[0.4]["precision"]


def test_a_table(tiny_checkpoint, dataset, capsys):
    assert run(tiny_checkpoint, dataset, "--step", "0.35") == 0
    table = capsys.readouterr().out
    assert "REL+ (micro, in percent) on the dev split" in table
    assert [line.split()[0] for line in table.splitlines()[2:]] == ["0.35", "0.4", "0.7"]
    assert next(line for line in table.splitlines() if "0.4 " in line).endswith("the model's own")
    assert run(tiny_checkpoint, dataset, "--by-type") == 0
    table = capsys.readouterr().out
    assert "In Python: pipe(text, relation_threshold={" in table
    assert all(name in table for name in ("Work_For", "Live_In", "Near"))
    assert max(map(len, table.splitlines()[:-1])) <= 80


def test_thresholds_by_type_give_what_is_found_at_them(tiny_checkpoint, dataset, capsys):
    assert run(tiny_checkpoint, dataset, "--by-type", "--json") == 0
    by_type = json.loads(capsys.readouterr().out)["by_type"]
    assert {row["best"]["f1"] for row in by_type.values()} == {100}
    thresholds = [f"--relation-threshold={name}={row['best_threshold']}" for name, row in by_type.items()]
    assert (
        main(["evaluate", "--model", str(tiny_checkpoint), "--dataset", str(dataset), "--split", "dev", "--json"]) == 0
    )
    before = json.loads(capsys.readouterr().out)
    command = ["evaluate", "--model", str(tiny_checkpoint), "--dataset", str(dataset), "--split", "dev", "--json"]
    assert main([*command, *thresholds]) == 0
    after = json.loads(capsys.readouterr().out)
    assert after["rel_plus"]["micro"]["f1"] == 100 > before["rel_plus"]["micro"]["f1"]


def test_it_is_saved_on_demand(own, dataset, capsys):
    before = {path.name: path.read_bytes() for path in own.iterdir() if path.is_file()}
    assert run(own, dataset) == 0
    assert before == {path.name: path.read_bytes() for path in own.iterdir() if path.is_file()}
    assert run(own, dataset, "--save") == 0
    assert "relation_threshold 0.95 (before 0.4) saved in" in (said := capsys.readouterr().err)
    assert "training_run.json with the scores at 0.4 is removed" in said
    settings = json.loads((own / "config.json").read_text())
    assert settings == json.loads(before["config.json"]) | {"relation_threshold": GOLD_THRESHOLD}
    after = {path.name: path.read_bytes() for path in own.iterdir() if path.is_file()}
    assert {name for name in before if before[name] != after.get(name)} == {"config.json", "training_run.json"}
    assert run(own, dataset, "--save") == 0
    assert "already has the best threshold" in capsys.readouterr().err


def test_what_cannot_be_is_said_at_once(dataset, capsys, monkeypatch):
    monkeypatch.setattr("spert_hf.cli.find_threshold.load_pipeline", lambda *_: pytest.fail("the model was loaded"))
    assert run("someone/model", dataset, "--save") == 1
    assert "--model must be a folder with --save, got someone/model" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        run("someone/model", dataset, "--step", "0")
    assert "must be a number from 0.01 to 0.5, got '0'" in capsys.readouterr().err
