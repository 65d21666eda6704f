"""Published SpERT checkpoints, in both weight formats, become ours."""

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModel, pipeline

from spert_hf.cli.main import main
from spert_hf.data import SchemaError
from spert_hf.hub.conversion import convert_checkpoint
from tests.conftest import GOLDEN, read_golden


@pytest.fixture
def published(tmp_path):
    """A copy of the golden checkpoint that may be spoilt."""
    return shutil.copytree(GOLDEN / "model", tmp_path / "published")


def as_pickle(folder):
    """Store the weights as the published code did in 2019."""
    weights = load_file(folder / "model.safetensors")
    old = {name.replace("LayerNorm.weight", "LayerNorm.gamma"): weight for name, weight in weights.items()}
    torch.save(old, folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()


@pytest.mark.parametrize("kind", ["safetensors", "pickle"])
def test_the_command_gives_a_checkpoint_that_predicts_as_published(published, tmp_path, capsys, kind):
    if kind == "pickle":
        as_pickle(published)
    output = tmp_path / "ours"
    types = GOLDEN / "types.json"
    assert main(["convert", str(published), "--types", str(types), "--output", str(output)]) == 0
    assert (output / "model.safetensors").is_file()
    assert not (output / "pytorch_model.bin").exists()
    pipe = pipeline("spert-extraction", model=str(output))
    for document, expected in zip(read_golden("documents"), read_golden("inference"), strict=True):
        found = pipe([document["tokens"]])[0]
        spans = sorted((e["token_start"], e["token_end"], e["type"]) for e in found["entities"])
        assert spans == sorted((e["start"], e["end"], e["type"]) for e in expected["entities"])
        assert len(found["relations"]) == len(expected["relations"])
    capsys.readouterr()


def test_an_output_that_would_be_lost_or_spoilt_is_refused(published, tmp_path, capsys):
    (tmp_path / "file").write_text("kept")
    for output in (tmp_path / "file", published):
        assert main(["convert", str(published), "--types", str(GOLDEN / "types.json"), "--output", str(output)]) == 1
        assert f"output must be another folder than the checkpoint's, got {output}" in capsys.readouterr().err
    assert (tmp_path / "file").read_text() == "kept"


def test_another_model_is_replaced_only_on_demand(published, tmp_path, capsys):
    output = tmp_path / "ours"
    output.mkdir()
    (output / "training_run.json").write_text("scores of another model")
    arguments = ["convert", str(published), "--types", str(GOLDEN / "types.json"), "--output", str(output)]
    assert main(arguments) == 1
    assert f"output: {output} holds a model; name another folder, or pass --overwrite" in (capsys.readouterr().err)
    assert [path.name for path in output.iterdir()] == ["training_run.json"]
    assert main([*arguments, "--overwrite"]) == 0
    names = {path.name for path in output.iterdir()}
    assert "model.safetensors" in names and not names & {"training_run.json", ".spert-hf.lock"}


def test_a_pickle_that_would_run_code_is_refused(published):
    class Attack:
        def __reduce__(self):
            return print, ("executed",)

    (published / "model.safetensors").unlink()
    torch.save({"bert.x": Attack()}, published / "pytorch_model.bin")
    with pytest.raises(Exception, match="Weights only load failed"):
        convert_checkpoint(published, GOLDEN / "types.json")


def test_the_wrong_types_file(published, tmp_path):
    types = read_golden("types")
    del types["entities"]["Place"]
    (tmp_path / "types.json").write_text(json.dumps(types))
    with pytest.raises(ValueError, match=r"has outputs for 3 entity and 3 relation types, but .* lists 2 and 3"):
        convert_checkpoint(published, tmp_path / "types.json")
    (tmp_path / "types.json").write_text("[]")
    with pytest.raises(SchemaError, match=r"types\.json"):
        convert_checkpoint(published, tmp_path / "types.json")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda weights: weights.pop("bert.embeddings.word_embeddings.weight"), "has no weights for encoder.emb"),
        (lambda weights: weights.pop("rel_classifier.weight"), "has no weight for relation_classifier.weight"),
        (lambda weights: weights.update({"gpt.x": torch.zeros(1)}), "name of each weight must begin with .*, got 'gpt"),
        (lambda weights: weights.update({"bert.extra": torch.zeros(1)}), "not known: "),
    ],
)
def test_other_weights_are_refused(published, change, message):
    weights = load_file(published / "model.safetensors")
    change(weights)
    save_file(weights, published / "model.safetensors")
    with pytest.raises(ValueError, match=message):
        convert_checkpoint(published, GOLDEN / "types.json")


def test_missing_files_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"has no config\.json"):
        convert_checkpoint(tmp_path, GOLDEN / "types.json")
    shutil.copy(GOLDEN / "model" / "config.json", tmp_path)
    with pytest.raises(
        FileNotFoundError, match=r"has no weights: there is no model\.safetensors or pytorch_model\.bin"
    ):
        convert_checkpoint(tmp_path, GOLDEN / "types.json")


def test_the_unused_pooler_is_left_behind(tmp_path):
    model, _ = convert_checkpoint(GOLDEN / "model", GOLDEN / "types.json")
    model.save_pretrained(tmp_path)
    assert not any("pooler" in name for name in load_file(tmp_path / "model.safetensors"))
    assert AutoModel.from_pretrained(tmp_path).encoder.pooler is None
