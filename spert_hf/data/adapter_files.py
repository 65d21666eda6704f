"""Files of an adapter, where its model is saved again: they, and not a whole model, are what its folder holds."""

import shutil
from pathlib import Path

from ..model.adapters import ADAPTER_CONFIG, ADAPTER_WEIGHTS, Adapter, find_adapter

_WEIGHTS = ("model*.safetensors", "model.safetensors.index.json")


def adapter_in(folder: Path) -> Adapter | None:
    """The adapter that a folder holds in place of a whole model, if it does.

    Raises:
        CheckpointError: if its config is none that can be used.
    """
    if not folder.is_dir() or any(path for pattern in _WEIGHTS for path in folder.glob(pattern)):
        return None
    return find_adapter(folder, {})


def keep_adapter(adapter: Adapter | None, folder: Path, subfolder: str = "") -> None:
    """Put an adapter's files in place of the whole model that was saved to a folder; nothing without an adapter.

    Args:
        adapter: of which the model was loaded.
        folder: where the model was saved.
        subfolder: of `folder`, for the adapter.
    """
    if adapter is None:
        return
    for path in {path for pattern in _WEIGHTS for path in folder.glob(pattern)}:
        path.unlink()
    (folder / subfolder).mkdir(exist_ok=True)
    for name in (ADAPTER_CONFIG, ADAPTER_WEIGHTS):
        shutil.copyfile(adapter.weights.parent / name, folder / subfolder / name)
