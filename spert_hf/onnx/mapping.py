"""A graph whose weights are mapped from the file of another: it starts sooner, and has them once in memory."""

from pathlib import Path

from .imports import import_onnx

_SMALLEST = 1024
"""In bytes: smaller tensors stay in the graph, which needs them to optimize itself."""


def write_mapped(source: Path, target: Path) -> None:
    """Write a graph without its weights: they are where they lie in the file of the graph itself.

    onnxruntime reads a file of weights and all as a whole and then copies the weights. From here it maps them.

    Args:
        source: the graph, a file with its weights.
        target: a file in the same folder, which is of use only beside it.
    """
    onnx = import_onnx()
    content = source.read_bytes()
    model = onnx.load_from_string(content)
    end = 0
    for tensor in model.graph.initializer:
        if len(tensor.raw_data) < _SMALLEST:
            continue
        start = content.index(tensor.raw_data, end)  # they are stored in this order
        end = start + len(tensor.raw_data)
        onnx.external_data_helper.set_external_data(tensor, source.name, start, end - start)
        tensor.ClearField("raw_data")
    target.write_bytes(model.SerializeToString())
