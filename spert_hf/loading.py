"""Loading of a pipeline from a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike, fspath
from typing import Any

import torch
from transformers import AutoConfig, AutoTokenizer

from .encoders import check_folder_or_id
from .model.adapters import place_of_config
from .model.choices import BACKENDS
from .model.configuration_spert import TASK, SpertConfig
from .model.messages import must_be
from .model.modeling_spert import SpertModel
from .model.pipeline_spert import SpertPipeline
from .model.setting_checks import check_choice

_DTYPES = {"torch": ("auto", "float32", "bfloat16", "float16"), "openvino": ("float32", "bfloat16", "int8")}


def load(
    model: str | PathLike[str],
    *,
    backend: str = "torch",
    dtype: str | torch.dtype | None = None,
    device: str | torch.device | None = None,
    revision: str | None = None,
    token: str | bool | None = None,
    **settings: Any,
) -> SpertPipeline:
    """Load a pipeline with the code of this package; code in the repository is not run.

    Args:
        model (`str`): folder or Hub id of a checkpoint.
        backend (`str`): library that computes the encoder, `"torch"` or `"openvino"` (an extra, faster on a CPU).
        dtype (`str`, *optional*): precision of the encoder: `"float32"`, `"bfloat16"`, `"float16"` (torch), or `"int8"`
            (OpenVINO, for a model quantized by `spert-hf quantize`). Default: the dtype of the stored weights with
            torch, `"float32"` with OpenVINO.
        device (`str`, *optional*): device, such as `"cpu"` or `"cuda:0"`. Default: a GPU if there is one.
        revision (`str`, *optional*): branch, tag or commit of a model on the Hub.
        token (`str`, *optional*): token for the Hub. Default: that of `hf auth login`.
        settings: settings of the pipeline, such as `relation_threshold` or `overlap`; see [`SpertPipeline`].

    Returns:
        The pipeline.

    Raises:
        ValueError: there is no SpERT checkpoint, or an argument is invalid.
        TypeError: a setting is unknown.
        ImportError: OpenVINO is requested, but not installed.
    """
    SpertPipeline.check_settings(settings)
    source = fspath(model)
    check_folder_or_id("model", source)
    check_choice("backend", backend, BACKENDS)
    precision = str(dtype or ("float32" if backend == "openvino" else "auto")).removeprefix("torch.")
    check_backend(backend, precision, None if device is None else str(device))
    check_choice("dtype", precision, _DTYPES[backend])
    if device is not None:
        check_device("device", device)
    where = {"revision": revision, "token": token}
    return load_checked("model", source, backend, precision, device, where, settings)


def check_backend(backend: str, dtype: str, device: str | None, dashes: str = "") -> None:
    """Check before loading that a backend is installed and supports the arguments.

    Args:
        backend: one of `BACKENDS`.
        dtype: name of a dtype.
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
    elif dtype == "int8":
        raise ValueError(must_be(f"{dashes}backend", f"openvino for {dashes}dtype int8", backend))


def check_device(field: str, name: str | torch.device) -> None:
    """Check that a device is available.

    Raises:
        ValueError: it is not; the message names the field.
    """
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:  # the latter if torch was built without support for it
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
        backend: see [`load`].
        dtype: see [`load`].
        device: see [`load`].
        where: `revision` and `token`.
        settings: settings of the pipeline.

    Raises:
        ValueError: it is not a SpERT checkpoint.
    """
    by_openvino = backend == "openvino"
    place, place_options = place_of_config(source, where)
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
