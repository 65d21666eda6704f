"""Commands that save a model again, given a folder that holds an adapter in place of a whole model."""

import shutil

import pytest

from spert_hf import SpertModel, load
from spert_hf.cli.main import main
from spert_hf.openvino.quantization import QUANTIZED_FILES
from spert_hf.training.adapters import adapted_model, save_weights
from tests.support.documents import make_dataset_folder
from tests.support.predictions import assert_same

peft = pytest.importorskip("peft")

TEXT = "Marian Pell works for Northern Paper Co. in Duluth."
FILES = {"adapter_config.json", "adapter_model.safetensors"}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return make_dataset_folder(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module", params=["as training saves it", "as peft saves it"])
def saved_adapter(request, tiny_checkpoint, tmp_path_factory):
    """Folder of an adapter over the tiny model: peft leaves config and tokenizer to the base."""
    folder = tmp_path_factory.mktemp("adapter") / "adapter"
    settings = {"r": 2, "target_modules": ["query"], "modules_to_save": ["entity_classifier", "relation_classifier"]}
    config = peft.LoraConfig(init_lora_weights=False, **settings)
    model = peft.get_peft_model(SpertModel.from_pretrained(tiny_checkpoint), config)
    if request.param == "as peft saves it":
        model.save_pretrained(folder)
        return folder
    folder.mkdir()
    save_weights(adapted_model(model), folder)
    for path in tiny_checkpoint.glob("tokenizer*"):
        shutil.copy(path, folder)
    return folder


@pytest.fixture
def adapter(saved_adapter, tmp_path):
    return shutil.copytree(saved_adapter, tmp_path / "adapter")


def run(command, adapter, dataset, output):
    return main([command, f"--model={adapter}", f"--dataset={dataset}", f"--output={output}"])


def names_in(folder):
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("in_place", [True, False])
def test_a_calibrated_adapter_is_an_adapter_still(adapter, dataset, tmp_path, in_place):
    before = (adapter / "adapter_model.safetensors").read_bytes()
    output = adapter if in_place else tmp_path / "calibrated"
    assert run("calibrate", adapter, dataset, output) == 0
    assert (output / "adapter_model.safetensors").read_bytes() == before
    assert FILES | {"config.json", "tokenizer.json"} <= names_in(output)
    assert "model.safetensors" not in names_in(output)
    temperatures = {SpertModel.from_pretrained(folder).config.entity_temperature for folder in (output, adapter)}
    assert (temperatures == {1.0}, len(temperatures)) == (False, 1 if in_place else 2)


def test_a_quantized_adapter_is_a_whole_model(adapter, dataset, tmp_path, capsys):
    pytest.importorskip("openvino")
    output = tmp_path / "quantized"
    assert run("quantize", adapter, dataset, output) == 0
    assert {*QUANTIZED_FILES, "config.json", "tokenizer.json", "model.safetensors"} <= names_in(output)
    assert not FILES & names_in(output)
    assert_same([load(output)(TEXT)], [load(adapter)(TEXT)])


def test_an_encoder_is_not_quantized_into_the_adapters_folder(adapter, dataset, capsys):
    pytest.importorskip("openvino")
    before = names_in(adapter)
    assert run("quantize", adapter, dataset, adapter) == 1
    assert "--output must be another folder than the adapter's, for the whole model, got " in capsys.readouterr().err
    assert names_in(adapter) == before
