"""Loading of checkpoints that may be a stranger's: nothing in them is run, and they are refused unless sound."""

import copy
import json
import math
import re
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedConfig
from transformers import initialization as init
from transformers.modeling_utils import load_state_dict
from transformers.utils import SAFE_WEIGHTS_INDEX_NAME, SAFE_WEIGHTS_NAME, cached_file

from .errors import CheckpointError
from .setting_checks_spert import shown

_HUB_OPTIONS = ("cache_dir", "force_download", "proxies", "local_files_only", "token", "revision", "subfolder")
_SHOWN_NAMES = 5
_NEW_NAMES = {"gamma": "weight", "beta": "bias"}
# Encoders may compute settings from tensors, which have no numbers where weights have none; early 5.x does without it.
_creation_with_numbers = getattr(init, "meta_device_safe_creation_ops", nullcontext)


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
        raise CheckpointError("use_safetensors: given False, allowed True: pickles are not read")
    known = config
    if not isinstance(known, PreTrainedConfig):
        known, _ = model_class.config_class.from_pretrained(config or source, return_unused_kwargs=True, **kwargs)
    stored = _stored_shapes(_weight_files(source, kwargs))
    check_size(source, model_class, known, stored, ignore_mismatched_sizes)
    model, report = load(
        source,
        *args,
        config=config,
        ignore_mismatched_sizes=True,  # the report has them all; transformers would name none in its error
        use_safetensors=True,
        output_loading_info=True,
        **kwargs,
    )
    _check_report(source, report, ignore_mismatched_sizes)
    _check_finite(source, model)
    return (model, report) if output_loading_info else model


def _weight_files(source: Any, options: dict[str, Any]) -> list[Path]:
    """Paths of the weights' files, fetched from the Hub if that is where they are."""
    folder = Path(source, options.get("subfolder") or "")
    if any(folder.glob("shard-*.safetensors")):
        raise CheckpointError(f"{source}: holds a distributed checkpoint; allowed {SAFE_WEIGHTS_NAME}")
    variant = options.get("variant")
    try:
        return [_fetch(source, _with_variant(SAFE_WEIGHTS_NAME, variant), options)]
    except OSError as error:
        try:
            index = _fetch(source, _with_variant(SAFE_WEIGHTS_INDEX_NAME, variant), options)
        except OSError:
            if not folder.is_dir():
                raise error from None  # of the Hub: it may just be out of reach
            raise CheckpointError(
                f"{source}: has no {SAFE_WEIGHTS_NAME}; pickles such as pytorch_model.bin are not read"
            ) from error
    return [_fetch(source, name, options) for name in _shard_names(source, index)]


def _fetch(source: Any, name: str, options: dict[str, Any]) -> Path:
    hub = {option: options[option] for option in _HUB_OPTIONS if options.get(option) is not None}
    return Path(str(cached_file(source, name, **hub)))


def _with_variant(name: str, variant: str | None) -> str:
    stem, _, suffix = name.rpartition(".")
    return f"{stem}.{variant}.{suffix}" if variant else name


def _shard_names(source: Any, index: Path) -> list[str]:
    """Names of the files that an index lists, which must lie beside it."""
    where = f"{source}: {index.name}"
    try:
        names = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CheckpointError(f"{where}: is no index of weights: {shown(error)}") from error
    for name in names:
        if not isinstance(name, str) or not re.fullmatch(r"[\w.-]+\.safetensors", name):
            raise CheckpointError(f"{where}: weight_map: given {shown(name)}, allowed the name of a .safetensors file")
    return sorted(names)


def _stored_shapes(files: Iterable[Path]) -> dict[str, tuple[int, ...]]:
    """Shapes of all weights in the files, from their headers; what is cut off or padded has no valid one."""
    shapes: dict[str, tuple[int, ...]] = {}
    for file in files:
        try:
            weights = load_state_dict(str(file), map_location="meta")
            shapes |= {_renamed(name): tuple(weight.shape) for name, weight in weights.items()}
        except Exception as error:  # safetensors has an error of its own
            raise CheckpointError(f"{file}: is no whole file of safetensors: {error}") from error
    return shapes


def _renamed(name: str) -> str:
    """The name of a weight in the model; early 5.x of transformers saves layer norms under the names of old."""
    return re.sub(r"LayerNorm\.(gamma|beta)$", lambda old: f"LayerNorm.{_NEW_NAMES[old[1]]}", name)


def _skeleton(source: Any, model_class: Any, config: PreTrainedConfig) -> nn.Module:
    """The model that a config describes, without memory for its weights."""
    try:
        with torch.device("meta"), init.no_init_weights(), _creation_with_numbers():
            return model_class(copy.deepcopy(config))
    except Exception as error:  # each encoder has its own ways to fail
        raise CheckpointError(f"{source}: config.json: no model can be made of it: {shown(error)}") from error


def check_size(
    source: Any,
    model_class: Any,
    config: PreTrainedConfig,
    stored: dict[str, tuple[int, ...]],
    fresh_classifiers: bool = False,
) -> None:
    """Refuse a config that asks for more numbers than there are, before memory is taken for them.

    Args:
        source: what the message names.
        model_class: of the model to be made.
        config: its config.
        stored: shapes of the weights there are. Their names may differ, as transformers renames some.
        fresh_classifiers: count the encoder only.

    Raises:
        CheckpointError: saying what is missing, also if no model can be made of the config at all.
    """
    skeleton = _skeleton(source, model_class, config)
    part = skeleton.get_submodule("encoder") if fresh_classifiers else skeleton
    asked, held = sum(weight.numel() for weight in part.parameters()), sum(map(math.prod, stored.values()))
    if asked <= held:
        return
    shapes = {name: tuple(weight.shape) for name, weight in skeleton.named_parameters()}
    missing = [name for name in shapes if name not in stored]
    other = [(name, stored[name], shape) for name, shape in shapes.items() if stored.get(name, shape) != shape]
    size = f"{held} numbers, config.json asks for {asked}"
    raise CheckpointError(f"{source}: the weights are {size}: {_misfits(missing, other)}")


def _check_report(source: Any, report: dict[str, Any], fresh_classifiers: bool) -> None:
    """Refuse what transformers has made up or left out, but for classifiers that are to be trained."""
    missing, other, unknown = (sorted(report[f"{kind}_keys"]) for kind in ("missing", "mismatched", "unexpected"))
    if fresh_classifiers:
        missing = [name for name in missing if name.startswith("encoder.")]
        other, unknown = [entry for entry in other if entry[0].startswith("encoder.")], []
    if missing or other:
        raise CheckpointError(f"{source}: {_misfits(missing, other)}")
    if unknown:
        raise CheckpointError(f"{source}: has weights that its config.json has no place for: {_listed(unknown)}")


def _misfits(missing: list[str], other: list[tuple[str, Any, Any]]) -> str:
    """Say which weights are missing or of another shape: (name, given, asked for)."""
    if missing:
        return f"has no weights for {_listed(missing)}"
    if not other:
        return "the names are not those of this model"
    name, given, asked = other[0]
    return f"{name} is of shape {list(given)}, config.json asks for {list(asked)}"


def _listed(names: list[str]) -> str:
    more = len(names) - _SHOWN_NAMES
    return ", ".join(name[:200] for name in names[:_SHOWN_NAMES]) + (f" and {more} more" if more > 0 else "")


@torch.no_grad()
def _check_finite(source: Any, model: nn.Module) -> None:
    for name, weight in model.named_parameters():
        if weight.device.type == "meta" or not weight.is_floating_point():
            continue  # not loaded yet, or quantized
        if weight.numel() and not all(map(math.isfinite, map(float, weight.aminmax()))):
            raise CheckpointError(f"{source}: weights of {name} are not finite")
