"""`spert_hf.load`: from a folder or Hub id to a pipeline in one call."""

import pytest
import torch
from transformers import pipeline

import spert_hf
from tests.support.tiny_models import make_encoder_folder

TEXT = "Marian Pell works for Northern Paper Co. in Duluth, Minn., where she was born."


def test_it_is_the_pipeline_that_transformers_gives(tiny_checkpoint, tiny_pipeline):
    pipe = spert_hf.load(tiny_checkpoint)
    assert isinstance(pipe, spert_hf.SpertPipeline)
    assert pipe(TEXT) == tiny_pipeline(TEXT)
    strict = spert_hf.load(str(tiny_checkpoint), device="cpu", overlap="best", with_text=True)
    assert strict(TEXT) == tiny_pipeline(TEXT, overlap="best", with_text=True)


def test_precision(tiny_checkpoint):
    for dtype in ("bfloat16", torch.bfloat16):
        pipe = spert_hf.load(tiny_checkpoint, dtype=dtype)
        expected = pipeline("spert-extraction", model=str(tiny_checkpoint), dtype="bfloat16")
        assert next(pipe.model.encoder.parameters()).dtype == torch.bfloat16
        assert pipe(TEXT) == expected(TEXT)


def test_openvino(tiny_checkpoint, tiny_pipeline):
    pytest.importorskip("openvino")
    found = spert_hf.load(tiny_checkpoint, backend="openvino")(TEXT)
    expected = tiny_pipeline(TEXT)
    assert [entity["text"] for entity in found["entities"]] == [entity["text"] for entity in expected["entities"]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"backend": "jax"}, "backend must be 'torch', 'openvino' or 'onnx', got 'jax'"),
        ({"dtype": "int8"}, "backend must be openvino, or onnx to extract, for dtype int8, got torch"),
        ({"dtype": "float31"}, "dtype must be 'auto', 'float32'.*, got 'float31'"),
        (
            {"backend": "openvino", "dtype": "float16"},
            "dtype must be float32, bfloat16 or int8 with backend openvino, got float16",
        ),
        ({"backend": "openvino", "device": "cuda:0"}, "device must be cpu with backend openvino, got cuda:0"),
        ({"device": "gpu"}, "device must be cpu, or another device of this machine, such as cuda:0, got 'gpu'"),
    ],
)
def test_wrong_arguments(tmp_path, arguments, message):
    """They are told before the folder is looked into."""
    with pytest.raises(ValueError, match=message):
        spert_hf.load(tmp_path, **arguments)


def test_a_misspelt_setting(tmp_path):
    with pytest.raises(TypeError, match=r"^devise is not a setting of the pipeline \(did you mean 'device"):
        spert_hf.load(tmp_path, devise="cpu")


def test_what_is_no_checkpoint(tmp_path):
    with pytest.raises(ValueError, match=r"model must be a folder that exists, or .*, got 'no/such/folder'"):
        spert_hf.load("no/such/folder")
    encoder = make_encoder_folder("bert", tmp_path)
    with pytest.raises(ValueError, match=r"model must be a SpERT checkpoint, got .*, a bert model"):
        spert_hf.load(encoder)
