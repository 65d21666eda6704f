"""Files of a checkpoint in a folder or on the Hub: their paths, and the shapes of their weights."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from transformers.modeling_utils import load_state_dict
from transformers.utils import SAFE_WEIGHTS_INDEX_NAME, SAFE_WEIGHTS_NAME, cached_file

from .errors import CheckpointError
from .messages import must_be
from .setting_checks import shown

HUB_OPTIONS = ("cache_dir", "force_download", "proxies", "local_files_only", "token", "revision", "subfolder")
"""Arguments of `from_pretrained` for downloads from the Hub."""

_NEW_NAMES = {"gamma": "weight", "beta": "bias"}


def hub_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the given arguments of `from_pretrained` for downloads from the Hub."""
    return {name: options[name] for name in HUB_OPTIONS if options.get(name) is not None}


def find_file(source: Any, name: str, options: Mapping[str, Any]) -> Path | None:
    """Find a file of a checkpoint, downloading it from the Hub if necessary.

    Args:
        source: folder or Hub id.
        name: name of the file, optionally with a folder.
        options: arguments of `from_pretrained`.

    Returns:
        Its path; `None` if there is none.
    """
    if Path(source).is_dir():
        path = Path(source, options.get("subfolder") or "", name)
        return path if path.is_file() else None
    try:
        return _fetch(source, name, options)
    except OSError:
        return None


def weight_files(source: Any, options: Mapping[str, Any]) -> list[Path]:
    """Return the paths of the weight files, downloading them from the Hub if necessary."""
    folder = Path(source, options.get("subfolder") or "")
    if any(folder.glob("shard-*.safetensors")):
        raise CheckpointError(f"{source} holds a distributed checkpoint; it must have {SAFE_WEIGHTS_NAME}")
    variant = options.get("variant")
    try:
        return [_fetch(source, _with_variant(SAFE_WEIGHTS_NAME, variant), options)]
    except OSError as error:
        try:
            index = _fetch(source, _with_variant(SAFE_WEIGHTS_INDEX_NAME, variant), options)
        except OSError:
            if not folder.is_dir():
                raise error from None  # the Hub may be unreachable
            raise CheckpointError(
                f"{source} has no {SAFE_WEIGHTS_NAME}; pickles such as pytorch_model.bin are not read"
            ) from error
    return [_fetch(source, name, options) for name in _shard_names(source, index)]


def _fetch(source: Any, name: str, options: Mapping[str, Any]) -> Path:
    return Path(str(cached_file(source, name, **hub_options(options))))


def _with_variant(name: str, variant: str | None) -> str:
    stem, _, suffix = name.rpartition(".")
    return f"{stem}.{variant}.{suffix}" if variant else name


def _shard_names(source: Any, index: Path) -> list[str]:
    """Return the names of the files in an index, which must be in the same folder."""
    where = f"{source}: {index.name}"
    try:
        names = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CheckpointError(f"{where} is not an index of weights: {shown(error)}") from error
    for name in names:
        if not isinstance(name, str) or not re.fullmatch(r"[\w.-]+\.safetensors", name):
            raise CheckpointError(must_be(f"{where}: weight_map", "the name of a .safetensors file", shown(name)))
    return sorted(names)


def stored_shapes(files: Iterable[Path]) -> dict[str, tuple[int, ...]]:
    """Return the shapes of all weights in the files from their headers, which are invalid for truncated files."""
    shapes: dict[str, tuple[int, ...]] = {}
    for file in files:
        try:
            weights = load_state_dict(str(file), map_location="meta")
            shapes |= {_renamed(name): tuple(weight.shape) for name, weight in weights.items()}
        except Exception as error:  # including the error class of safetensors
            raise CheckpointError(f"{file} is not a complete safetensors file: {error}") from error
    return shapes


def _renamed(name: str) -> str:
    """Return the name of a weight in the model; early versions 5.x of transformers save layer norms under old names."""
    return re.sub(r"LayerNorm\.(gamma|beta)$", lambda old: f"LayerNorm.{_NEW_NAMES[old[1]]}", name)
