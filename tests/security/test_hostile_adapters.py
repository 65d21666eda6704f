"""Adapters of strangers: nothing that they name is run, and they are refused unless they fit their base."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from spert_hf import SpertModel
from spert_hf.model.errors import CheckpointError
from spert_hf.training.adapters import add_adapters, save_weights
from spert_hf.training.arguments import SpertTrainingArguments
from tests.support.tiny_models import make_encoder_folder

pytest.importorskip("peft")


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    folder = tmp_path_factory.mktemp("adapters")
    encoder = make_encoder_folder("bert", folder / "encoder")
    types = {"entity_types": ["Loc", "Peop"], "relation_types": ["Live_In"]}
    model = add_adapters(SpertModel.from_encoder(str(encoder), **types), SpertTrainingArguments(lora_r=2))
    save_weights(model, folder / "adapter")
    return folder / "adapter"


@pytest.fixture
def adapter(sound, tmp_path):
    """A copy of a sound adapter's folder, to be changed."""
    return Path(shutil.copytree(sound, tmp_path / "adapter"))


def change_config(folder, **settings):
    path = folder / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | settings))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"base_model_name_or_path": None},
            "base_model_name_or_path must be an encoder's or SpERT model's folder or Hub id, got None",
        ),
        (
            {"base_model_name_or_path": "../x"},
            "base_model_name_or_path must be a path without '..' and '~', or a Hub id, got '../x'",
        ),
        (
            {"base_model_name_or_path": "/no/such"},
            "base_model_name_or_path must be a folder that is here, as the adapter needs its base, got '/no/such'",
        ),
        ({"peft_type": "IA3"}, "peft_type must be 'LORA', got 'IA3'"),
        ({"lora_alpha": "8"}, "lora_alpha must be a finite number, got '8'"),
        ({"lora_alpha": float("inf")}, "lora_alpha must be a finite number, got inf"),
        ({"use_dora": True}, "use_dora must be left out, got True"),
        ({"init_lora_weights": "olora"}, "init_lora_weights must be one that leaves the base as it is, got 'olora'"),
        ({"revision": 3}, "revision must be a commit or null, got 3"),
    ],
)
def test_a_config_that_is_not_sound_is_refused(adapter, settings, message):
    change_config(adapter, **settings)
    with pytest.raises(CheckpointError) as raised:
        SpertModel.from_pretrained(adapter)
    assert str(raised.value).startswith(f"{adapter}: adapter_config.json: {message}")


def test_a_base_that_is_not_at_hand_is_named_in_one_line(adapter, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    change_config(adapter, base_model_name_or_path="nobody/no-such-encoder", revision="a" * 40)
    with pytest.raises(CheckpointError) as raised:
        SpertModel.from_pretrained(adapter, local_files_only=True)
    assert str(raised.value).startswith(f"{adapter}: its base nobody/no-such-encoder at revision {'a' * 40} is not at")
    assert "\n" not in str(raised.value)


def test_code_that_an_adapter_names_is_not_run(adapter, tmp_path):
    before = SpertModel.from_pretrained(adapter).state_dict()
    (adapter / "evil.py").write_text(f"open({str(tmp_path / 'run')!r}, 'w')\nclass Evil: pass\n")
    (adapter / "adapter_model.bin").write_bytes(b"a pickle")
    change_config(adapter, auto_mapping={"base_model_class": "Evil", "parent_library": "evil"}, megatron_core="evil")
    after = SpertModel.from_pretrained(adapter).state_dict()
    assert all(torch.equal(after[name], weight) for name, weight in before.items())
    assert not (tmp_path / "run").exists()


def test_pickles_are_not_read(adapter):
    (adapter / "adapter_model.safetensors").rename(adapter / "adapter_model.bin")
    with pytest.raises(CheckpointError, match=r"has no adapter_model\.safetensors; pickles such as adapter_model\.bin"):
        SpertModel.from_pretrained(adapter)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda weights: weights.pop("base_model.model.entity_classifier.bias"), "has no weights for entity_classif"),
        (lambda weights: weights.update(other=torch.ones(2)), "has weights that its model has no place for: other"),
        (
            lambda weights: weights.update({"base_model.model.entity_classifier.bias": torch.ones(99)}),
            r"entity_classifier\.bias is of shape \[99\]",
        ),
        (
            lambda weights: weights.update({"base_model.model.entity_classifier.bias": torch.full((3,), torch.nan)}),
            "are not finite",
        ),
        (lambda weights: weights.pop(next(n for n in weights if "lora_A" in n)), "has no two matrices of LoRA for"),
    ],
)
def test_weights_that_do_not_fit_are_refused(adapter, change, message):
    path = adapter / "adapter_model.safetensors"
    weights = load_file(path)
    change(weights)
    save_file(weights, path)
    with pytest.raises(CheckpointError, match=message):
        SpertModel.from_pretrained(adapter)


def test_a_config_that_asks_for_a_larger_encoder_than_there_is_is_refused(adapter):
    config = json.loads((adapter / "config.json").read_text())
    config["encoder_config"]["vocab_size"] = 50_000_000
    (adapter / "config.json").write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match=r"the weights are .* numbers, config\.json asks for"):
        SpertModel.from_pretrained(adapter)


def test_an_adapter_beside_a_whole_model_is_refused(tiny_checkpoint, adapter, tmp_path):
    both = shutil.copytree(tiny_checkpoint, tmp_path / "both")
    shutil.copy(adapter / "adapter_config.json", both)
    with pytest.raises(CheckpointError, match=r"must be an adapter or a whole model, got both adapter_config"):
        SpertModel.from_pretrained(both)
