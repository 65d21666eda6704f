"""Every tested family of encoders and every setting exports."""

import pytest

import spert_hf
from spert_hf.onnx import export_onnx, load_onnx
from tests.support.tiny_models import FAMILIES, SENTENCES, make_tiny_checkpoint

pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

pytestmark = pytest.mark.nightly


SETTINGS = [
    {"span_pooling": "mean", "relation_context": "sentence", "size_embedding_dim": 0},
    {"span_pooling": "sum", "relation_context": "attention"},
    {"relation_context": "cls", "letter_case_embeddings": True},
    {"relation_types": [], "symmetric_relation_types": [], "max_span_size": 3},
]


@pytest.mark.parametrize(
    ("family", "settings"), [*((family, {}) for family in FAMILIES), *(("bert", settings) for settings in SETTINGS)]
)
def test_results_are_those_of_the_pipeline(family, settings, tmp_path):
    pipe = spert_hf.load(make_tiny_checkpoint(family, tmp_path, **settings))
    export_onnx(pipe.model, pipe.tokenizer, tmp_path / "out")
    for ours, expected in zip(load_onnx(tmp_path / "out")(SENTENCES), pipe(SENTENCES), strict=True):
        for kind in ("entities", "relations"):
            scores = [[one.pop("score") for one in result[kind]] for result in (ours, expected)]
            assert scores[0] == pytest.approx(scores[1], abs=1e-5)
        assert ours == expected
