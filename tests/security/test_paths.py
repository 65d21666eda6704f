"""Names and links that lead out of a checkpoint's folder, and code that lies in it."""

import json
import shutil

import pytest
import transformers
from packaging.version import Version
from safetensors.torch import load_file
from transformers import pipeline

from spert_hf import SpertModel
from spert_hf.cli.main import main
from spert_hf.hub.conversion import convert_checkpoint
from spert_hf.hub.publishing import publish_model
from spert_hf.hub.staging import stage_checkpoint
from spert_hf.model.errors import CheckpointError
from tests.conftest import GOLDEN
from tests.support.hostile_checkpoints import WEIGHTS, change_json


@pytest.fixture
def secret(tmp_path):
    """A file that is nobody else's business."""
    path = tmp_path / "secret"
    path.write_text("my secret")
    return path


@pytest.mark.parametrize("place", ["../shard.safetensors", "{}/shard.safetensors", "sub/../../shard.safetensors", 7])
def test_an_index_that_leads_elsewhere(checkpoint, tmp_path, place):
    (checkpoint / WEIGHTS).rename(tmp_path / "shard.safetensors")
    names = list(load_file(tmp_path / "shard.safetensors"))
    place = place.format(tmp_path) if isinstance(place, str) else place
    index = {"metadata": {}, "weight_map": dict.fromkeys(names, place)}
    (checkpoint / f"{WEIGHTS}.index.json").write_text(json.dumps(index))
    with pytest.raises(CheckpointError, match=r"index\.json: weight_map must be the name of a \.safetensors.*, got .*"):
        SpertModel.from_pretrained(checkpoint)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"weight_map": 1}', "[" * 100_000, "\x00"])
def test_an_index_that_is_none(checkpoint, content):
    (checkpoint / WEIGHTS).unlink()
    (checkpoint / f"{WEIGHTS}.index.json").write_text(content)
    with pytest.raises(CheckpointError, match=r"index\.json is not an index of weights"):
        SpertModel.from_pretrained(checkpoint)


def test_an_index_of_good_names(checkpoint):
    """Large models are saved in parts."""
    names = list(load_file(checkpoint / WEIGHTS))
    (checkpoint / WEIGHTS).rename(checkpoint / "model-00001-of-00001.safetensors")
    index = {"metadata": {}, "weight_map": dict.fromkeys(names, "model-00001-of-00001.safetensors")}
    (checkpoint / f"{WEIGHTS}.index.json").write_text(json.dumps(index))
    assert SpertModel.from_pretrained(checkpoint)


def test_weights_beside_those_that_were_checked(checkpoint):
    """Transformers would take files of this name in place of the others."""
    shutil.copy(checkpoint / WEIGHTS, checkpoint / "shard-00001-model-00001-of-00001.safetensors")
    with pytest.raises(CheckpointError, match="holds a distributed checkpoint"):
        SpertModel.from_pretrained(checkpoint)


@pytest.mark.parametrize("name", ["README.md", "training_run.json", "special_tokens_map.json", "tokenizer.json"])
def test_links_are_not_published(checkpoint, secret, tmp_path, name):
    (checkpoint / name).unlink(missing_ok=True)
    (checkpoint / name).symlink_to(secret)
    with pytest.raises(ValueError, match=rf"{name} must be a file in .*, got a link to a file elsewhere"):
        publish_model(checkpoint, "ada/tiny")
    with pytest.raises(ValueError, match=rf"{name} must be a file in .*, got a link to a file elsewhere"):
        stage_checkpoint(checkpoint, tmp_path / "staged")
    assert not (tmp_path / "staged").exists()


def test_links_inside_the_folder_and_the_cache_of_the_hub_are(checkpoint, tmp_path):
    cache = tmp_path / "models--ada--tiny"
    snapshot = cache / "snapshots" / "0123"
    (cache / "blobs").mkdir(parents=True)
    snapshot.mkdir(parents=True)
    for path in checkpoint.iterdir():
        shutil.copy(path, cache / "blobs" / path.name)
        (snapshot / path.name).symlink_to(f"../../blobs/{path.name}")
    (snapshot / "again.json").symlink_to("config.json")
    stage_checkpoint(snapshot, tmp_path / "staged")
    assert not any(path.is_symlink() for path in (tmp_path / "staged").iterdir())


def test_links_are_not_converted(secret, tmp_path):
    folder = shutil.copytree(GOLDEN / "model", tmp_path / "published")
    (folder / "vocab.txt").unlink()
    (folder / "vocab.txt").symlink_to(secret)
    with pytest.raises(ValueError, match=r"vocab\.txt must be a file in .*, got a link to a file elsewhere"):
        convert_checkpoint(folder, GOLDEN / "types.json")


class TestCodeInTheFolder:
    """With the package, none is ever run, and none goes up."""

    @pytest.fixture
    def crater(self, checkpoint, tmp_path):
        """What is there after any of the folder's code was run; each file would make it."""
        path = tmp_path / "crater"
        names = ("configuration_spert", "modeling_spert", "pipeline_spert", "tokenizer_evil", "__init__", "checkpoint")
        for name in names:
            (checkpoint / f"{name}.py").write_text(f"open({str(path)!r}, 'w')\n")
        yield path
        assert not path.exists(), "code of the checkpoint was run"

    def test_loading(self, checkpoint, crater):
        # Told to trust it, older versions run a folder's code though its class is registered.
        heeds_package = Version(transformers.__version__) >= Version("5.20")
        for options in ({}, {"trust_remote_code": True}) if heeds_package else ({},):
            assert pipeline("spert-extraction", model=str(checkpoint), **options)("Marian Pell was born in Duluth.")

    def test_publishing(self, checkpoint, crater, tmp_path):
        stage_checkpoint(checkpoint, tmp_path / "staged")
        staged = {path.name: path.read_text() for path in (tmp_path / "staged").glob("*.py")}
        assert "modeling_spert.py" in staged
        assert not any(str(crater) in text for text in staged.values())
        assert not {"tokenizer_evil.py", "__init__.py", "checkpoint.py"} & set(staged)

    def test_a_tokenizer_with_code(self, checkpoint, crater, tmp_path, capsys):
        """Refused at once, without the question that transformers would ask."""
        change_json(
            checkpoint / "tokenizer_config.json",
            lambda config: config.update(
                auto_map={"AutoTokenizer": ["tokenizer_evil.Evil", "tokenizer_evil.Evil"]}, tokenizer_class="Evil"
            ),
        )
        (tmp_path / "texts.txt").write_text("Marian Pell\n")
        assert main(["extract", f"--model={checkpoint}", f"--input={tmp_path / 'texts.txt'}"]) == 1
        assert "trust_remote_code" in capsys.readouterr().err
        with pytest.raises(ValueError, match="contains custom code"):
            publish_model(checkpoint, "ada/tiny")
