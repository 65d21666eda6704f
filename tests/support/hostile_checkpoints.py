"""Ways to spoil a checkpoint, as somebody might who wants to harm those who load it."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

WEIGHTS = "model.safetensors"


class Bomb:
    """Unpickled, it makes a file: whoever finds that file has run what was in the pickle."""

    def __init__(self, crater: Path) -> None:
        self.crater = str(crater)

    def __reduce__(self) -> tuple[Any, ...]:
        return open, (self.crater, "w")


def plant_pickle(path: Path, crater: Path, content: Any = None) -> None:
    """Write what `torch.load` takes for weights, with a bomb among them."""
    torch.save({**(content or {}), "entity_classifier.bias": Bomb(crater)}, path)


def explodes(path: Path, crater: Path) -> bool:
    """Whether the bomb in a file works at all."""
    torch.load(path, weights_only=False)
    exploded = crater.exists()
    crater.unlink()
    return exploded


def plain_pickle(path: Path, crater: Path) -> None:
    """Write a pickle of the bomb alone, as an old library might read it."""
    path.write_bytes(pickle.dumps(Bomb(crater)))


def change_json(path: Path, change: Callable[[dict], Any]) -> None:
    """Read a JSON file, have it changed, and write it back."""
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")


def change_weights(folder: Path, change: Callable[[dict], Any]) -> None:
    """Read a checkpoint's weights, have them changed, and write them back."""
    weights = load_file(folder / WEIGHTS)
    change(weights)
    save_file(weights, folder / WEIGHTS, metadata={"format": "pt"})
