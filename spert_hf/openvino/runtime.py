"""The OpenVINO runtime."""

import os
import threading
from collections import deque
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from weakref import WeakSet

import torch
from torch import Tensor, nn
from transformers import Pipeline, PreTrainedModel

from ..cores import usable_physical_cores
from ..model.cpu_scheduling import PADDING_COST
from ..model.cpu_workers import MOST_WORKERS, has_company
from ..model.encoders import is_computed_alone
from ..model.forking import is_forked
from ..model.messages import kind_of, must_be
from ..model.modeling_spert import SpertModel
from ..model.runtime import EncodingModel
from ..model.setting_checks import check_choice
from .conversion import convert_encoder, relative_error
from .imports import import_openvino, openvino_core
from .quantization import read_quantized_encoder
from .settings import PRECISIONS

_HINTS = {"float32": "f32", "bfloat16": "bf16", "int8": "f32"}
_LARGEST_ERRORS = {"float32": 1e-3, "bfloat16": 0.1}
"""By which a conversion that went wrong is told from rounding."""


class OpenVinoRuntime:
    """An [`EncoderRuntime`] with a compiled encoder; models and threads may share it.

    It is compiled twice when it is called in both ways: to compute one batch on all cores, and, called by workers that
    compute batches side by side, each on cores of its own.

    Args:
        model: an `openvino.Model` of [`convert_encoder`] or [`quantize_encoder`].
        precision: of its products: one of [`PRECISIONS`].
        threads: that compute. Fewer than there are cores are not pinned to any, as other processes may use the rest.
    """

    name = "openvino"
    remade_by: str | None = "use_openvino"
    workers_pay_from: float | None = 0.0
    has_own_threads = True

    def __init__(self, model: Any, precision: str, threads: int) -> None:
        self.openvino_model = model
        self._precision, self._threads = precision, threads
        self._settings = {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": _HINTS[precision]}
        self._streams = {False: 1, True: min(threads, MOST_WORKERS)}
        self._compiled: dict[int, _CompiledEncoder] = {}
        self._compiling = threading.Lock()
        self._of_parents: list[Any] = []
        _runtimes.add(self)

    def serves(self, device: torch.device) -> bool:
        """On CPUs."""
        return device.type == "cpu"

    def attach(self, model: EncodingModel) -> None:
        """The model is left as it is."""

    def detach(self, model: EncodingModel) -> None:
        """There is nothing to undo."""

    def compute(
        self,
        model: EncodingModel,
        input_ids: Tensor,
        attention_mask: Tensor,
        letter_cases: Tensor | None = None,
        **encoder_kwargs: Any,
    ) -> Tensor:
        """As [`EncoderRuntime.compute`]; torch looks up the vectors of the sub-words."""
        return self(model.embed(input_ids, letter_cases), attention_mask)

    def padding_cost(self, encoder: PreTrainedModel) -> float | None:
        """As much as a word, unless the encoder gets none."""
        return PADDING_COST if is_computed_alone(encoder) else 1.0

    def __call__(self, vectors: Tensor, attention_mask: Tensor) -> Tensor:
        """Hidden states *(batch, sub-words, hidden)* of vectors *(batch, sub-words, embedding)*, `float32`.

        Args:
            vectors: of the sub-words, before the encoder adds positions to them.
            attention_mask: 1 for sub-words, 0 for padding, *(batch, sub-words)*.
        """
        inputs = [vectors.detach().contiguous().numpy(), attention_mask.long().contiguous().numpy()]
        return torch.from_numpy(self._compile(self._streams[has_company()]).compute(inputs))

    def _compile(self, streams: int) -> "_CompiledEncoder":
        with self._compiling:
            if streams not in self._compiled:
                settings = {**self._settings, **_pinning(self._threads), "NUM_STREAMS": streams}
                self._compiled[streams] = _CompiledEncoder(self.openvino_model, settings)
            return self._compiled[streams]

    def compile_anew(self) -> None:
        """Forget what was compiled in a process that this one was forked off: it shares work out to threads there.

        It is kept all the same, as its end would wait for them.
        """
        self._of_parents.append(self._compiled)
        self._compiled, self._compiling = {}, threading.Lock()

    def __deepcopy__(self, memo: dict[int, Any]) -> "OpenVinoRuntime":
        return self  # nothing in it changes

    def __reduce__(self) -> tuple[Any, ...]:
        """As a pickle has it: not compiled, which is done anew where it is read."""
        return _read_runtime, (*_serialized(self.openvino_model), self._precision, self._threads)


def _pinning(threads: int) -> dict[str, Any]:
    """The setting that leaves the choice of cores to the system where other processes may compute on them.

    OpenVINO pins its threads to cores, counting from the first one in every process: two processes of one thread each
    would share one core while another is idle. So threads are pinned only if they cover all cores, in a process that
    was not forked off to compute beside others.
    """
    alone = threads >= usable_physical_cores() and not is_forked()
    return {} if alone else {"ENABLE_CPU_PINNING": False}


def _serialized(model: Any) -> tuple[bytes, bytes]:
    """An `openvino.Model` as the bytes of its two files."""
    with TemporaryDirectory() as folder:
        graph, weights = Path(folder, "encoder.xml"), Path(folder, "encoder.bin")
        import_openvino().save_model(model, graph, compress_to_fp16=False)
        return graph.read_bytes(), weights.read_bytes()


def _read_runtime(graph: bytes, weights: bytes, precision: str, threads: int) -> OpenVinoRuntime:
    return OpenVinoRuntime(openvino_core().read_model(graph, weights), precision, threads)


_runtimes: WeakSet[OpenVinoRuntime] = WeakSet()


def _compile_all_anew() -> None:
    for runtime in list(_runtimes):
        runtime.compile_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_compile_all_anew)


class _CompiledEncoder:
    """An encoder compiled with some settings, and what holds the memory of one computation each."""

    def __init__(self, model: Any, settings: dict[str, Any]) -> None:
        self._compiled = openvino_core().compile_model(model, "CPU", settings)
        self._idle: deque[Any] = deque()

    def compute(self, inputs: list[Any]) -> Any:
        request = self._take_request()
        try:
            return request.infer(inputs, share_inputs=True)[0]
        finally:
            self._idle.append(request)

    def _take_request(self) -> Any:
        """One that no thread is using, or a new one."""
        try:
            return self._idle.pop()
        except IndexError:
            return self._compiled.create_infer_request()


def use_openvino(
    model: SpertModel | Pipeline,
    precision: str = "float32",
    *,
    threads: int | None = None,
    token: bool | str | None = None,
) -> None:
    """Set the OpenVINO runtime, which computes a model's encoder in evaluation mode and without gradients.

    It uses a copy of the current weights. The weights in torch are kept, and are those that are saved; when they are
    changed, moved or replaced, torch computes the encoder again, with a warning. Copies and pickles of the model also
    use OpenVINO. `model.set_runtime("cpu")` switches back.

    Args:
        model: a model on the CPU and in `float32`, or a pipeline with such a model.
        precision: `"float32"`, `"bfloat16"`, or `"int8"` for a checkpoint quantized by `spert-hf quantize`.
        threads: number of threads; default: that of torch.
        token: token for the Hub, for the quantized encoder of a model from there.

    Raises:
        ImportError: OpenVINO is not installed.
        ValueError: an argument is invalid, there is no quantized encoder, or OpenVINO can't convert the encoder.
        CheckpointError: the quantized encoder is damaged, or belongs to other weights.
    """
    check_choice("precision", precision, PRECISIONS)
    model = _model_of(model)
    openvino_model = read_quantized_encoder(model, token) if precision == "int8" else convert_encoder(model)
    runtime = OpenVinoRuntime(openvino_model, precision, threads or torch.get_num_threads())
    model.eval()
    if precision in _LARGEST_ERRORS and not relative_error(model, runtime) <= _LARGEST_ERRORS[precision]:
        raise ValueError(f"encoder: {type(model.encoder).__name__} comes out of OpenVINO's conversion changed")
    model.set_runtime(runtime)


def _model_of(given: Any) -> SpertModel:
    """The model itself, or that of a pipeline; either may be of a checkpoint's own code."""
    model: Any = given.model if isinstance(given, Pipeline) else given
    if not isinstance(model, nn.Module) or not hasattr(model, "set_runtime"):
        raise ValueError(must_be("model", "a SpertModel or a pipeline with one", kind_of(model)))
    return model  # type: ignore[return-value]
