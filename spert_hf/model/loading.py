"""Loading of checkpoints that may be a stranger's: nothing in them is run, and they are refused unless sound."""

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
    """Load a model as `PreTrainedModel.from_pretrained` does, but refuse what is not sound.

    Before any memory is taken for weights, their files' headers are read: the files must be whole safetensors (pickles
    are never read), and hold as many numbers as the config asks for. Once they are read, each weight must be there, in
    its shape, and finite.

    Args:
        load: `from_pretrained` of transformers.
        model_class: the class to load.
        source: folder or Hub id; `None` where a `state_dict` is given, which is left to transformers.
        args: passed on.
        config: as in `from_pretrained`.
        ignore_mismatched_sizes: take a checkpoint whose classifiers do not fit the config, or that has none; these get
            fresh weights, to be trained. The encoder has to fit still.
        use_safetensors: only `True`, the default, is allowed.
        output_loading_info: give `(model, report)`.
        kwargs: as in `from_pretrained`.

    Raises:
        CheckpointError: naming the file or the weights that are not sound.
    """
    info = {"output_loading_info": output_loading_info}
    if source is None:
        return load(source, *args, config=config, ignore_mismatched_sizes=ignore_mismatched_sizes, **info, **kwargs)
    if use_safetensors is False:
        raise CheckpointError(must_be("use_safetensors", "True, as pickles are not read", "False"))
    # Where peft is installed, transformers may have taken an adapter's base for the checkpoint.
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
    """Refuse a checkpoint whose config is none, or whose files do not hold the weights that it asks for."""
    if not isinstance(config, PreTrainedConfig):
        config, _ = model_class.config_class.from_pretrained(config or source, return_unused_kwargs=True, **options)
    check_size(source, model_class, config, stored_shapes(weight_files(source, options)), ignore_mismatched_sizes)


def _load_whole(
    load: Callable[..., Any], source: Any, config: Any, ignore_mismatched_sizes: bool, options: Mapping[str, Any]
) -> tuple[Any, dict[str, Any]]:
    """Load a checkpoint whose headers were checked; give it with transformers' report."""
    model, report = load(
        source,
        config=config,
        ignore_mismatched_sizes=True,  # the report has them all; transformers would name none in its error
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
    """Load an adapter over its base, in the precision that is asked for.

    Raises:
        CheckpointError: if it, or its base, is not sound or not at hand, or an option is of whole checkpoints only.
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
    """Refuse what transformers has made up or left out, but for classifiers that are to be trained."""
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
