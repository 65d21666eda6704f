"""Loading of LoRA adapters: small checkpoints whose weights are merged into those of their base model.

The result is a plain model; `peft`, which trains adapters, is not needed. Of an adapter's config, which may be
untrusted, only the base and the scaling are used.
"""

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoConfig, PreTrainedConfig
from transformers.modeling_utils import load_state_dict
from transformers.utils import CONFIG_NAME, is_peft_available

from .checkpoint_files import find_file, stored_shapes, weight_files
from .errors import CheckpointError
from .messages import must_be
from .model_sizes import check_size, make_skeleton
from .setting_checks import shown

ADAPTER_CONFIG = "adapter_config.json"
ADAPTER_WEIGHTS = "adapter_model.safetensors"
PUBLISHED_FOLDER = "adapter"
"""Their folder in a repository on the Hub: at the top level, transformers would use the config of the base."""

PREFIX = "base_model.model."
"""Prefix of the names of weights in files of `peft`."""

_TYPE = "LORA"
_UNCHANGED_BASE = (True, False, None, "gaussian", "eva", "orthogonal")
"""Initializations of LoRA that do not change the base; others move a part of it into the adapter."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """An adapter, as described by its files.

    Args:
        source: folder or Hub id of the checkpoint.
        base: folder or Hub id of its base, an encoder or a SpERT model.
        revision: commit of a base on the Hub, if known.
        alpha: the product of LoRA's matrices is scaled by alpha / rank, or by alpha / sqrt(rank).
        by_root: whether it is the square root (rank-stabilized LoRA).
        weights: the file of its weights.
        subfolder: the folder of its files in the checkpoint.
    """

    source: str
    base: str
    revision: str | None
    alpha: float
    by_root: bool
    weights: Path
    subfolder: str

    def scale(self, rank: int) -> float:
        """Return the factor by which the product of two LoRA matrices is scaled."""
        return self.alpha / (math.sqrt(rank) if self.by_root else rank)


def find_adapter(source: Any, options: Mapping[str, Any]) -> Adapter | None:
    """Find the adapter in a folder or repository.

    Args:
        source: folder or Hub id.
        options: arguments of `from_pretrained`: `token`, `revision`, ….

    Returns:
        The adapter; `None` if there is none.

    Raises:
        CheckpointError: its config is invalid, or it has no safetensors weights.
    """
    for subfolder in ("", PUBLISHED_FOLDER):
        paths = [
            find_file(source, f"{subfolder}/{name}" if subfolder else name, options)
            for name in (ADAPTER_CONFIG, ADAPTER_WEIGHTS)
        ]
        if paths[0] is not None:
            return _read_adapter(source, paths[0], paths[1], subfolder)
    return None


def place_of_config(source: Any, options: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Locate the config and tokenizer of a checkpoint: for an adapter saved by `peft`, those of its base.

    Args:
        source: folder or Hub id.
        options: arguments of `from_pretrained`.

    Returns:
        Folder or Hub id, and the options for it.

    Raises:
        CheckpointError: the config of an adapter is invalid.
    """
    if find_file(source, CONFIG_NAME, options) is None and (adapter := find_adapter(source, options)) is not None:
        return adapter.base, {**options, "revision": adapter.revision}
    return source, dict(options)


def refuse_adapter_beside_weights(source: Any, options: Mapping[str, Any]) -> None:
    """Refuse a full model with an adapter in the same folder, which transformers would add if `peft` is installed.

    Raises:
        CheckpointError: there is one, and `peft` is installed.
    """
    if is_peft_available() and find_file(source, ADAPTER_CONFIG, options) is not None:
        raise CheckpointError(f"{source} must be an adapter or a whole model, got both {ADAPTER_CONFIG} and weights")


def _read_adapter(source: Any, config: Path, weights: Path | None, subfolder: str) -> Adapter:
    where = f"{source}: {ADAPTER_CONFIG}"
    try:
        settings = json.loads(config.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{where} can't be read: {shown(error)}") from error
    try:
        check_adapter_settings(settings)
        base = _checked_base(settings.get("base_model_name_or_path"), is_here=Path(source).is_dir())
    except ValueError as error:
        raise CheckpointError(f"{where}: {error}") from error
    if weights is None:
        raise CheckpointError(f"{source} has no {ADAPTER_WEIGHTS}; pickles such as adapter_model.bin are not read")
    revision = settings.get("revision")
    by_root = settings.get("use_rslora") is True
    alpha = float(settings["lora_alpha"])
    return Adapter(str(source), base, revision, alpha, by_root, weights, subfolder)


def check_adapter_settings(settings: Any) -> None:
    """Refuse settings of `peft` other than those of plain LoRA.

    Args:
        settings: the content of `adapter_config.json`.

    Raises:
        ValueError: a setting is not supported; the message names it.
    """
    if not isinstance(settings, dict):
        raise ValueError(must_be("", "the settings of an adapter", shown(settings)))
    kind = settings.get("peft_type")
    if kind != _TYPE:
        raise ValueError(must_be("peft_type", repr(_TYPE), shown(kind)))
    alpha = settings.get("lora_alpha")
    if isinstance(alpha, bool) or not isinstance(alpha, (int, float)) or not math.isfinite(alpha):
        raise ValueError(must_be("lora_alpha", "a finite number", shown(alpha)))
    revision = settings.get("revision")
    if revision is not None and not isinstance(revision, str):
        raise ValueError(must_be("revision", "a commit or null", shown(revision)))
    initialised = settings.get("init_lora_weights", True)
    if not (initialised is None or isinstance(initialised, (bool, str))) or initialised not in _UNCHANGED_BASE:
        raise ValueError(must_be("init_lora_weights", "one that leaves the base as it is", shown(initialised)))
    for name in ("alpha_pattern", "use_dora", "fan_in_fan_out", "layer_replication", "target_parameters"):
        if settings.get(name):
            raise ValueError(must_be(name, "left out", shown(settings[name])))


def _checked_base(base: Any, *, is_here: bool) -> str:
    """Check the base in an adapter's config; that of an adapter on the Hub must be on the Hub.

    Raises:
        ValueError: it is invalid.
    """
    field = "base_model_name_or_path"
    if not isinstance(base, str) or not base:
        raise ValueError(must_be(field, "an encoder's or SpERT model's folder or Hub id", shown(base)))
    parts = base.replace("\\", "/").split("/")
    if ".." in parts or parts[0] == "~":
        raise ValueError(must_be(field, "a path without '..' and '~', or a Hub id", shown(base)))
    is_id = 1 <= len(parts) <= 2 and all(parts) and parts[0] != "."
    if not is_here and not is_id:
        raise ValueError(must_be(field, "a Hub id, as the adapter is on the Hub", shown(base)))
    if not is_id and not Path(base).is_dir():
        raise ValueError(must_be(field, "a folder that is here, as the adapter needs its base", shown(base)))
    return base


def load_over_base(
    adapter: Adapter,
    model_class: Any,
    load_base: Callable[..., Any],
    *,
    config: PreTrainedConfig | None,
    fresh_classifiers: bool,
    options: Mapping[str, Any],
) -> Any:
    """Load the base of an adapter and merge the adapter into it.

    Args:
        adapter: see [`find_adapter`].
        model_class: the class of the model.
        load_base: loads a full SpERT model like `from_pretrained`, without adapters.
        config: the model's config, with overrides; `None`: that of the base, a SpERT model.
        fresh_classifiers: whether to initialize classifiers that do not fit the config, for training.
        options: options for the Hub, without `revision`, which is that of the base.

    Returns:
        A plain model in `float32`, in evaluation mode.

    Raises:
        CheckpointError: the base is missing, or weights do not fit; the message names the adapter.
    """
    where = {**options, **({"revision": adapter.revision} if adapter.revision else {})}
    place = adapter.base if adapter.revision else model_class.find_encoder(adapter.base)
    try:
        base_config = AutoConfig.from_pretrained(place, trust_remote_code=False, **where)
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise _base_is_missing(adapter, error) from error
    is_whole = base_config.model_type == model_class.config_class.model_type
    if config is None and not is_whole:
        place = f"{adapter.source}: {ADAPTER_CONFIG}: base_model_name_or_path"
        given = f"{adapter.base}, a {base_config.model_type} model"
        raise CheckpointError(
            must_be(place, "a SpERT model, or an encoder with a SpERT model's config.json beside the adapter", given)
        )
    config = base_config if config is None else config
    skeleton = make_skeleton(adapter.source, model_class, config)
    own = _OwnWeights(adapter, _read_weights(adapter), skeleton, fresh_classifiers)
    try:
        if is_whole:
            fresh = fresh_classifiers or own.has_all_heads
            model = load_base(place, config=config, ignore_mismatched_sizes=fresh, dtype=torch.float32, **where)
        else:
            own.check_heads()
            check_size(place, model_class, config, stored_shapes(weight_files(place, where)), fresh_classifiers=True)
            model = model_class.from_encoder(place, config=config, hub_kwargs=where)
    except OSError as error:
        raise _base_is_missing(adapter, error) from error
    own.put_into(model)
    return model.eval()


def _base_is_missing(adapter: Adapter, error: Exception) -> CheckpointError:
    reason = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
    at = f" at revision {adapter.revision}" if adapter.revision else ""
    return CheckpointError(f"{adapter.source}: its base {adapter.base}{at} is not at hand: {reason}")


def _read_weights(adapter: Adapter) -> dict[str, Tensor]:
    """Read the adapter's weights by their names in the model; those of LoRA contain `lora_A` or `lora_B`."""
    try:
        stored = load_state_dict(str(adapter.weights), map_location="cpu")
    except Exception as error:  # safetensors has an error of its own
        raise CheckpointError(f"{adapter.weights} is not a complete safetensors file: {shown(error)}") from error
    return {name.removeprefix(PREFIX).replace(".base_layer.", "."): weight for name, weight in stored.items()}


class _OwnWeights:
    """The weights of an adapter: full ones, which replace those of the base, and pairs of LoRA matrices.

    Args:
        adapter: the adapter.
        weights: its weights by name.
        skeleton: the model without data (on the meta device).
        fresh_classifiers: whether to ignore weights outside the encoder that do not fit.

    Raises:
        CheckpointError: a weight is not in the model, has another shape, or is not finite.
    """

    def __init__(
        self, adapter: Adapter, weights: Mapping[str, Tensor], skeleton: nn.Module, fresh_classifiers: bool
    ) -> None:
        self._adapter = adapter
        self._shapes = {name: tuple(weight.shape) for name, weight in skeleton.named_parameters()}
        self._whole: dict[str, Tensor] = {}
        self._pairs: dict[str, dict[str, Tensor]] = {}
        for name, weight in weights.items():
            layer, _, part = name.rpartition(".lora_")
            if not weight.is_floating_point() or not bool(torch.isfinite(weight).all()):
                raise CheckpointError(f"{adapter.source}: weights of {name[:200]} are not finite")
            if part in ("A.weight", "B.weight"):
                self._pairs.setdefault(f"{layer}.weight", {})[part[0]] = weight
            elif not (fresh_classifiers and self._is_head(name) and self._shapes.get(name) != tuple(weight.shape)):
                self._check(name, tuple(weight.shape))
                self._whole[name] = weight
        for name, pair in self._pairs.items():
            self._check_pair(name, pair)
        self._fresh_classifiers = fresh_classifiers

    @staticmethod
    def _is_head(name: str) -> bool:
        return not name.startswith("encoder.")

    @property
    def has_all_heads(self) -> bool:
        """Whether the adapter has all weights outside the encoder."""
        return not self._missing_heads()

    def _missing_heads(self) -> list[str]:
        return [name for name in self._shapes if self._is_head(name) and name not in self._whole]

    def check_heads(self) -> None:
        """Check that an adapter of a plain encoder has all weights outside it.

        Raises:
            CheckpointError: one is missing; the message names it.
        """
        missing = self._missing_heads()
        if missing and not self._fresh_classifiers:
            raise CheckpointError(f"{self._adapter.source} has no weights for {missing[0]}, nor has its base")

    def _check(self, name: str, shape: tuple[int, ...]) -> None:
        if name not in self._shapes:
            raise CheckpointError(f"{self._adapter.source} has weights that its model has no place for: {name[:200]}")
        if self._shapes[name] != shape:
            given = f"{name} is of shape {list(shape)}, the model's of {list(self._shapes[name])}"
            raise CheckpointError(f"{self._adapter.source}: {given}")

    def _check_pair(self, name: str, pair: Mapping[str, Tensor]) -> None:
        if set(pair) != {"A", "B"} or any(weight.dim() != 2 for weight in pair.values()):
            raise CheckpointError(f"{self._adapter.source} has no two matrices of LoRA for {name[:200]}")
        if len(pair["A"]) != pair["B"].shape[1] or not len(pair["A"]):
            raise CheckpointError(f"{self._adapter.source}: matrices of LoRA for {name[:200]} are of different ranks")
        self._check(name, (len(pair["B"]), pair["A"].shape[1]))

    @torch.no_grad()
    def put_into(self, model: nn.Module) -> None:
        """Merge the weights into a model."""
        parameters = dict(model.named_parameters())
        for name, weight in self._whole.items():
            parameters[name].copy_(weight)
        for name, pair in self._pairs.items():
            product = pair["B"].float() @ pair["A"].float()
            parameters[name].add_(product, alpha=self._adapter.scale(len(pair["A"])))


def cast_but(model: nn.Module, dtype: torch.dtype, kept: Iterable[str]) -> None:
    """Cast weights to a dtype, except those of the modules `kept`, like `from_pretrained` in transformers."""
    kept = tuple(f"{name}." for name in kept)
    for name, weight in model.named_parameters():
        if weight.is_floating_point() and not name.startswith(kept):
            weight.data = weight.data.to(dtype)
