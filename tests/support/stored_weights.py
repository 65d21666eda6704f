"""Weights as a checkpoint has them on disk, whatever transformers wrote them."""

import re
from pathlib import Path

from safetensors.torch import load, load_file
from torch import Tensor

_OLD_NAMES = {"gamma": "weight", "beta": "bias"}


def stored_weights(source: Path | bytes) -> dict[str, Tensor]:
    """Read a safetensors file, or its content.

    A checkpoint that transformers 5.0 has loaded and saved again has LayerNorm's weights under TensorFlow's names for
    them, `gamma` and `beta`; they are given under today's.
    """
    weights = load(source) if isinstance(source, bytes) else load_file(source)
    return {
        re.sub(r"(?<=LayerNorm\.)(gamma|beta)$", lambda old: _OLD_NAMES[old[0]], name): weight
        for name, weight in weights.items()
    }
