"""The recipes and card sources of `model_cards`: each one trains, and its card says what was trained and measured."""

import json
from pathlib import Path

import pytest
from huggingface_hub import ModelCard

from spert_hf.cli.parsers.train import parse, parse_arguments
from spert_hf.cli.train import run
from spert_hf.data.named_datasets import model_card_of
from spert_hf.encoders import QUICKSTART_ENCODER
from spert_hf.hub.model_card import CardSource, find_card_source, make_model_card
from spert_hf.hub.staging import stage_checkpoint
from tests.support.source_files import MAKERS
from tests.support.tiny_models import make_encoder_folder

CARDS = Path(__file__).parents[2] / "model_cards"
RECIPES = sorted(CARDS.glob("*/recipe*.yaml"))
TITLES = {"conll04": "CoNLL04", "scierc": "SciERC", "ade": "ADE"}
ENCODERS = {
    "conll04": "google-bert/bert-base-cased",
    "scierc": "allenai/scibert_scivocab_cased",
    "ade": "google-bert/bert-base-cased",
}


def test_each_data_set_has_two_recipes():
    names = [f"{path.parent.name}/{path.name}" for path in RECIPES]
    assert sorted(names) == sorted(
        f"{name}/{recipe}" for name in MAKERS for recipe in ("recipe.yaml", "recipe_minilm.yaml")
    )


@pytest.mark.parametrize("name", MAKERS)
def test_the_paper_s_recipe_is_that_of_the_defaults(name):
    """They are the paper's, but for the encoder, and for the documents that the final models are trained on."""
    recipe = vars(parse_arguments(["--config", str(CARDS / name / "recipe.yaml")]))
    defaults = vars(parse_arguments(["--dataset", name]))
    expected = {"encoder": ENCODERS[name], "train_on_dev": True, "eval_every_epochs": 0}
    if name == "ade":
        expected["dataset_config_name"] = "fold_0"
    assert {setting: value for setting, value in recipe.items() if value != defaults[setting]} == expected


@pytest.mark.parametrize("name", MAKERS)
def test_the_small_encoder_is_the_one_that_needs_no_network(name):
    assert parse_arguments(["--config", str(CARDS / name / "recipe_minilm.yaml")]).encoder == QUICKSTART_ENCODER


@pytest.mark.parametrize("name", MAKERS)
def test_the_source_says_what_only_a_person_knows(name):
    source = CardSource.from_file(model_card_of(name))
    assert source.data.license
    assert source.data.language == ["en"]
    assert source.data.datasets == [name]
    assert source.opening.startswith(f"# SpERT for {TITLES[name]}\n")
    assert "## Intended use" in source.opening
    for heading in ("## Limits", "## Licence", "## Citation of the data set"):
        assert heading in source.closing


@pytest.mark.usefixtures("forget_precision")
@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_it_trains_and_its_card_tells_of_it(recipe, tmp_path, capsys):
    name = recipe.parent.name
    encoder, output = make_encoder_folder("bert", tmp_path / "encoder"), tmp_path / "model"
    made = {
        "encoder": encoder,
        "data-dir": MAKERS[name](tmp_path / "data"),
        "output-dir": output,
        "num-train-epochs": 1,
    }
    assert run(parse(["--config", str(recipe), *(f"--{setting}={value}" for setting, value in made.items())])) == 0
    assert "Scores on the test split" in capsys.readouterr().out

    staged = stage_checkpoint(output, tmp_path / "checkpoint")
    source = find_card_source(staged.record)
    card = ModelCard(str(make_model_card(staged.pipe, f"ada/{name}", staged.record, source)))
    trained = json.loads((output / "training_run.json").read_text(encoding="utf-8"))
    config = "fold_0" if name == "ade" else "default"
    assert trained["dataset"] == {"name": name, "kind": "package", "config": config, "revision": None}
    assert trained["versions"]["spert_hf"]
    assert {(r.dataset_name, r.dataset_type, r.dataset_config) for r in card.data.eval_results} == {
        (TITLES[name], name, config)
    }
    f1 = {r.metric_name: r.metric_value for r in card.data.eval_results if r.metric_type == "f1"}
    assert f1["NER micro F1 (%)"] == round(trained["scores"]["ner"]["micro"]["f1"], 2)
    assert card.data.license == source.data.license
    assert source.example_text in card.text
    assert card.text.index("## Intended use") < card.text.index("## Results") < card.text.index("## Limits")
