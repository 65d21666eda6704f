"""`spert-hf calibrate`, as a user meets it."""

import json
import shutil

import pytest
from transformers import AutoTokenizer

from spert_hf import SpertModel, SpertProcessor
from spert_hf.cli.main import main
from tests.support.predictions import annotate_in_part
from tests.support.stored_weights import stored_weights
from tests.support.tiny_models import SENTENCES

TEMPERATURE_SETTINGS = {"entity_temperature", "relation_temperature", "relation_threshold"}


@pytest.fixture(scope="module")
def dataset(tiny_checkpoint, tmp_path_factory):
    """Sentences of whose entities and relations, as the tiny model finds them, some are right."""
    folder = tmp_path_factory.mktemp("data")
    model = SpertModel.from_pretrained(tiny_checkpoint).eval()
    processor = SpertProcessor.for_config(AutoTokenizer.from_pretrained(tiny_checkpoint), model.config)
    records = [document.to_record() for document in annotate_in_part(model, processor, SENTENCES)]
    for split, part in (("train", records), ("dev", records), ("test", records[:2])):
        (folder / f"{split}.json").write_text(json.dumps(part))
    return folder


def run(checkpoint, dataset, *more):
    return main(["calibrate", "--model", str(checkpoint), "--dataset", str(dataset), *map(str, more)])


def test_a_table_says_what_was_fitted_where(tiny_checkpoint, dataset, capsys):
    assert run(tiny_checkpoint, dataset) == 0
    alone = capsys.readouterr().out
    assert "Temperatures fitted on the dev split" in alone
    assert "On the dev split, used for fitting: the errors afterwards are too optimistic" in alone
    assert "test" not in alone
    assert run(tiny_checkpoint, dataset, "--measure-on", "test") == 0
    both = capsys.readouterr().out
    assert both.startswith(alone)
    assert "On the test split\n" in both
    assert max(map(len, both.splitlines())) <= 80


def test_the_model_is_saved_with_its_temperatures(tiny_checkpoint, dataset, tmp_path, capsys):
    output = tmp_path / "calibrated"
    assert run(tiny_checkpoint, dataset, "--measure-on", "test", "--json", "--output", output) == 0
    result = json.loads(capsys.readouterr().out)
    before, after = (json.loads((folder / "config.json").read_text()) for folder in (tiny_checkpoint, output))
    assert {name for name in after if after[name] != before[name]} == TEMPERATURE_SETTINGS
    assert {name: after[name] for name in TEMPERATURE_SETTINGS} == result["after"]
    assert {name: before[name] for name in TEMPERATURE_SETTINGS} == result["before"]
    weights, expected = (stored_weights(folder / "model.safetensors") for folder in (output, tiny_checkpoint))
    assert all(weights[name].equal(expected[name]) for name in expected)
    assert [path.name for path in tmp_path.iterdir()] == ["calibrated"]
    for folder in (tiny_checkpoint, output):
        assert main(["evaluate", "--model", str(folder), "--dataset", str(dataset), "--json"]) == 0
    scores = capsys.readouterr().out
    assert scores[: len(scores) // 2] == scores[len(scores) // 2 :]


def test_weights_keep_the_precision_they_were_stored_in(tiny_checkpoint, dataset, tmp_path, capsys):
    import torch

    half, output = tmp_path / "half", tmp_path / "calibrated"
    shutil.copytree(tiny_checkpoint, half)
    SpertModel.from_pretrained(tiny_checkpoint, dtype=torch.bfloat16).save_pretrained(half)
    assert run(half, dataset, "--output", output) == 0
    weights, expected = (stored_weights(folder / "model.safetensors") for folder in (output, half))
    assert {weight.dtype for weight in expected.values()} == {torch.bfloat16, torch.float32}
    assert all(weights[name].dtype == expected[name].dtype and weights[name].equal(expected[name]) for name in expected)
    capsys.readouterr()


@pytest.mark.parametrize(("overlap", "is_kept"), [("keep", True), ("drop", True), ("best", False)])
def test_the_record_of_training_stays_where_its_scores_do(tiny_checkpoint, dataset, tmp_path, capsys, overlap, is_kept):
    trained, output = tmp_path / "trained", tmp_path / "calibrated"
    shutil.copytree(tiny_checkpoint, trained)
    config = json.loads((trained / "config.json").read_text())
    (trained / "config.json").write_text(json.dumps(config | {"overlap": overlap}))
    (trained / "training_run.json").write_text("{}")
    assert run(trained, dataset, "--output", output) == 0
    assert (output / "training_run.json").is_file() == is_kept
    capsys.readouterr()


def test_in_place(tiny_checkpoint, dataset, tmp_path, capsys):
    folder = tmp_path / "model"
    shutil.copytree(tiny_checkpoint, folder)
    assert run(folder, dataset, "--output", folder) == 0
    first = json.loads((folder / "config.json").read_text())
    assert run(folder, dataset, "--output", folder) == 0
    again = json.loads((folder / "config.json").read_text())
    for name in TEMPERATURE_SETTINGS:
        assert again[name] == pytest.approx(first[name], rel=1e-3)
    assert first["entity_temperature"] != 1
    capsys.readouterr()


def test_a_plot(tiny_checkpoint, dataset, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    plot = tmp_path / "diagram.svg"
    assert run(tiny_checkpoint, dataset, "--measure-on", "test", "--plot", plot) == 0
    drawn = plot.read_text()
    assert "Reliability on test, temperatures fitted on dev" in drawn
    assert "Entities: " in drawn
    assert "Relations: " in drawn
    assert f"Diagram written to {plot}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--measure-on", "dev"], "--measure-on must be another split than the one that is fitted on, got 'dev'"),
        (["--plot", "diagram.png"], "plot must be a file name that ends in .svg, got 'diagram.png'"),
    ],
)
def test_what_cannot_be_is_said_at_once(tiny_checkpoint, dataset, capsys, monkeypatch, more, message):
    monkeypatch.setattr("spert_hf.cli.calibrate.load_pipeline", lambda options: pytest.fail("the model was loaded"))
    assert run(tiny_checkpoint, dataset, *more) == 1
    assert message in capsys.readouterr().err


def test_a_split_without_documents(tiny_checkpoint, dataset, tmp_path, capsys):
    shutil.copy(dataset / "train.json", tmp_path)
    assert run(tiny_checkpoint, tmp_path, "--measure-on", "test") == 1
    assert f"--measure-on must be a split that {tmp_path} has documents for, got 'test'" in capsys.readouterr().err


def test_a_model_that_cannot_be_saved_leaves_nothing_half_written(
    tiny_checkpoint, dataset, tmp_path, capsys, monkeypatch
):
    def fail(*args, **kwargs):
        raise OSError("no space left on device")

    monkeypatch.setattr("transformers.PreTrainedTokenizerBase.save_pretrained", fail)
    output = tmp_path / "calibrated"
    assert run(tiny_checkpoint, dataset, "--output", output) == 1
    assert "could not be saved" in capsys.readouterr().err
    assert not output.exists()


def test_another_model_is_replaced_only_on_demand(tiny_checkpoint, dataset, tmp_path, capsys, monkeypatch):
    output = shutil.copytree(tiny_checkpoint, tmp_path / "other")
    before = (output / "config.json").read_text()
    with monkeypatch.context() as patch:
        patch.setattr("spert_hf.cli.calibrate.load_pipeline", lambda options: pytest.fail("the model was loaded"))
        assert run(tiny_checkpoint, dataset, "--output", output) == 1
    assert f"--output: {output} holds a model; name another folder" in capsys.readouterr().err
    assert (output / "config.json").read_text() == before
    assert run(tiny_checkpoint, dataset, "--output", output, "--overwrite") == 0
    assert (output / "config.json").read_text() != before


def test_the_models_own_folder_gets_its_temperatures(tiny_checkpoint, dataset, tmp_path):
    own = shutil.copytree(tiny_checkpoint, tmp_path / "own")
    (own / "training_run.json").write_text("{}")
    names = {path.name for path in own.iterdir()}
    assert run(own, dataset, "--output", own) == 0
    assert {path.name for path in own.iterdir()} == names
    assert json.loads((own / "config.json").read_text())["entity_temperature"] != 1


def test_scores_that_no_longer_hold_do_not_stay(tiny_checkpoint, dataset, tmp_path):
    own = shutil.copytree(tiny_checkpoint, tmp_path / "own")
    config = json.loads((own / "config.json").read_text())
    (own / "config.json").write_text(json.dumps(config | {"overlap": "best"}))
    (own / "training_run.json").write_text("{}")
    assert run(own, dataset, "--output", own) == 0
    assert not (own / "training_run.json").exists()
