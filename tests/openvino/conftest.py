"""A tiny checkpoint with a quantised encoder, and texts of many lengths."""

import random
from pathlib import Path

import pytest

from spert_hf import SpertModel, SpertProcessor
from spert_hf.openvino import quantize_encoder, write_quantized_encoder
from tests.support.tiny_models import SENTENCES, make_tiny_checkpoint, make_tokenizer


@pytest.fixture(scope="session")
def texts():
    """Lists of words, among them the shortest and one of more than a window."""
    draw = random.Random(1)
    words = [word for sentence in SENTENCES for word in sentence]
    return [draw.choices(words, k=count) for count in (14, 1, 2, 31, 5, 9, 120, 22)]


@pytest.fixture(scope="session")
def quantized_checkpoint(tmp_path_factory) -> Path:
    folder = make_tiny_checkpoint("bert", tmp_path_factory.mktemp("quantized"))
    model = SpertModel.from_pretrained(folder)
    processor = SpertProcessor.for_config(make_tokenizer("bert"), model.config)
    write_quantized_encoder(folder, model, quantize_encoder(model, processor, SENTENCES))
    return folder
