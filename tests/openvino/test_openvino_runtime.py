"""The encoder by OpenVINO finds what torch's finds."""

import copy
import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import pytest
import torch
from transformers import pipeline
from transformers.utils import logging as transformers_logging

from spert_hf import SpertModel
from spert_hf.model.runtime import EncoderRuntime
from spert_hf.openvino import OpenVinoRuntime, use_openvino
from tests.support.predictions import assert_same
from tests.support.tiers import first_by_default
from tests.support.tiny_models import FAMILIES, make_tiny_checkpoint


def found(results):
    """What was found, without the scores."""
    return [
        (
            [(entity["type"], entity["token_start"], entity["token_end"]) for entity in result["entities"]],
            [(relation["type"], relation["head"], relation["tail"]) for relation in result["relations"]],
        )
        for result in results
    ]


def assert_same_in_batches(pipe, texts, expected):
    for batch_size in (1, 3, 32):
        assert_same(pipe(texts, batch_size=batch_size), expected)


@pytest.fixture
def pipe(tiny_checkpoint):
    return pipeline("spert-extraction", model=str(tiny_checkpoint))


@pytest.mark.parametrize("family", first_by_default(FAMILIES))
def test_same_predictions_for_every_family_of_encoders(family, texts, tmp_path):
    pipe = pipeline("spert-extraction", model=str(make_tiny_checkpoint(family, tmp_path)))
    expected = pipe(texts)
    assert any(result["relations"] for result in expected)
    use_openvino(pipe.model)
    assert_same_in_batches(pipe, texts, expected)


def test_same_predictions_with_embeddings_of_letter_case(texts, tmp_path):
    folder = make_tiny_checkpoint("bert", tmp_path, letter_case_embeddings=True)
    pipe = pipeline("spert-extraction", model=str(folder))
    torch.nn.init.normal_(pipe.model.letter_case_embeddings.weight)
    expected = pipe(texts)
    use_openvino(pipe.model)
    assert_same(pipe(texts), expected)


def test_openvino_computes_it(pipe, texts, monkeypatch):
    use_openvino(pipe.model)
    monkeypatch.setattr(pipe.model.encoder, "forward", None)
    assert any(result["entities"] for result in pipe(texts))


def test_int8_is_near(quantized_checkpoint, texts):
    pipe = pipeline("spert-extraction", model=str(quantized_checkpoint))
    batch = pipe.spert_processor.collate(pipe.spert_processor.encode(texts[:4]))
    with torch.inference_mode():
        vectors, mask = pipe.model.embed(batch["input_ids"]), batch["attention_mask"]
        expected = pipe.model.encoder(inputs_embeds=vectors, attention_mask=mask).last_hidden_state[mask.bool()]
        use_openvino(pipe.model, "int8")
        hidden = pipe.model.runtime(vectors, mask)[mask.bool()]
    error = (hidden - expected).norm() / expected.norm()
    assert 1e-4 < error < 0.1
    assert found(pipe(texts)) == found(pipe(texts, batch_size=3))


def test_threads_share_it(pipe, texts):
    use_openvino(pipe.model)
    expected = pipe(texts)
    before = torch.get_num_threads()
    with ThreadPoolExecutor(4) as threads:
        for results in threads.map(lambda size: pipe(texts, batch_size=size), [1, 2, 3, 8] * 4):
            assert found(results) == found(expected)
    assert torch.get_num_threads() == before


def test_torch_has_its_threads_again_after_a_call(pipe, texts):
    use_openvino(pipe.model)
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        pipe(texts)
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


@pytest.mark.usefixtures("several_threads")
def test_batches_side_by_side(pipe, texts):
    expected = pipe(texts)
    use_openvino(pipe.model)
    assert_same_in_batches(pipe, texts, expected)


def test_it_is_a_runtime_that_is_shown(pipe, texts):
    expected = pipe(texts)
    use_openvino(pipe.model)
    assert isinstance(pipe.model.runtime, EncoderRuntime)
    assert "runtime=openvino" in repr(pipe.model)
    for name in ("torch", "cpu"):
        pipe.model.set_runtime(name)
        assert pipe.model.runtime.name == name
        assert_same(pipe(texts), expected)


@pytest.mark.parametrize("beneath", ["torch", "cpu"])
def test_what_was_before_it_computes_where_it_does_not(pipe, texts, beneath):
    pipe.model.set_runtime(beneath)
    use_openvino(pipe.model)
    assert pipe.model.train().runtime.name == beneath
    assert copy.deepcopy(pipe.model).eval().runtime.name == "openvino"


def test_training_is_not_computed_by_it(pipe, texts):
    use_openvino(pipe.model)
    copied = copy.deepcopy(pipe.model)
    assert isinstance(copied.runtime, OpenVinoRuntime)
    copied.train()
    assert copied.runtime.name == "cpu"
    assert pipe.model.runtime.name == "openvino"


def test_gradients_are_torchs(pipe, texts):
    use_openvino(pipe.model)
    batch = pipe.spert_processor.collate(pipe.spert_processor.encode(texts[:2]))
    pipe.model(**batch).entity_logits.sum().backward()
    assert pipe.model.encoder.get_input_embeddings().weight.grad.abs().sum() > 0


def test_what_is_saved_is_torchs(pipe, texts, tmp_path):
    use_openvino(pipe.model)
    expected = pipe(texts)
    pipe.save_pretrained(tmp_path)
    assert found(pipeline("spert-extraction", model=str(tmp_path))(texts)) == found(expected)


def test_settings_that_are_not_allowed(pipe, tiny_checkpoint):
    with pytest.raises(ValueError, match="precision must be 'float32', 'bfloat16' or 'int8', got 'float16'"):
        use_openvino(pipe.model, "float16")
    with pytest.raises(
        ValueError,
        match=r"precision int8 needs a checkpoint that .* has written: .* has no openvino_encoder_int8.xml",
    ):
        use_openvino(pipe.model, "int8")
    half = SpertModel.from_pretrained(tiny_checkpoint, dtype=torch.bfloat16)
    with pytest.raises(ValueError, match=r"model must be in float32 on cpu, as .*, got bfloat16 on cpu"):
        use_openvino(half)
    assert half.runtime.name == "cpu"


def test_an_encoder_that_cannot_be_converted(pipe, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("no such thing")

    monkeypatch.setattr(pipe.model.encoder, "forward", fail)
    with pytest.raises(ValueError, match=r"encoder: BertModel can't be converted to OpenVINO: .*no such thing"):
        use_openvino(pipe.model)
    assert pipe.model.runtime.name == "cpu"


@pytest.mark.parametrize("fails", [False, True])
def test_conversion_leaves_logging_as_it_was(pipe, monkeypatch, fails):
    def fail(*_, **__):
        raise RuntimeError("no such thing")

    root = logging.getLogger()
    monkeypatch.setattr(root, "level", logging.INFO)
    before = (transformers_logging.get_verbosity(), [*root.filters], [*root.handlers])
    if fails:
        monkeypatch.setattr(pipe.model.encoder, "forward", fail)
    with nullcontext() if not fails else pytest.raises(ValueError, match="can't be converted"):
        use_openvino(pipe.model)
    assert root.level == logging.INFO
    assert (transformers_logging.get_verbosity(), root.filters, root.handlers) == before


def test_an_encoder_that_the_conversion_changes(pipe, monkeypatch):
    """As one that looks at the example's shape when it is traced."""
    forward = pipe.model.encoder.forward

    def look_at_shape(inputs_embeds, **kwargs):
        output = forward(inputs_embeds=inputs_embeds, **kwargs)
        output.last_hidden_state = output.last_hidden_state * inputs_embeds.shape[0] / int(inputs_embeds.shape[0])
        output.last_hidden_state = output.last_hidden_state + float(inputs_embeds.shape[1])
        return output

    monkeypatch.setattr(pipe.model.encoder, "forward", look_at_shape)
    with pytest.raises(ValueError, match="BertModel comes out of OpenVINO's conversion changed"):
        use_openvino(pipe.model)
