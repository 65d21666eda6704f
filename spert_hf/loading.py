"""Loading of a pipeline from a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from .encoders import check_folder_or_id
from .model.choices import BACKENDS
from .model.messages import must_be
from .model.setting_checks import check_choice
from .without_torch import HOW_TO_GET_TORCH

if TYPE_CHECKING:
    import torch

    from .model.pipeline_spert import SpertPipeline
    from .onnx import OnnxExtractor

BACKENDS_OF_EXTRACTION = (*BACKENDS, "onnx")
"""What can extract: libraries that compute the encoder of a pipeline, and an export, which needs neither torch nor
transformers."""

_DTYPES = {"torch": ("auto", "float32", "bfloat16", "float16"), "openvino": ("float32", "bfloat16", "int8")}


@overload
def load(
    model: str | PathLike[str],
    *,
    backend: Literal["onnx"],
    dtype: str | None = None,
    device: str | None = None,
    revision: str | None = None,
    token: str | bool | None = None,
    **settings: Any,
) -> OnnxExtractor: ...


@overload
def load(
    model: str | PathLike[str],
    *,
    backend: str = "torch",
    dtype: str | torch.dtype | None = None,
    device: str | torch.device | None = None,
    revision: str | None = None,
    token: str | bool | None = None,
    **settings: Any,
) -> SpertPipeline: ...


def load(
    model: str | PathLike[str],
    *,
    backend: str = "torch",
    dtype: str | torch.dtype | None = None,
    device: str | torch.device | None = None,
    revision: str | None = None,
    token: str | bool | None = None,
    **settings: Any,
) -> SpertPipeline | OnnxExtractor:
    """Load a pipeline with the code of this package; code in the repository is not run.

    Args:
        model (`str`): folder or Hub id of a checkpoint.
        backend (`str`): library that computes the encoder, `"torch"` or `"openvino"` (an extra, faster on a CPU); or
            `"onnx"`, an extractor for a model that `spert-hf export` has exported, without torch (an extra).
        dtype (`str`, *optional*): precision of the encoder: `"float32"`, `"bfloat16"`, `"float16"` (torch), or `"int8"`
            (OpenVINO, for a model quantized by `spert-hf quantize`; ONNX, for one exported in it). Default: the dtype
            of the stored weights with torch; with ONNX, `"int8"` if the model was exported in it alone; else
            `"float32"`.
        device (`str`, *optional*): device, such as `"cpu"` or `"cuda:0"`. Default: a GPU if there is one.
        revision (`str`, *optional*): branch, tag or commit of a model on the Hub.
        token (`str`, *optional*): token for the Hub. Default: that of `hf auth login`.
        settings: settings of the pipeline, such as `relation_threshold` or `overlap`; see [`SpertPipeline`]. With
            `backend="onnx"` also `threads`, see [`load_onnx`].

    Returns:
        The pipeline; with `backend="onnx"` an [`OnnxExtractor`], which is called in the same way.

    Raises:
        ValueError: there is no SpERT checkpoint, or an argument is invalid.
        TypeError: a setting is unknown.
        ImportError: the library of the backend is not installed.
        CheckpointError: the export is damaged, or of other weights.
    """
    check_choice("backend", backend, BACKENDS_OF_EXTRACTION)
    source = fspath(model)
    if backend == "onnx":
        from .onnx import load_onnx

        precision_of_graph = None if dtype is None else str(dtype)
        check_backend(backend, precision_of_graph, None if device is None else str(device))
        return load_onnx(source, dtype=precision_of_graph, revision=revision, token=token, **settings)
    check_torch(f"backend={backend!r}")
    from .model.pipeline_spert import SpertPipeline

    SpertPipeline.check_settings(settings)
    check_folder_or_id("model", source)
    precision = str(dtype or ("float32" if backend == "openvino" else "auto")).removeprefix("torch.")
    check_backend(backend, precision, None if device is None else str(device))
    check_choice("dtype", precision, _DTYPES[backend])
    if device is not None:
        check_device("device", device)
    where = {"revision": revision, "token": token}
    return load_checked("model", source, backend, precision, device, where, settings)


def check_backend(backend: str, dtype: str | None, device: str | None, dashes: str = "") -> None:
    """Check before loading that a backend is installed and supports the arguments.

    Args:
        backend: one of `BACKENDS_OF_EXTRACTION`.
        dtype: name of a dtype, if given.
        device: name of a device, if given.
        dashes: prefix of the names of arguments in messages: `--` on the command line.
    """
    if backend == "openvino":
        from .openvino.imports import import_openvino

        if dtype == "float16":
            allowed = f"float32, bfloat16 or int8 with {dashes}backend openvino"
            raise ValueError(must_be(f"{dashes}dtype", allowed, dtype))
        if device not in (None, "cpu"):
            raise ValueError(must_be(f"{dashes}device", f"cpu with {dashes}backend openvino", device))
        import_openvino()
    elif backend == "onnx":
        from .onnx.imports import import_onnxruntime
        from .onnx.record import SPAN_FILES

        if dtype is not None and dtype not in SPAN_FILES:
            raise ValueError(must_be(f"{dashes}dtype", f"{' or '.join(SPAN_FILES)} with {dashes}backend onnx", dtype))
        if device not in (None, "cpu"):
            raise ValueError(must_be(f"{dashes}device", f"cpu with {dashes}backend onnx", device))
        import_onnxruntime()
    elif dtype == "int8":
        raise ValueError(must_be(f"{dashes}backend", f"openvino, or onnx to extract, for {dashes}dtype int8", backend))


def load_extractor(
    field: str,
    source: str,
    backend: str,
    dtype: str | None,
    device: str | None,
    where: Mapping[str, Any],
    settings: Mapping[str, Any],
    threads: int | None = None,
) -> SpertPipeline | OnnxExtractor:
    """Load what a command extracts with, without the messages and progress bars of other libraries.

    Args:
        field: name of the source in messages.
        source: folder or Hub id of a checkpoint.
        backend: see [`load`].
        dtype: see [`load`]. Default: `"float32"`; with ONNX, what the model was exported in.
        device: see [`load`].
        where: `revision` and `token`.
        settings: settings of the pipeline.
        threads: number of threads for a computation. Default: those that this process may use.

    Raises:
        ValueError: it is not a SpERT checkpoint, or arguments contradict each other.
    """
    check_folder_or_id(field, source)
    check_backend(backend, dtype, device, dashes="--")
    if backend == "onnx":
        from huggingface_hub.utils import disable_progress_bars

        from .onnx.extractor import load_export

        disable_progress_bars()
        return load_export(source, dtype, threads, where, settings, dashes="--")
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    if threads is not None:
        import torch

        torch.set_num_threads(threads)
    return load_checked(field, source, backend, dtype or "float32", device, where, settings)


def check_torch(what: str) -> None:
    """Check that torch is installed, without importing it.

    Args:
        what: needs it, for the message.

    Raises:
        ImportError: it is not.
    """
    if find_spec("torch") is None:
        raise ImportError(f"{what} needs torch, {HOW_TO_GET_TORCH}")


def check_device(field: str, name: str | torch.device) -> None:
    """Check that a device is available.

    Raises:
        ValueError: it is not; the message names the field.
    """
    if str(name) == "cpu":  # without torch, too
        return
    try:
        import torch

        torch.empty(0, device=name)
    except ImportError as error:
        raise ValueError(must_be(field, "cpu without torch", repr(str(name)))) from error
    except (RuntimeError, AssertionError) as error:  # the last if torch was built without support for it
        reason = str(error).partition("\n")[0]
        allowed = "cpu, or another device of this machine, such as cuda:0"
        raise ValueError(must_be(field, allowed, f"{str(name)!r}: {reason}")) from error


def load_checked(
    field: str,
    source: str,
    backend: str,
    dtype: str,
    device: Any,
    where: Mapping[str, Any],
    settings: Mapping[str, Any],
) -> SpertPipeline:
    """Load a pipeline from validated arguments.

    Args:
        field: name of the source in messages.
        source: folder or Hub id of a checkpoint.
        backend: one of `BACKENDS`; see [`load`].
        dtype: see [`load`].
        device: see [`load`].
        where: `revision` and `token`.
        settings: settings of the pipeline.

    Raises:
        ValueError: it is not a SpERT checkpoint.
    """
    from transformers import AutoConfig, AutoTokenizer
    from transformers.utils import CONFIG_NAME

    from .model.adapters import place_of_config
    from .model.configuration_spert import TASK, SpertConfig
    from .model.modeling_spert import SpertModel
    from .model.pipeline_spert import SpertPipeline

    by_openvino = backend == "openvino"
    place, place_options = place_of_config(source, where)
    if Path(place).is_dir() and not Path(place, CONFIG_NAME).is_file():
        raise ValueError(must_be(field, "a folder with a checkpoint", f"{source}, which has no {CONFIG_NAME}"))
    try:
        config = AutoConfig.from_pretrained(place, **place_options, trust_remote_code=False)
    except (RecursionError, TypeError, AttributeError) as error:  # JSON, but nested without end or no mapping
        raise ValueError(f"{source}: config.json is not a model's config: {error}") from error
    if config.model_type != SpertConfig.model_type:
        raise ValueError(must_be(field, "a SpERT checkpoint", f"{source}, a {config.model_type} model"))
    model = SpertModel.from_pretrained(source, dtype="float32" if by_openvino else dtype, **where)
    if by_openvino:
        from .openvino import use_openvino

        use_openvino(model, dtype, token=where["token"])
    return SpertPipeline(
        model=model,
        tokenizer=AutoTokenizer.from_pretrained(place, **place_options, trust_remote_code=False),
        task=TASK,
        device="cpu" if by_openvino else device,
        **settings,
    )
