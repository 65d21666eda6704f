"""INT8: a graph whose linear layers multiply integers, and whose table of embeddings has integers.

What decides how much of a model's F1 is kept is the range that a scale has to cover. Weights have a scale for each
output. Activations have one for each sub-word, found as they are computed, so that a text's results do not depend on
the other texts of its batch. A few channels of layer norms are ten times as large as all others: they are made smaller
there, and the weights that they are multiplied by larger (SmoothQuant, https://arxiv.org/abs/2211.10438). Layers with
more inputs than outputs, the second ones of feed-forward blocks, have scales for parts of their inputs.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from .imports import import_onnx, import_onnxruntime

SMOOTHING = 0.6
"""How much of the largest activations of a channel goes into its weights: 0 is nothing, 1 is all."""

_FEWEST_ROWS = 1024
"""Smaller tables of embeddings, such as those of positions, stay as they are."""

_PARTS = 2
"""How many scales a row of activations has where a layer has more inputs than outputs."""

_LEVELS = 127
_GELU_LEVELS, _LEAST_OF_GELU = 235, 2.0
"""GELU's values are at least -0.17: 20 of 255 levels suffice for those below zero if a range has 2 above."""

_CONTRIB = "com.microsoft"
_SMALLEST = 1e-12


def largest_by_channel(model: Any, inputs: Iterable[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Return the largest absolute values that go into linear layers, by channel.

    Args:
        model: an ONNX model in memory, which is not changed.
        inputs: batches of inputs to compute it for.

    Returns:
        By name of the tensor, *(channels,)*.
    """
    onnx, onnxruntime = import_onnx(), import_onnxruntime()
    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    graph = watched.graph
    names = sorted({node.input[0] for node in _linear_layers(graph)})
    if not names:
        return {}
    graph.initializer.append(onnx.numpy_helper.from_array(np.array([0, 1]), "all_but_channels"))
    for name in names:
        graph.node.append(onnx.helper.make_node("Abs", [name], [f"{name}_absolute"]))
        largest = f"{name}_largest"
        of_channels = [f"{name}_absolute", "all_but_channels"]
        graph.node.append(onnx.helper.make_node("ReduceMax", of_channels, [largest], keepdims=0))
        graph.output.append(onnx.helper.make_tensor_value_info(largest, onnx.TensorProto.FLOAT, None))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(watched.SerializeToString(), options, providers=["CPUExecutionProvider"])
    found = [session.run([f"{name}_largest" for name in names], dict(batch)) for batch in inputs]
    return {name: np.max(of_all, axis=0) for name, of_all in zip(names, zip(*found, strict=True), strict=True)}


def quantize(model: Any, largest: Mapping[str, np.ndarray]) -> None:
    """Quantize the linear layers and the table of embeddings of a graph; all else stays in single precision.

    Args:
        model: an ONNX model in memory, which is changed.
        largest: what [`largest_by_channel`] returns for it.
    """
    _Quantizer(import_onnx(), model.graph, largest).run()
    if all(opset.domain != _CONTRIB for opset in model.opset_import):
        model.opset_import.append(import_onnx().helper.make_opsetid(_CONTRIB, 1))


def _linear_layers(graph: Any) -> list[Any]:
    """Return the products with two-dimensional weights."""
    matrices = {tensor.name for tensor in graph.initializer if len(tensor.dims) == 2}
    return [node for node in graph.node if node.op_type == "MatMul" and node.input[1] in matrices]


class _Quantizer:
    """Writes the nodes of a graph anew."""

    def __init__(self, onnx: Any, graph: Any, largest: Mapping[str, np.ndarray]) -> None:
        self._onnx = onnx
        self._graph = graph
        self._largest = largest
        self._stored = {tensor.name: tensor for tensor in graph.initializer}
        self._made_by = {name: node.op_type for node in graph.node for name in node.output}
        self._nodes: list[Any] = []
        self._added: dict[str, Any] = {}
        layers = _linear_layers(graph)
        self._weights = {node.input[1]: self._array(node.input[1]) for node in layers}
        self._read_by: dict[str, list[str]] = {}
        for node in layers:
            self._read_by.setdefault(node.input[0], []).append(node.input[1])
        self._divisors = self._find_divisors()
        self._quantized: set[str] = set()
        self._leading_sizes = _leading_sizes(graph)
        self._shared: dict[tuple[Any, ...], str] = {}

    def run(self) -> None:
        """Replace the nodes and the weights of the graph.

        GELU in front of a linear layer is computed by its form with tanh, which is faster and differs by less than
        0.0005, a tenth of the step of its integers.
        """
        graph = self._graph
        for node in graph.node:
            if node.op_type == "Gather" and self._is_table(node.input[0]):
                self._embed(node)
            elif node.op_type == "MatMul" and node.input[1] in self._weights:
                self._multiply(node.input[0], node.input[1], node.output[0])
            elif node.op_type == "Gelu" and node.output[0] in self._read_by:
                self._node("Gelu", list(node.input), node.output[0], approximate="tanh")
            else:
                self._nodes.append(node)
        used = {name for node in self._nodes for name in node.input}
        kept = [tensor for tensor in graph.initializer if tensor.name in used]
        for field, content in ((graph.node, self._nodes), (graph.initializer, [*kept, *self._added.values()])):
            del field[:]
            field.extend(content)
        del graph.value_info[:]

    def _find_divisors(self) -> dict[str, np.ndarray]:
        """Return what the channels of layer norms are divided by, by name of the tensor.

        Layers that share weights share the divisors, too.
        """
        together: dict[tuple[str, ...], list[str]] = {}
        for name, weights in self._read_by.items():
            together.setdefault(tuple(weights), []).append(name)
        readers = [weight for weights in together for weight in set(weights)]
        divisors: dict[str, np.ndarray] = {}
        for shared, names in together.items():
            of_norms = all(self._made_by.get(name) == "LayerNormalization" for name in names)
            if not of_norms or any(readers.count(weight) > 1 for weight in shared):
                continue
            of_weights = np.max([np.abs(self._weights[weight]).max(1) for weight in shared], axis=0)
            of_inputs = np.max([self._largest[name] for name in names], axis=0)
            ratio = np.maximum(of_inputs, 1e-5) ** SMOOTHING / np.maximum(of_weights, 1e-5) ** (1 - SMOOTHING)
            divisors.update(dict.fromkeys(names, ratio.astype(np.float32)))
        return divisors

    def _is_table(self, name: str) -> bool:
        tensor = self._stored.get(name)
        if tensor is None or tensor.data_type != self._onnx.TensorProto.FLOAT or len(tensor.dims) != 2:
            return False
        return bool(tensor.dims[0] > _FEWEST_ROWS)

    def _embed(self, node: Any) -> None:
        """Look up integers and the scales of their rows."""
        table, ids = node.input
        (output,) = node.output
        scaled, scales = _integers(self._array(table), axis=1)
        rows = self._node("Gather", [self._add(f"{table}_quantized", scaled), ids], f"{output}_quantized")
        of_rows = self._node("Gather", [self._add(f"{table}_scales", scales), ids], f"{output}_scales")
        floats = self._node("Cast", [rows], f"{output}_cast", to=self._onnx.TensorProto.FLOAT)
        self._node("Mul", [floats, of_rows], output)

    def _multiply(self, inputs: str, weight: str, output: str) -> None:
        """Multiply integers, part by part, and sum the parts."""
        parts = self._parts_of(inputs)
        if inputs not in self._quantized:
            self._quantized.add(inputs)
            self._quantize_rows(inputs)
        _, zero = self._range_of(inputs)
        divisors = self._divisors.get(inputs)
        floats = self._weights[weight] if divisors is None else self._weights[weight] * divisors[:, None]
        products = []
        for part, matrix in enumerate(np.split(floats, parts)):
            scaled, scales = _integers(matrix, axis=0)
            operands = [f"{inputs}_quantized_{part}", self._add(f"{weight}_quantized_{part}", scaled)]
            operands += [self._add("one", np.float32(1)), self._add(f"{weight}_scales_{part}", scales[0]), zero]
            product = self._node("MatMulIntegerToFloat", operands, f"{output}_integers_{part}", domain=_CONTRIB)
            name = output if parts == 1 else f"{output}_part_{part}"
            products.append(self._node("Mul", [product, f"{inputs}_scales_{part}"], name))
        if parts > 1:
            self._node("Sum", products, output)

    def _parts_of(self, inputs: str) -> int:
        """Return in how many parts the rows of activations are quantized, each with a scale of its own."""
        sizes = [self._weights[weight].shape for weight in self._read_by[inputs]]
        return _PARTS if all(rows > columns and rows % _PARTS == 0 for rows, columns in sizes) else 1

    def _quantize_rows(self, name: str) -> None:
        """Make integers of each row, or of each of its parts, with a scale that its largest value decides."""
        width = len(self._largest[name]) // self._parts_of(name)
        shape = self._add(f"rows_of_{width}", np.array([-1, width]))
        rows = self._node("Reshape", [self._smoothed(name), shape], f"{name}_rows")
        scales = self._scales_of_rows(name, rows)
        operands = [rows, scales, self._zeros(name, scales)]
        integers = self._node("QuantizeLinear", operands, f"{name}_integers", axis=0)
        self._put_back(name, "quantized", integers, width)
        self._put_back(name, "scales", scales, 1)

    def _smoothed(self, name: str) -> str:
        """Return the name of activations whose largest channels are made smaller."""
        if name not in self._divisors:
            return name
        factors = self._add(f"{name}_factors", 1 / self._divisors[name])
        return self._node("Mul", [name, factors], f"{name}_smooth")

    def _scales_of_rows(self, name: str, rows: str) -> str:
        """Return the name of what one level of each row's integers stands for, *(rows,)*."""
        is_gelu = self._made_by.get(name) == "Gelu"
        sizes = rows if is_gelu else self._node("Abs", [rows], f"{name}_absolute")
        axis = self._add("last_axis", np.array([-1]))
        largest = self._node("ReduceMax", [sizes, axis], f"{name}_largest", keepdims=0)
        least = "least_of_gelu" if is_gelu else "least"
        self._add(least, np.float32(_LEAST_OF_GELU if is_gelu else _SMALLEST))
        size = self._node("Max", [largest, least], f"{name}_size")
        step, _ = self._range_of(name)
        return self._node("Mul", [size, step], f"{name}_row_scales")

    def _put_back(self, name: str, kind: str, values: str, width: int) -> None:
        """Give values of rows the leading sizes of their activations, and each part its name."""
        parts = self._parts_of(name)
        outputs = [f"{name}_{kind}_{part}" for part in range(parts)]
        whole = outputs[0] if parts == 1 else f"{name}_{kind}"
        self._node("Reshape", [values, self._shape(name, parts * width)], whole)
        if parts > 1:
            split = self._onnx.helper.make_node("Split", [whole], outputs, axis=-1, num_outputs=parts)
            self._nodes.append(split)

    def _shape(self, name: str, last: int) -> str:
        """Return the name of the shape of activations with another last size."""
        sizes = self._leading_sizes.get(name, name)
        leading = self._once("leading", sizes, make=lambda: self._node("Shape", [name], f"{name}_leading", end=-1))
        both = [leading, self._add(f"size_{last}", np.array([last]))]
        return self._once("shape", sizes, last, make=lambda: self._node("Concat", both, f"{name}_shape_{last}", axis=0))

    def _zeros(self, name: str, scales: str) -> str:
        """Return the name of the zero points of rows, which are all the same."""
        _, zero = self._range_of(name)

        def make() -> str:
            count = self._node("Shape", [scales], f"{name}_row_count")
            return self._node("Expand", [zero, count], f"{name}_zeros")

        sizes = self._leading_sizes.get(name, name)
        return self._once("zeros", sizes, self._parts_of(name), zero, make=make)

    def _once(self, *key: Any, make: Callable[[], str]) -> str:
        """Return the name of what is computed once for all activations that need the same."""
        if key not in self._shared:
            self._shared[key] = make()
        return self._shared[key]

    def _range_of(self, name: str) -> tuple[str, str]:
        """Return the names of the step and of the zero point of activations."""
        kind, levels, zero = "", _LEVELS, 128
        if self._made_by.get(name) == "Gelu":
            kind, levels, zero = "_of_gelu", _GELU_LEVELS, 255 - _GELU_LEVELS
        return self._add(f"step{kind}", np.float32(1 / levels)), self._add(f"zero{kind}", np.uint8(zero))

    def _array(self, name: str) -> np.ndarray:
        array: np.ndarray = self._onnx.numpy_helper.to_array(self._stored[name])
        return array

    def _add(self, name: str, value: Any) -> str:
        if name not in self._added:
            self._added[name] = self._onnx.numpy_helper.from_array(np.asarray(value), name)
        return name

    def _node(self, operator: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self._nodes.append(self._onnx.helper.make_node(operator, inputs, [output], **attributes))
        return output


def _leading_sizes(graph: Any) -> dict[str, str]:
    """Return all sizes of tensors but the last, as the exporter names them: equal names are equal sizes in all runs."""
    dimensions = {info.name: info.type.tensor_type.shape.dim[:-1] for info in graph.value_info}
    names = {name: [size.dim_param or size.dim_value for size in sizes] for name, sizes in dimensions.items()}
    return {name: str(sizes) for name, sizes in names.items() if sizes and all(sizes)}


def _integers(floats: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """Return integers from -127 to 127, and the scales along an axis that give back the floats."""
    scales = np.maximum(np.abs(floats).max(axis, keepdims=True), _SMALLEST) / _LEVELS
    return np.rint(floats / scales).astype(np.int8), scales.astype(np.float32)
