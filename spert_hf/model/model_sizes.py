"""Comparison of the weights that a config requires, without allocating them, with those of a checkpoint."""

import copy
import math
from contextlib import nullcontext
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedConfig
from transformers import initialization as init

from .errors import CheckpointError
from .setting_checks import shown

_SHOWN_NAMES = 5
# Encoders may compute settings from tensors, which have no numbers where weights have none; early 5.x does without it.
_creation_with_numbers = getattr(init, "meta_device_safe_creation_ops", nullcontext)


def make_skeleton(source: Any, model_class: Any, config: PreTrainedConfig) -> nn.Module:
    """Make the model that a config describes, without memory for its weights (on the meta device)."""
    try:
        with torch.device("meta"), init.no_init_weights(), _creation_with_numbers():
            return model_class(copy.deepcopy(config))
    except Exception as error:  # error classes differ between encoders
        raise CheckpointError(f"{source}: config.json: no model can be made of it: {shown(error)}") from error


def check_size(
    source: Any,
    model_class: Any,
    config: PreTrainedConfig,
    stored: dict[str, tuple[int, ...]],
    fresh_classifiers: bool = False,
) -> None:
    """Refuse a config that requires more weights than are stored, before memory is allocated.

    Args:
        source: name of the checkpoint in the message.
        model_class: class of the model.
        config: its config.
        stored: shapes of the stored weights. Their names may differ, as transformers renames some.
        fresh_classifiers: whether to count the encoder only.

    Raises:
        CheckpointError: weights are missing, or the config is invalid.
    """
    skeleton = make_skeleton(source, model_class, config)
    part = skeleton.get_submodule("encoder") if fresh_classifiers else skeleton
    asked, held = sum(weight.numel() for weight in part.parameters()), sum(map(math.prod, stored.values()))
    if asked <= held:
        return
    shapes = {name: tuple(weight.shape) for name, weight in skeleton.named_parameters()}
    missing = [name for name in shapes if name not in stored]
    other = [(name, stored[name], shape) for name, shape in shapes.items() if stored.get(name, shape) != shape]
    size = f"{held} numbers, config.json asks for {asked}"
    raise CheckpointError(f"{source}: the weights are {size}: {describe_misfits(missing, other)}")


def describe_misfits(missing: list[str], other: list[tuple[str, Any, Any]]) -> str:
    """Describe the weights that are missing or have another shape: (name, given, required)."""
    if missing:
        return f"has no weights for {listed(missing)}"
    if not other:
        return "the names are not those of this model"
    name, given, asked = other[0]
    return f"{name} is of shape {list(given)}, config.json asks for {list(asked)}"


def listed(names: list[str]) -> str:
    """List the first names, and the number of the others."""
    more = len(names) - _SHOWN_NAMES
    return ", ".join(name[:200] for name in names[:_SHOWN_NAMES]) + (f" and {more} more" if more > 0 else "")
