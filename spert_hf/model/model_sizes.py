"""What weights a config asks for, without memory for them, and whether as many are there."""

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
    """Say which weights are missing or of another shape: (name, given, asked for)."""
    if missing:
        return f"has no weights for {listed(missing)}"
    if not other:
        return "the names are not those of this model"
    name, given, asked = other[0]
    return f"{name} is of shape {list(given)}, config.json asks for {list(asked)}"


def listed(names: list[str]) -> str:
    """The first names, and how many more there are."""
    more = len(names) - _SHOWN_NAMES
    return ", ".join(name[:200] for name in names[:_SHOWN_NAMES]) + (f" and {more} more" if more > 0 else "")
