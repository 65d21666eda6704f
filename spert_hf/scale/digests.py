"""What tells two models apart."""

import hashlib
from typing import Any

from ..onnx import OnnxExtractor


def digest_of_model(pipe: Any) -> str:
    """Return a digest of everything that affects predictions: settings, tokenizer and weights."""
    if isinstance(pipe, OnnxExtractor):
        return pipe.digest
    import torch

    digest = hashlib.blake2b(digest_size=16)
    digest.update(pipe.model.config.to_json_string().encode())
    digest.update(pipe.tokenizer.backend_tokenizer.to_str().encode())
    for name, weight in sorted(pipe.model.state_dict().items()):
        digest.update(name.encode())
        digest.update(weight.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()
