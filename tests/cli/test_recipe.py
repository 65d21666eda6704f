"""`train --recipe`: one line says which recipe and why, flags go before it, and the record and the card have it."""

import json

import pytest

from spert_hf.cli.main import main
from spert_hf.cli.parsers.train import parse, parse_arguments
from spert_hf.hub.model_card import _describe_recipe
from spert_hf.hub.training_record import TrainingRecord
from spert_hf.training.recipes import MEASURED
from tests.support.documents import make_dataset_folder
from tests.support.tiny_models import make_encoder_folder


@pytest.fixture
def data(tmp_path):
    (tmp_path / "data").mkdir()
    return make_dataset_folder(tmp_path / "data")


def test_a_run_tells_its_recipe_and_a_resumed_one_has_the_same(data, tmp_path, capsys):
    output = tmp_path / "run"
    encoder = make_encoder_folder("bert", tmp_path / "encoder")
    flags = ["--recipe=auto", f"--dataset={data}", f"--encoder={encoder}", f"--output-dir={output}", "--cpu-threads=1"]
    flags += ["--num-train-epochs=1", "--bf16=no", "--save-steps=1"]
    records = []
    for more in ([], ["--resume-from-checkpoint=latest"]):
        assert main(["train", *flags, *more]) == 0
        shown = capsys.readouterr()
        lines = [line for line in shown.out.splitlines() if line.startswith("Recipe: ")]
        assert len(lines) == 1
        assert lines[0].startswith("Recipe: that of CoNLL04 (a small encoder's settings), as 100% of entities begin")
        assert "is worth a try" not in shown.err  # what the recipe says was measured
        records.append(json.loads((output / "training_run.json").read_text(encoding="utf-8")))
    first, resumed = records
    assert (first["resumed_at_step"], resumed["resumed_at_step"] > 0) == (0, True)
    assert first["recipe"] == resumed["recipe"]
    assert first["recipe"]["file"] == "conll04/recipe_minilm.yaml"
    assert lines[0].endswith(first["recipe"]["reason"])
    taken = MEASURED["conll04"].read() | {"num_train_epochs": 1, "bf16": False}
    assert {name: first["settings"][name] for name in taken} == taken
    record = TrainingRecord.from_file(output / "training_run.json")
    said = f" Settings: `conll04/recipe_minilm.yaml` of spert-hf, unless given; taken `{record.recipe[1]}`."
    assert _describe_recipe(record) == said
    with pytest.raises(ValueError, match="recipe must be absent or what training records there, got 'ade'"):
        TrainingRecord(first | {"recipe": "ade"})
    assert TrainingRecord({name: value for name, value in first.items() if name != "recipe"}).recipe is None


def test_a_named_one_is_taken_without_reading_data():
    parsed = parse(["--recipe", "scierc", "--dataset", "nowhere/at-all", "--learning-rate", "5e-5"])
    recipe = MEASURED["scierc"].read()
    assert {name: getattr(parsed.settings, name) for name in recipe} == recipe | {"learning_rate": 5e-5}
    assert (parsed.settings.dataset, parsed.settings.train_on_dev) == ("nowhere/at-all", False)
    assert (parsed.recipe.name, parsed.recipe.reason, parsed.splits) == ("scierc", "as given", None)


def test_it_replaces_how_the_data_set_s_own_file_has_it_learn(tmp_path):
    own, recipe = parse_arguments([]), parse_arguments(["--recipe=ade"])  # the quickstart has such a file
    assert (own.letter_case_embeddings, own.learn_signatures) == (True, True)
    assert (recipe.letter_case_embeddings, recipe.learn_signatures) == (False, False)
    file = tmp_path / "settings.yaml"
    file.write_text("num_train_epochs: 3\n")
    settings = parse_arguments([f"--config={file}", "--recipe=scierc"])
    assert (settings.num_train_epochs, settings.relation_threshold) == (3, 0.5)


def test_a_misspelt_one_is_refused_in_one_line(capsys):
    with pytest.raises(SystemExit) as left:
        main(["train", "--recipe", "conl04"])
    assert left.value.code == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    allowed = "must be 'auto', 'conll04', 'scierc' or 'ade' (a file of settings is given with config), got 'conl04'"
    assert f"argument --recipe: {allowed} (did you mean 'conll04'?)" in said


def test_faults_name_where_they_come_from(tmp_path, capsys):
    assert main(["train", "--recipe=conll04", "--fp16"]) == 1
    assert "recipe conll04: bf16 and fp16 exclude each other" in capsys.readouterr().err
    assert main(["train", "--recipe=auto", f"--dataset={tmp_path / 'nowhere'}"]) == 1
    assert "dataset must be a folder" in capsys.readouterr().err
