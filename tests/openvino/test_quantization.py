"""A quantized encoder beside a model's weights: only a sound one, and only that of these weights, is used."""

import json
import shutil

import pytest
import torch

from spert_hf import SpertModel, SpertProcessor
from spert_hf.model.errors import CheckpointError
from spert_hf.openvino import quantize_encoder, use_openvino
from spert_hf.openvino.quantization import MODEL_FILE, QUANTIZED_FILES, RECORD_FILE, WEIGHTS_FILE
from tests.support.tiny_models import make_tokenizer


@pytest.fixture
def folder(quantized_checkpoint, tmp_path):
    return shutil.copytree(quantized_checkpoint, tmp_path / "copy")


def use(folder):
    model = SpertModel.from_pretrained(folder)
    use_openvino(model, "int8")
    return model


@pytest.mark.parametrize("name", [MODEL_FILE, WEIGHTS_FILE])
def test_a_changed_file_is_refused(folder, name):
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(CheckpointError, match=f"{name} is not what was written: missing, truncated or changed"):
        use(folder)


@pytest.mark.parametrize("name", QUANTIZED_FILES)
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(ValueError, match=f"precision int8 needs a checkpoint .*: .* has no {name}"):
        use(folder)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"encoder": "", "files": []}', "[" * 100_000, "\x00"])
def test_a_record_that_is_none(folder, text):
    (folder / RECORD_FILE).write_text(text)
    with pytest.raises(CheckpointError, match=f"{RECORD_FILE} is not a record of a quantized encoder"):
        use(folder)


def test_a_model_that_is_none_with_a_record_of_it(folder):
    from spert_hf.files.atomic import digest_of_file

    (folder / MODEL_FILE).write_text("<net>")
    record = json.loads((folder / RECORD_FILE).read_text())
    record["files"][MODEL_FILE] = digest_of_file(folder / MODEL_FILE)
    (folder / RECORD_FILE).write_text(json.dumps(record))
    with pytest.raises(CheckpointError, match=f"{MODEL_FILE} can't be read by OpenVINO"):
        use(folder)


def test_other_weights_are_refused(folder):
    model = SpertModel.from_pretrained(folder)
    with torch.no_grad():
        next(model.encoder.parameters())[0, 0] += 1
    with pytest.raises(CheckpointError, match=f"{MODEL_FILE} was made of other weights than the model's"):
        use_openvino(model, "int8")
    assert model.runtime.name == "cpu"


def test_other_classifiers_are_none_of_its_business(folder):
    model = SpertModel.from_pretrained(folder)
    torch.nn.init.zeros_(model.entity_classifier.weight)
    use_openvino(model, "int8")


def test_a_model_from_nowhere_has_none(folder):
    config = SpertModel.from_pretrained(folder).config
    config.name_or_path = ""
    model = SpertModel(config)
    with pytest.raises(
        ValueError, match=r"precision int8 needs a checkpoint .*: the model has no openvino_encoder_int8.xml"
    ):
        use_openvino(model, "int8")


def test_sentences_without_a_word(folder):
    model = SpertModel.from_pretrained(folder)
    processor = SpertProcessor.for_config(make_tokenizer("bert"), model.config)
    with pytest.raises(ValueError, match="sentences must have at least one with a word in it"):
        quantize_encoder(model, processor, [[], []])
