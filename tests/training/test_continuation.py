"""Going on from a trained model: with all its weights and settings, for the same types or others."""

import json
import shutil
from pathlib import Path

import pytest
import torch
import yaml

from spert_hf import SpertModel
from spert_hf.cli.main import run_command
from spert_hf.cli.parsers.train import parse_arguments
from spert_hf.data import load_splits
from spert_hf.data.named_datasets import dataset_folder
from spert_hf.hub.model_card import _describe_start
from spert_hf.hub.training_record import TrainingRecord
from spert_hf.training.continuation import load_trained
from spert_hf.training.trainer import SpertTrainer
from tests.support.documents import make_dataset_folder, make_records
from tests.support.predictions import predict_documents
from tests.support.tiny_models import make_encoder_folder, make_tiny_checkpoint

MODEL = {"max_span_size": 7, "relation_threshold": 0.3, "letter_case_embeddings": True, "learn_signatures": True}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Folders of a data set, and of a small model that was trained on it."""
    data, runs = (tmp_path_factory.mktemp(name) for name in ("documents", "runs"))
    make_dataset_folder(data)
    encoder = make_encoder_folder("bert", runs / "encoder")
    reading = "words=whitespace,sequences=document"
    _train(
        data, runs / "first", encoder=encoder, num_train_epochs=30, learning_rate=5e-3, text_reading=reading, **MODEL
    )
    return data, runs / "first"


@pytest.fixture(autouse=True)
def _own_precision(forget_precision):
    """Each training may have a precision of its own."""


def _flags(dataset, output_dir, **settings):
    settings = {"dataset": dataset, "output_dir": output_dir, "cpu_threads": 1, **settings}
    return [f"--{name}={value}" for name, value in settings.items()]


def _train(dataset, output_dir, **settings):
    arguments = parse_arguments(_flags(dataset, output_dir, optim="adamw", **settings))
    return SpertTrainer(args=arguments, train_dataset=load_splits(dataset), show_progress=False).train()


def _with_types(folder, changes, target):
    """A copy of a data set with some entity and relation types renamed."""
    shutil.copytree(folder, target)
    for path in target.glob("*.json"):
        text = path.read_text(encoding="utf-8")
        for old, new in changes.items():
            text = text.replace(f'"{old}"', f'"{new}"')
        path.write_text(text, encoding="utf-8")
    return target


def test_without_learning_the_predictions_stay(folders, tmp_path):
    data, first = folders
    result = _train(data, tmp_path / "again", model=first, learning_rate=0, num_train_epochs=1)
    documents = load_splits(data).train
    before = SpertModel.from_pretrained(first)
    found = predict_documents(before, result.processor, documents)
    assert any(prediction["relations"] for prediction in found)
    assert predict_documents(result.model, result.processor, documents) == found
    for name, weight in before.state_dict().items():
        assert torch.equal(result.model.state_dict()[name], weight), name
    for name in ("max_span_size", "relation_threshold", "relation_signatures", "text_reading"):
        assert getattr(result.model.config, name) == getattr(before.config, name), name
    run = json.loads((tmp_path / "again" / "training_run.json").read_text())
    assert (run["settings"]["model"], run["settings"]["encoder"]) == (str(first), None)
    assert (run["settings"]["max_span_size"], run["settings"]["relation_threshold"]) == (7, 0.3)
    assert run["went_on_from"]["dataset"] == data.name
    assert run["went_on_from"]["entity_types"] == {"kept": ["Loc", "Org", "Peop"], "fresh": [], "dropped": []}


def test_types_of_the_same_name_keep_their_rows(folders, tmp_path):
    data, first = folders
    other = _with_types(data, {"Org": "Firm", "Near": "At"}, tmp_path / "other")
    types = json.loads((other / "types.json").read_text())
    types["entities"] = {name: types["entities"][name] for name in ("Peop", "Firm", "Loc")}
    (other / "types.json").write_text(json.dumps(types))
    arguments = parse_arguments(_flags(other, tmp_path / "run", model=first))
    trainer = SpertTrainer(args=arguments, train_dataset=load_splits(other), show_progress=False)
    before, after = SpertModel.from_pretrained(first), trainer.model
    assert after.config.entity_types == ["Peop", "Firm", "Loc"]
    assert after.config.symmetric_relation_types == ["At"]
    old, new = before.entity_classifier.weight, after.entity_classifier.weight  # Loc, Org, Peop are 1, 2, 3
    assert torch.equal(new[[0, 1, 3]], old[[0, 3, 1]])
    assert not any(torch.equal(new[2], row) for row in old)
    assert after.entity_classifier.bias[2] == 0
    old, new = before.relation_classifier.weight, after.relation_classifier.weight
    assert torch.equal(new[0], old[0])
    assert not torch.equal(new[1], old[1])
    assert set(after.config.relation_signatures["Work_For"][0]) == {"Peop", "Firm"}
    assert trainer.continuation.describe() == (
        f"Continues from all weights of {first}: entity types: Peop, Loc kept; Firm fresh; Org dropped; relation "
        "types: Work_For kept; At fresh; Near dropped"
    )


def test_relations_may_come_and_go(folders, tmp_path):
    _, first = folders
    records = [record | {"relations": []} for record in make_records(6)]
    (tmp_path / "train.json").write_text(json.dumps(records))
    result = _train(tmp_path, tmp_path / "none", model=first, num_train_epochs=1)
    assert result.model.relation_classifier is None
    again = _train(folders[0], tmp_path / "both", model=tmp_path / "none", num_train_epochs=1)
    assert again.model.config.relation_types == ["Work_For", "Near"]
    assert torch.isfinite(again.model.relation_classifier.weight).all()


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [("attention", "between", "dropped"), ("between", "attention", "fresh"), ("attention", "attention", "kept")],
)
def test_the_attention_over_contexts_is_told_of(tmp_path, before, after, change):
    source = make_tiny_checkpoint("bert", tmp_path, relation_context=before)
    config = SpertModel.from_pretrained(source).config
    types = {name: getattr(config, name) for name in ("entity_types", "relation_types", "symmetric_relation_types")}
    arguments = parse_arguments([f"--model={source}", f"--relation-context={after}"])
    _, model, continuation = load_trained(arguments, types, [])
    assert (model.context_attention is None) == (after != "attention")
    assert continuation.describe().endswith(f" kept; attention over contexts: {change}")
    assert continuation.to_dict()["context_attention"] == change


def test_settings_are_the_models_unless_they_are_given(folders, tmp_path):
    _, first = folders
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("relation_threshold: 0.9\nencoder: somebody/encoder\n")
    settings = parse_arguments(["--model", str(first), "--config", str(recipe), "--max-span-size", "5"])
    assert (settings.relation_threshold, settings.max_span_size, settings.overlap) == (0.9, 5, "keep")
    assert settings.encoder is None
    own = yaml.safe_load((Path(dataset_folder("quickstart")) / "recipe.yaml").read_text(encoding="utf-8"))
    assert settings.num_train_epochs == own["num_train_epochs"]  # the quickstart's, as it is none of the model
    recipe.write_text(f"model: {first}\n")
    settings = parse_arguments(["--config", str(recipe)])
    assert (settings.model, settings.letter_case_embeddings) == (str(first), True)
    settings = parse_arguments(["--config", str(recipe), "--encoder", "somebody/encoder"])
    assert (settings.model, settings.encoder, settings.max_span_size) == (None, "somebody/encoder", 10)


def test_a_part_of_the_reading_may_be_given(folders, tmp_path):
    data, first = folders
    arguments = parse_arguments(_flags(data, tmp_path / "run", model=first, text_reading="words=characters"))
    reading = SpertTrainer(
        args=arguments, train_dataset=load_splits(data), show_progress=False
    ).model.config.text_reading
    assert (reading.words, reading.sequences) == ("characters", "document")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"encoder": "somebody/encoder"}, "encoder and model exclude each other"),
        ({"size_embedding_dim": 5}, "size_embedding_dim must be 25, for which {first} has weights, got 5"),
        (
            {"letter_case_embeddings": False},
            "letter_case_embeddings must be True, for which {first} has weights, got False",
        ),
        ({"random_encoder": True}, "random_encoder needs encoder, got model"),
        ({"model": "no/such/folder"}, "model must be a folder that exists, or the id of a model on the Hub"),
        ({"model": "{first}/.."}, "model: {first}/.. has no config.json"),
        ({"model": "{encoder}"}, "model: {encoder} is a bert model, not a SpERT model"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(folders, tmp_path, capsys, settings, message):
    data, first = folders
    places = {"first": first, "encoder": first.parent / "encoder"}
    settings = {name: str(value).format(**places) for name, value in {"model": "{first}", **settings}.items()}
    assert run_command("train", _flags(data, tmp_path / "run", **settings)) == 1
    said = capsys.readouterr().err.splitlines()
    assert message.format(**places) in said[-1]
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("start", [{}, {"random_encoder": True}, {"random_layers": True}])
def test_as_an_encoder_it_is_refused_and_the_road_named(folders, tmp_path, capsys, start):
    data, first = folders
    assert run_command("train", _flags(data, tmp_path / "run", encoder=first, **start)) == 1
    assert f"encoder: {first} is a SpERT model; pass it as --model to continue training from it" in (
        capsys.readouterr().err
    )


def test_it_goes_on_after_an_interruption_to_the_same_weights(folders, tmp_path):
    data, first = folders
    whole = _train(data, tmp_path / "whole", model=first, num_train_epochs=2, save_steps=5, save_total_limit=9)
    checkpoint = tmp_path / "whole" / "checkpoint-5"
    resumed = _train(
        data, tmp_path / "resumed", model=first, num_train_epochs=2, resume_from_checkpoint=str(checkpoint)
    )
    for name, weight in whole.model.state_dict().items():
        assert torch.equal(resumed.model.state_dict()[name], weight), name


def test_the_model_that_it_goes_on_from_is_not_replaced_in_silence(folders, tmp_path):
    data, first = folders
    mine = shutil.copytree(first, tmp_path / "mine")
    settings = {"model": mine, "num_train_epochs": 1}
    _train(data, mine, overwrite=True, **settings)
    with pytest.raises(ValueError, match=r"mine holds the model to continue from; name another folder"):
        _train(data, mine, **settings)


def test_the_card_tells_what_was_gone_on_from(folders, tmp_path):
    data, first = folders
    _train(data, tmp_path / "again", model=first, num_train_epochs=1)
    record = TrainingRecord.from_file(tmp_path / "again" / "training_run.json")
    assert record.went_on_from == ["first", "", data.name]
    assert _describe_start(record) == (f"Fine-tuned from `first`, trained on `{data.name}`. ")
    assert record.content["settings"]["model"] == "first"
    record.content["went_on_from"] = "elsewhere"
    with pytest.raises(ValueError, match=r"went_on_from must be .*, got 'elsewhere'"):
        TrainingRecord(record.content)
