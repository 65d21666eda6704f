"""Every tested family of encoders and every setting exports."""

import pytest

import spert_hf
from spert_hf.hub.browser.staging import check_export
from spert_hf.onnx import export_onnx, load_onnx
from spert_hf.onnx.record import read_record
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


def test_sentences_share_context_windows(tmp_path):
    pipe = spert_hf.load(make_tiny_checkpoint("bert", tmp_path, context_window=60, letter_case_embeddings=True))
    export_onnx(pipe.model, pipe.tokenizer, tmp_path / "out")
    extractor = load_onnx(tmp_path / "out")
    text = " ".join(" ".join(words) for words in SENTENCES * 3)
    ours, expected = extractor([text, "It rained."]), pipe([text, "It rained."])
    alone = spert_hf.load(make_tiny_checkpoint("bert", tmp_path / "alone", letter_case_embeddings=True))(
        [text, "It rained."]
    )
    for kind in ("entities", "relations"):
        scores = [
            [one.pop("score") for result in results for one in result[kind]] for results in (ours, expected, alone)
        ]
        assert scores[0] == pytest.approx(scores[1], abs=1e-5)
        assert scores[0] != pytest.approx(scores[2], abs=1e-5)
    assert ours == expected
    with pytest.raises(ValueError, match="context_window must be 0 in a browser, got 60"):
        check_export(read_record(tmp_path / "out"), "out")
