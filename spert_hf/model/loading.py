"""Loading of untrusted checkpoints: no code in them is executed, and invalid ones are refused."""

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedConfig
from transformers.utils import CONFIG_NAME

from .adapters import Adapter, cast_but, find_adapter, load_over_base, refuse_adapter_beside_weights
from .checkpoint_files import find_file, hub_options, stored_shapes, weight_files
from .errors import CheckpointError
from .messages import must_be
from .model_sizes import check_size, describe_misfits, listed


def load_checked(
    load: Callable[..., Any],
    model_class: Any,
    source: Any,
    *args: Any,
    config: Any = None,
    ignore_mismatched_sizes: bool = False,
    use_safetensors: bool | None = None,
    output_loading_info: bool = False,
    **kwargs: Any,
) -> Any:
    """Load a model like `PreTrainedModel.from_pretrained`, but refuse invalid checkpoints.

    Before memory is allocated for weights, the headers of their files are read: the files must be complete safetensors
    files (pickles are never loaded) with as many numbers as the config requires. After loading, each weight must be
    present, of the right shape, and finite.

    Args:
        load: `from_pretrained` of transformers.
        model_class: the class to load.
        source: folder or Hub id; `None` with a `state_dict`, which is left to transformers.
        args: positional arguments of `from_pretrained`.
        config: as in `from_pretrained`.
        ignore_mismatched_sizes: initialize classifiers that are missing or do not fit the config, for training. The
            encoder must fit nevertheless.
        use_safetensors: only `True`, the default, is allowed.
        output_loading_info: whether to return `(model, report)`.
        kwargs: as in `from_pretrained`.

    Returns:
        The model, or `(model, report)`.

    Raises:
        CheckpointError: a file or a weight is invalid; the message names it.
    """
    info = {"output_loading_info": output_loading_info}
    if source is None:
        return load(source, *args, config=config, ignore_mismatched_sizes=ignore_mismatched_sizes, **info, **kwargs)
    if use_safetensors is False:
        raise CheckpointError(must_be("use_safetensors", "True, as pickles are not read", "False"))
    # With peft installed, transformers may have replaced an adapter by its base.
    source = (kwargs.pop("adapter_kwargs", None) or {}).get("_adapter_model_path") or source
    load = partial(load, *args) if args else load
    try:
        _check_headers(model_class, source, config, ignore_mismatched_sizes, kwargs)
    except (OSError, ValueError, CheckpointError):
        adapter = find_adapter(source, kwargs)
        if adapter is None:
            raise
        model, report = _load_adapter(adapter, load, model_class, config, ignore_mismatched_sizes, kwargs)
    else:
        refuse_adapter_beside_weights(source, kwargs)
        model, report = _load_whole(load, source, config, ignore_mismatched_sizes, kwargs)
    return (model, report) if output_loading_info else model


def _check_headers(
    model_class: Any, source: Any, config: Any, ignore_mismatched_sizes: bool, options: Mapping[str, Any]
) -> None:
    """Refuse a checkpoint with an invalid config, or whose files lack weights that it requires."""
    if not isinstance(config, PreTrainedConfig):
        config, _ = model_class.config_class.from_pretrained(config or source, return_unused_kwargs=True, **options)
    check_size(source, model_class, config, stored_shapes(weight_files(source, options)), ignore_mismatched_sizes)


def _load_whole(
    load: Callable[..., Any], source: Any, config: Any, ignore_mismatched_sizes: bool, options: Mapping[str, Any]
) -> tuple[Any, dict[str, Any]]:
    """Load a checkpoint whose headers have been checked; return it with the report of transformers."""
    model, report = load(
        source,
        config=config,
        ignore_mismatched_sizes=True,  # the report names them; the error of transformers does not
        use_safetensors=True,
        output_loading_info=True,
        **options,
    )
    _check_report(source, report, ignore_mismatched_sizes)
    _check_finite(source, model)
    return model, report


def _load_adapter(
    adapter: Adapter,
    load: Callable[..., Any],
    model_class: Any,
    config: Any,
    ignore_mismatched_sizes: bool,
    options: Mapping[str, Any],
) -> tuple[Any, dict[str, Any]]:
    """Load an adapter and its base in the requested dtype.

    Raises:
        CheckpointError: one of them is invalid or missing, or an option does not apply to adapters.
    """
    for name in ("device_map", "quantization_config"):
        if options.get(name) is not None:
            raise CheckpointError(must_be(name, f"left out with an adapter, {adapter.source}", repr(options[name])))

    def load_base(place: str, **given: Any) -> Any:
        base_config, fresh = given.pop("config"), given.pop("ignore_mismatched_sizes")
        _check_headers(model_class, place, base_config, fresh, given)
        return _load_whole(load, place, base_config, fresh, given)[0]

    if not isinstance(config, PreTrainedConfig):
        place = config or (adapter.source if find_file(adapter.source, CONFIG_NAME, options) else None)
        config = model_class.config_class.from_pretrained(place, **options) if place else None
    model = load_over_base(
        adapter,
        model_class,
        load_base,
        config=config,
        fresh_classifiers=ignore_mismatched_sizes,
        options={name: value for name, value in hub_options(options).items() if name not in ("revision", "subfolder")},
    )
    model.config.name_or_path = model.name_or_path = adapter.source
    dtype = options.get("dtype", options.get("torch_dtype"))
    if dtype not in (None, "auto"):
        cast_but(model, getattr(torch, str(dtype).removeprefix("torch.")), model_class._keep_in_fp32_modules_strict)
    if options.get("attn_implementation"):
        model.set_attn_implementation(options["attn_implementation"])
    return model, {}


def _check_report(source: Any, report: dict[str, Any], fresh_classifiers: bool) -> None:
    """Refuse weights that transformers has initialized or ignored, except classifiers to be trained."""
    missing, other, unknown = (sorted(report[f"{kind}_keys"]) for kind in ("missing", "mismatched", "unexpected"))
    if fresh_classifiers:
        missing = [name for name in missing if name.startswith("encoder.")]
        other, unknown = [entry for entry in other if entry[0].startswith("encoder.")], []
    if missing or other:
        raise CheckpointError(f"{source}: {describe_misfits(missing, other)}")
    if unknown:
        raise CheckpointError(f"{source} has weights that its config.json has no place for: {listed(unknown)}")


@torch.no_grad()
def _check_finite(source: Any, model: nn.Module) -> None:
    for name, weight in model.named_parameters():
        if weight.device.type == "meta" or not weight.is_floating_point():
            continue  # not loaded yet, or quantized
        if weight.numel() and not all(map(math.isfinite, map(float, weight.aminmax()))):
            raise CheckpointError(f"{source}: weights of {name} are not finite")
