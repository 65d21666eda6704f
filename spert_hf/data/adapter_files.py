"""Keeps an adapter's files when its model is saved again, so that its folder does not get a whole model instead."""

import shutil
from pathlib import Path

from ..model.adapters import ADAPTER_CONFIG, ADAPTER_WEIGHTS, Adapter, find_adapter

_WEIGHTS = ("model*.safetensors", "model.safetensors.index.json")


def adapter_in(folder: Path) -> Adapter | None:
    """Return the adapter that a folder holds in place of a whole model, if any.

    Raises:
        CheckpointError: if the adapter's config can't be used.
    """
    if not folder.is_dir() or any(path for pattern in _WEIGHTS for path in folder.glob(pattern)):
        return None
    return find_adapter(folder, {})


def keep_adapter(adapter: Adapter | None, folder: Path, subfolder: str = "") -> None:
    """Replace the whole model that was saved to a folder with an adapter's files.

    Args:
        adapter: the adapter that the model was loaded from; `None` to do nothing.
        folder: the folder where the model was saved.
        subfolder: the adapter's folder in `folder`.
    """
    if adapter is None:
        return
    for path in {path for pattern in _WEIGHTS for path in folder.glob(pattern)}:
        path.unlink()
    (folder / subfolder).mkdir(exist_ok=True)
    for name in (ADAPTER_CONFIG, ADAPTER_WEIGHTS):
        shutil.copyfile(adapter.weights.parent / name, folder / subfolder / name)
