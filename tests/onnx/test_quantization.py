"""What INT8 costs in accuracy: little, where a scale per matrix would cost much."""

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

from spert_hf.onnx.quantization import largest_by_channel, quantize  # noqa: E402

HIDDEN, WIDE = 32, 128
RANDOM = np.random.default_rng(7)
INPUTS = {"x": RANDOM.normal(size=(4, 8, HIDDEN)).astype(np.float32)}


def drawn(*shape):
    return RANDOM.normal(size=shape).astype(np.float32)


def model_of(nodes, weights, inputs=(("x", 1, ["batch", "subwords", HIDDEN]),)):
    stored = [onnx.numpy_helper.from_array(value, name) for name, value in weights.items()]
    made = [onnx.helper.make_node(*node) for node in nodes]
    given = [onnx.helper.make_tensor_value_info(*one) for one in inputs]
    graph = onnx.helper.make_graph(made, "graph", given, [onnx.helper.make_tensor_value_info("y", 1, None)], stored)
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 20)], ir_version=10)


def feed_forward():
    """A feed-forward block after a layer norm, one of whose channels is far larger than the others."""
    scales, mean = np.ones(HIDDEN, np.float32), np.zeros(HIDDEN, np.float32)
    scales[5] = 30
    first, second = drawn(HIDDEN, WIDE) / 8, drawn(WIDE, HIDDEN) / 8
    first[5] /= 10
    nodes = [
        ("LayerNormalization", ["x", "scales", "mean"], ["normal"]),
        ("MatMul", ["normal", "first"], ["wide"]),
        ("Gelu", ["wide"], ["gelu"]),
        ("MatMul", ["gelu", "second"], ["y"]),
    ]
    return model_of(nodes, {"scales": scales, "mean": mean, "first": first, "second": second})


def computed(model, inputs):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, inputs)[0]


def quantized(model, batches=(INPUTS,)):
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    quantize(copy, largest_by_channel(model, batches))
    return copy


def error(model, inputs=INPUTS):
    exact = computed(model, inputs)
    return np.abs(computed(quantized(model), inputs) - exact).mean() / np.abs(exact).mean()


def test_a_large_channel_costs_the_others_little():
    assert error(feed_forward()) < 0.02


def test_a_subword_does_not_depend_on_others_in_the_batch():
    model = quantized(feed_forward())
    alone = computed(model, {"x": INPUTS["x"][:1]})
    strange = np.concatenate([INPUTS["x"][:1], np.full((1, 8, HIDDEN), 1e3, np.float32) * INPUTS["x"][1:2] ** 3])
    np.testing.assert_array_equal(computed(model, {"x": strange})[:1], alone)


@pytest.mark.parametrize("infer", [onnx.shape_inference.infer_shapes, lambda model: model], ids=["known", "unknown"])
def test_layers_of_sub_words_and_of_sentences_have_scales_of_their_own(infer):
    """Whether the exporter knows the sizes of activations or not."""
    weights = {
        "axis": np.array([1]),
        "of_subwords": drawn(HIDDEN, HIDDEN) / 6,
        "of_sentences": drawn(HIDDEN, HIDDEN) / 6,
    }
    nodes = [
        ("Tanh", ["x"], ["subwords"]),
        ("ReduceMax", ["subwords", "axis"], ["sentences"]),
        ("MatMul", ["subwords", "of_subwords"], ["some"]),
        ("MatMul", ["sentences", "of_sentences"], ["others"]),
        ("Add", ["some", "others"], ["y"]),
    ]
    assert error(infer(model_of(nodes, weights))) < 0.02


def test_integers_take_the_place_of_weights():
    types = {tensor.data_type for tensor in quantized(feed_forward()).graph.initializer if len(tensor.dims) == 2}
    assert types == {onnx.TensorProto.INT8}


def test_weights_that_layers_share_are_stored_once():
    """As in ALBERT."""
    weights = {"scales": drawn(HIDDEN), "mean": drawn(HIDDEN), "shared": drawn(HIDDEN, HIDDEN) / 6}
    nodes = [
        ("LayerNormalization", ["x", "scales", "mean"], ["normal"]),
        ("MatMul", ["normal", "shared"], ["once"]),
        ("LayerNormalization", ["once", "scales", "mean"], ["again"]),
        ("MatMul", ["again", "shared"], ["y"]),
    ]
    model = model_of(nodes, weights)
    matrices = [tensor for tensor in quantized(model).graph.initializer if len(tensor.dims) == 2]
    assert [tensor.data_type for tensor in matrices] == [onnx.TensorProto.INT8]
    assert error(model) < 0.03


def test_a_large_row_of_embeddings_costs_the_others_nothing():
    table = drawn(2000, HIDDEN)
    table[1] *= 100
    model = model_of([("Gather", ["table", "ids"], ["y"])], {"table": table}, [("ids", 7, ["batch", "subwords"])])
    ids = {"ids": np.array([[0, 1, 2], [3, 1999, 3]])}
    exact, ours = computed(model, ids), computed(quantized(model, [ids]), ids)
    assert (np.abs(ours - exact) <= np.abs(exact).max(-1, keepdims=True) / 253).all()
