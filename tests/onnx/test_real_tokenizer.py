"""The quickstart's encoder, whose tokenizer was saved with padding and truncation, unlike those of tiny models."""

import json

import pytest
import torch
from transformers import AutoTokenizer

from spert_hf import SpertModel, SpertPipeline, SpertProcessor
from spert_hf.encoders import QUICKSTART_ENCODER, QUICKSTART_PACKAGE, find_encoder
from spert_hf.onnx import export_onnx, load_onnx

pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")
pytest.importorskip(QUICKSTART_PACKAGE, reason="needs the extra quickstart")

pytestmark = pytest.mark.e2e

TEXTS = [
    "Delia Marsh, a lawyer for Harbor Steel, lives in Salem, Ore.",
    "Oslo.",
    "",
    "The café's owner, Łukasz Wójcik (born in Kraków), sold 한국 tea 😀 to Bluewater Salvage — twice.",
    "It rained in Oslo. " * 2,
    "supercalifragilistic-expialidocious " * 20,  # longer than the tokenizer was saved to truncate to
]


@pytest.fixture(scope="module")
def model_and_tokenizer():
    torch.manual_seed(0)
    types = {"entity_types": ["Loc", "Org", "Peop"], "relation_types": ["Live_In", "Work_For"]}
    model = SpertModel.from_encoder(QUICKSTART_ENCODER, **types, letter_case_embeddings=True, max_span_size=2)
    model.encoder.encoder.layer = model.encoder.encoder.layer[:1]  # it is the tokenizer that is real
    return model.eval(), AutoTokenizer.from_pretrained(find_encoder(QUICKSTART_ENCODER))


@pytest.fixture(scope="module")
def extractor(model_and_tokenizer, tmp_path_factory):
    folder = tmp_path_factory.mktemp("real") / "onnx"
    export_onnx(*model_and_tokenizer, folder)
    return load_onnx(folder)


def test_the_export_finds_what_torch_finds(model_and_tokenizer, extractor):
    model, tokenizer = model_and_tokenizer
    expected = SpertPipeline(model=model, tokenizer=tokenizer, device="cpu")(TEXTS)
    assert sum(len(result["entities"]) for result in expected) > 10
    assert sum(len(result["relations"]) for result in expected) > 10
    near = json.loads(json.dumps(expected), parse_float=lambda text: pytest.approx(float(text), abs=1e-5))
    assert extractor(TEXTS) == near


def test_sequences_are_as_long_as_the_longest(model_and_tokenizer, extractor):
    model, tokenizer = model_and_tokenizer
    words = [text.split() for text in TEXTS[:2]]
    for processor in (SpertProcessor.for_config(tokenizer, model.config), extractor.spert_processor):
        encoded = processor.encode(words)
        lengths = [len(tokenizer(text, padding=False).input_ids) for text in TEXTS[:2]]
        assert [len(each.input_ids) + 2 for each in encoded] == lengths  # with both special tokens
        padded = processor.pad(encoded)
        assert padded["input_ids"].shape == padded["attention_mask"].shape == (2, max(lengths))
        assert padded["attention_mask"].sum() == sum(lengths)
