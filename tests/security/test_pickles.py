"""No pickle is ever run, wherever one may lie."""

import contextlib
import json
import shutil

import pytest
import torch
from safetensors.torch import load_file
from transformers import pipeline

from spert_hf import SpertModel
from spert_hf.cli.main import main
from spert_hf.hub.conversion import convert_checkpoint
from spert_hf.hub.publishing import publish_model
from spert_hf.model.errors import CheckpointError
from tests.conftest import GOLDEN
from tests.support.documents import make_dataset_folder
from tests.support.hostile_checkpoints import WEIGHTS, explodes, plain_pickle, plant_pickle
from tests.support.tiny_models import make_encoder_folder


@pytest.fixture
def crater(tmp_path):
    """What is there after a pickle was run."""
    path = tmp_path / "crater"
    yield path
    assert not path.exists(), "a pickle was run"


def test_a_checkpoint_of_pickles_is_refused(checkpoint, crater):
    (checkpoint / WEIGHTS).unlink()
    planted = checkpoint / "pytorch_model.bin"
    plant_pickle(planted, crater)
    assert explodes(planted, crater)
    for options in ({}, {"weights_only": False}, {"ignore_mismatched_sizes": True}):
        with pytest.raises(CheckpointError, match=r"has no model\.safetensors; pickles such as pytorch_model\.bin"):
            SpertModel.from_pretrained(checkpoint, **options)
    with pytest.raises(CheckpointError, match="use_safetensors must be True, as pickles are not read, got False"):
        SpertModel.from_pretrained(checkpoint, use_safetensors=False)
    with pytest.raises(CheckpointError, match=r"has no model\.safetensors"):
        pipeline("spert-extraction", model=str(checkpoint))
    with pytest.raises(ValueError, match=r"has no model\.safetensors"):
        publish_model(checkpoint, "ada/tiny")


def test_pickles_beside_the_weights_are_not_read(checkpoint, crater):
    for name in ("pytorch_model.bin", "training_args.bin", "optimizer.pt", "tokenizer.pkl", "adapter_model.bin"):
        plant_pickle(checkpoint / name, crater)
    plain_pickle(checkpoint / "vocab.pkl", crater)
    assert pipeline("spert-extraction", model=str(checkpoint))("Marian Pell was born in Duluth.")


def test_a_pickle_under_another_name(checkpoint, crater):
    plant_pickle(checkpoint / WEIGHTS, crater)
    with pytest.raises(CheckpointError, match=r"model\.safetensors is not a complete safetensors file"):
        SpertModel.from_pretrained(checkpoint)


@pytest.mark.parametrize("shard", ["shard.bin", "pytorch_model.safetensors.bin"])
def test_an_index_that_names_a_pickle(checkpoint, crater, shard):
    names = list(load_file(checkpoint / WEIGHTS))
    (checkpoint / WEIGHTS).unlink()
    plant_pickle(checkpoint / shard, crater)
    index = {"metadata": {}, "weight_map": dict.fromkeys(names, shard)}
    (checkpoint / f"{WEIGHTS}.index.json").write_text(json.dumps(index))
    with pytest.raises(CheckpointError, match=r"weight_map must be the name of a \.safetensors file, got "):
        SpertModel.from_pretrained(checkpoint)


def test_an_encoder_of_pickles(tmp_path, crater):
    """Encoders of before safetensors are read, but nothing than weights in them."""
    encoder = make_encoder_folder("bert", tmp_path / "encoder")
    weights = load_file(encoder / WEIGHTS)
    (encoder / WEIGHTS).unlink()
    planted = encoder / "pytorch_model.bin"
    torch.save(weights, planted)
    assert SpertModel.from_encoder(str(encoder), entity_types=["Loc"])
    plant_pickle(planted, crater, weights)
    assert explodes(planted, crater)
    with pytest.raises(Exception, match=r"[Ww]eights.only"):
        SpertModel.from_encoder(str(encoder), entity_types=["Loc"])


def test_a_published_checkpoint_of_pickles(tmp_path, crater):
    folder = shutil.copytree(GOLDEN / "model", tmp_path / "published")
    weights = load_file(folder / WEIGHTS)
    (folder / WEIGHTS).unlink()
    planted = folder / "pytorch_model.bin"
    plant_pickle(planted, crater, weights)
    assert explodes(planted, crater)
    with pytest.raises(ValueError, match=r"pytorch_model\.bin is damaged, or holds more than weights; nothing"):
        convert_checkpoint(folder, GOLDEN / "types.json")
    plain_pickle(planted, crater)
    with pytest.raises(ValueError, match=r"pytorch_model\.bin is damaged"):
        convert_checkpoint(folder, GOLDEN / "types.json")
    torch.save(["no", "weights"], planted)
    with pytest.raises(ValueError, match="must be a mapping of names to weights, got list"):
        convert_checkpoint(folder, GOLDEN / "types.json")


def test_a_run_that_goes_on_from_pickles(tmp_path, crater, capsys):
    (tmp_path / "data").mkdir()
    arguments = [
        "train",
        f"--dataset={make_dataset_folder(tmp_path / 'data')}",
        f"--encoder={make_encoder_folder('bert', tmp_path / 'encoder')}",
        f"--output-dir={tmp_path / 'out'}",
        *("--num-train-epochs=1", "--save-steps=3", "--save-total-limit=1", "--eval-every-epochs=0"),
    ]
    assert main(arguments) == 0
    saved = next((tmp_path / "out").glob("checkpoint-*"))
    for name in ("optimizer.pt", "random_0.pt"):
        spoilt = shutil.copytree(saved, tmp_path / name / saved.name)
        assert (spoilt / name).is_file()
        plant_pickle(spoilt / name, crater)
        assert explodes(spoilt / name, crater)
        with contextlib.suppress(Exception):  # how it is refused is for the tests of resuming
            main([*arguments, f"--resume-from-checkpoint={spoilt}"])
        assert not crater.exists(), name
    capsys.readouterr()
