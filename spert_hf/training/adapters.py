"""Training of adapters (LoRA, from peft) in place of all weights: adding, saving and loading them."""

import json
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from huggingface_hub import try_to_load_from_cache
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers.dynamic_module_utils import custom_object_save
from transformers.utils import CONFIG_NAME

from ..model.adapters import ADAPTER_CONFIG, ADAPTER_WEIGHTS, PREFIX, check_adapter_settings, find_adapter
from ..model.messages import kind_of, must, must_be
from ..model.modeling_spert import SpertModel
from .arguments import SpertTrainingArguments

_NAME = "default"
"""peft's name for a model's only adapter."""


def add_adapters(model: SpertModel, arguments: SpertTrainingArguments) -> SpertModel:
    """Add adapters to linear layers of the encoder; they are trained in its place, together with all other modules.

    Args:
        model: the model, which is changed in place.
        arguments: all settings, of which `lora_r` and the others with this prefix are used.

    Returns:
        The same model.

    Raises:
        ValueError: if the encoder has no layers of the given names, or the model's base could not be loaded again.
    """
    from peft import LoraConfig, get_peft_model  # heavy, and an extra

    config = LoraConfig(
        r=arguments.lora_r,
        lora_alpha=2 * arguments.lora_r if arguments.lora_alpha is None else arguments.lora_alpha,  # type: ignore[arg-type]
        lora_dropout=arguments.lora_dropout,
        target_modules=_targets(model, arguments.lora_target_modules),
        modules_to_save=[name for name, _ in model.named_children() if name not in ("encoder", "dropout")],
    )
    return adapted_model(get_peft_model(model, config))  # type: ignore[arg-type]


def adapted_model(model: Any) -> SpertModel:
    """Return the SpERT model, adapters included, that a `PeftModel` wraps.

    Args:
        model: peft's `PeftModel` over a [`SpertModel`], or a [`SpertModel`], which is returned as it is.

    Raises:
        ValueError: if the model is of another kind, or its adapters could not be loaded again.
    """
    if isinstance(model, SpertModel):
        return model
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    if not isinstance(inner, SpertModel):
        raise ValueError(must_be("model", "a SpertModel, or a PeftModel over one", kind_of(inner)))
    configs = getattr(inner, "peft_config", {})
    if list(configs) != [_NAME]:
        raise ValueError(must("model", f"have one adapter, called {_NAME!r}", ", ".join(configs)))
    try:
        check_adapter_settings(_settings(inner))
    except ValueError as error:
        raise ValueError(f"model: {error}") from error
    _name_base(inner)
    return inner


def is_of_peft(model: Any) -> bool:
    """Return whether a model is a `PeftModel`, without importing peft."""
    return hasattr(model, "get_base_model") and hasattr(model, "peft_config")


def adapter_settings(model: SpertModel) -> dict[str, Any]:
    """Return the training settings that describe a model's adapters; an empty dictionary if it has none."""
    if not has_adapters(model):
        return {}
    config: Any = model.peft_config[_NAME]
    return {"lora_r": config.r, "lora_alpha": float(config.lora_alpha), "lora_dropout": float(config.lora_dropout)}


def has_adapters(model: nn.Module) -> bool:
    """Return whether a model has adapters."""
    return bool(getattr(model, "peft_config", None))


def describe_adapters(model: SpertModel) -> str:
    """Return a line that says what is trained, and over which base."""
    trained = model.num_parameters(only_trainable=True)
    base = sum(weight.numel() for name, weight in model.encoder.named_parameters() if ".lora_" not in name)
    return f"Adapters and classifiers are trained: {trained:,} weights over {_settings(model)[_BASE]} ({base:,})"


_BASE = "base_model_name_or_path"


def _targets(model: SpertModel, names: str | None) -> str:
    """Return a regular expression for peft that matches the encoder's linear layers of the given names, or all."""
    there = {name.rpartition(".")[2] for name, module in model.encoder.named_modules() if isinstance(module, nn.Linear)}
    wanted = {name.strip() for name in names.split(",")} if names else there
    unknown = sorted(wanted - there)
    if unknown or not there:
        if not there:
            raise ValueError("lora_target_modules must be linear layers of the encoder, which has none")
        raise ValueError(must_be("lora_target_modules", f"among {', '.join(sorted(there))}", ", ".join(unknown)))
    return rf"encoder\.(?:.*\.)?(?:{'|'.join(map(re.escape, sorted(wanted)))})"


def _name_base(model: SpertModel) -> None:
    """Name the adapters' base in their config: the model that they were added to, or its encoder.

    Raises:
        ValueError: if the base has no name from which it could be loaded.
    """
    config: Any = model.peft_config[_NAME]
    encoder = model.config.encoder_config
    base = model.name_or_path or encoder.name_or_path or model.encoder_source[0] or config.base_model_name_or_path
    if not base:
        raise ValueError(
            must_be("model", "over a base that can be loaded", "adapters over weights without a folder or Hub id")
        )
    is_here = Path(base).is_dir()
    if is_here and find_adapter(base, {}) and not Path(base, "model.safetensors").is_file():
        raise ValueError(
            f"lora_r needs a whole model to continue from, got the adapter {base}; pass a folder to which "
            f"SpertModel.from_pretrained({base!r}).save_pretrained(…) has saved it"
        )
    config.base_model_name_or_path = str(Path(base).absolute()) if is_here else base
    config.revision = None if is_here else _commit_of(base)


def _commit_of(source: str) -> str | None:
    """Return the commit of the repository that a model was just loaded from; `None` if it came from elsewhere."""
    config = try_to_load_from_cache(source, CONFIG_NAME)
    return Path(config).parent.name if isinstance(config, str) else None


def _settings(model: SpertModel) -> dict[str, Any]:
    """Return the adapters' config as peft writes it, with sets as lists and enumerations as text for JSON."""
    config: Any = model.peft_config[_NAME]
    settings = config.to_dict() | {"inference_mode": True, "auto_mapping": None}
    plain = {name: sorted(value) if isinstance(value, set) else value for name, value in settings.items()}
    return {name: getattr(value, "value", value) for name, value in plain.items()}


def _own_weights(model: SpertModel) -> dict[str, Tensor]:
    """Return the weights that are not the base's (trained, or outside the encoder), by their names in files."""
    weights: dict[str, Tensor] = {}
    for name, weight in model.named_parameters():
        if ".original_module." in name or not (weight.requires_grad or not name.startswith("encoder.")):
            continue
        plain = name.replace(f".modules_to_save.{_NAME}.", ".").replace(f".{_NAME}.", ".").replace(".base_layer.", ".")
        weights[PREFIX + plain] = weight
    return weights


def save_weights(model: SpertModel, folder: str | Path) -> None:
    """Save a model as `save_pretrained` does; if it has adapters, only these, the classifiers and the config.

    Args:
        model: the model.
        folder: created if it does not exist.
    """
    if not has_adapters(model):
        model.save_pretrained(folder)
        return
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    model.config.save_pretrained(folder)
    custom_object_save(model, str(folder), config=model.config)  # type: ignore[arg-type]
    weights = {name: weight.detach().cpu().contiguous() for name, weight in _own_weights(model).items()}
    save_file(weights, folder / ADAPTER_WEIGHTS, metadata={"format": "pt"})
    text = json.dumps(_settings(model), indent=2, sort_keys=True)
    (folder / ADAPTER_CONFIG).write_text(f"{text}\n", encoding="utf-8")


@torch.no_grad()
def load_weights(model: SpertModel, folder: Path) -> None:
    """Load adapters and classifiers that `save_weights` saved.

    Args:
        model: a model with adapters, which is changed in place.
        folder: where they were saved.

    Raises:
        ValueError: if they are for another base or of other shapes; the message names the folder.
    """
    saved = json.loads((folder / ADAPTER_CONFIG).read_text(encoding="utf-8"))
    for name in (_BASE, "revision"):
        given, had = _settings(model).get(name), saved.get(name)
        if given != had:
            raise ValueError(must_be(f"{folder}: {name}", f"{had!r}, as in the checkpoint's run", repr(given)))
    weights = _own_weights(model)
    with safe_open(folder / ADAPTER_WEIGHTS, framework="pt") as file:
        if set(file.keys()) != set(weights):
            raise ValueError(f"{folder}: {ADAPTER_WEIGHTS} holds other weights than those that are trained")
        for name, weight in weights.items():
            saved_weight = file.get_tensor(name)
            if saved_weight.shape != weight.shape:
                field = f"{folder}: {name.removeprefix(PREFIX)}"
                raise ValueError(
                    must_be(
                        field,
                        f"of shape {list(saved_weight.shape)}, as in the checkpoint's run",
                        f"{list(weight.shape)}",
                    )
                )
            weight.copy_(saved_weight)


def finished_model(trained: SpertModel, best: Path | None) -> SpertModel:
    """Return a run's final model as `from_pretrained` would load it: with adapters merged into the weights.

    Args:
        trained: the model in training.
        best: the folder of the best model, if the run keeps that one.
    """
    if best is not None:
        # A separate model, so that checkpoints saved from here on still hold the weights in training.
        return SpertModel.from_pretrained(best)
    if not has_adapters(trained):
        return trained
    with TemporaryDirectory() as folder:
        save_weights(trained, Path(folder))
        model: SpertModel = SpertModel.from_pretrained(folder)
    model.name_or_path = model.config.name_or_path = ""
    return model


def take_best(trained: SpertModel, finished: SpertModel, best: Path) -> None:
    """Put the best model's weights into the model in training.

    Args:
        trained: the model in training, which is changed in place.
        finished: what `finished_model` returned.
        best: the folder of the best model.
    """
    if has_adapters(trained):
        load_weights(trained, best)
    else:
        trained.load_state_dict(finished.state_dict())
