"""INT8 encoders: quantization, and storage in a checkpoint.

The ranges of activations are calibrated on sentences (static quantization, by NNCF).
"""

import hashlib
import json
import random
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers.utils import cached_file

from ..files.atomic import digest_of_file
from ..model.errors import CheckpointError
from ..model.messages import must
from ..model.modeling_spert import SpertModel
from ..model.pieces import cut
from ..model.processing_spert import SpertProcessor
from .conversion import convert_encoder
from .imports import import_nncf, import_openvino, openvino_core
from .settings import CALIBRATION_SENTENCES

MODEL_FILE = "openvino_encoder_int8.xml"
WEIGHTS_FILE = "openvino_encoder_int8.bin"
RECORD_FILE = "openvino_encoder_int8.json"
QUANTIZED_FILES = (MODEL_FILE, WEIGHTS_FILE, RECORD_FILE)


def quantize_encoder(model: SpertModel, processor: SpertProcessor, sentences: Sequence[Sequence[str]]) -> Any:
    """Quantize a model's encoder to INT8.

    Args:
        model: the model, on the CPU and in `float32`.
        processor: its processor.
        sentences: lists of words, similar to the texts that the model will be used on, without annotations. If there
            are more than [`CALIBRATION_SENTENCES`], a fixed sample is used.

    Returns:
        An `openvino.Model` with the inputs and outputs of [`convert_encoder`].

    Raises:
        ImportError: if OpenVINO or NNCF is not installed.
        ValueError: if no sentence has a word, or the encoder can't be converted.
    """
    nncf = import_nncf()
    pieces = cut(processor, sentences)
    if not pieces:
        raise ValueError(must("sentences", "have at least one with a word in it, to measure", "none"))
    drawn = random.Random(0).sample(pieces, min(len(pieces), CALIBRATION_SENTENCES))
    converted = convert_encoder(model)
    with torch.inference_mode():
        # One by one, since padding would be measured, too.
        batches = [processor.collate([piece.words]) for piece in drawn]
        inputs = [
            [model.embed(batch["input_ids"], batch.get("letter_cases")).numpy(), batch["attention_mask"].numpy()]
            for batch in batches
        ]
    dataset = nncf.Dataset(inputs)
    return nncf.quantize(converted, dataset, model_type=nncf.ModelType.TRANSFORMER, subset_size=len(drawn))


def write_quantized_encoder(folder: Path, model: SpertModel, quantized: Any) -> None:
    """Write a quantized encoder to the folder of a checkpoint, with a record of its weights."""
    import_openvino().save_model(quantized, folder / MODEL_FILE, compress_to_fp16=False)
    files = {name: digest_of_file(folder / name) for name in (MODEL_FILE, WEIGHTS_FILE)}
    record = {"encoder": digest_of_encoder(model), "files": files}
    (folder / RECORD_FILE).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def read_quantized_encoder(model: SpertModel, token: bool | str | None = None) -> Any:
    """Read the quantized encoder from the folder or repository from which a model was loaded.

    Raises:
        ImportError: if OpenVINO is not installed.
        ValueError: if there is no quantized encoder.
        CheckpointError: if it is damaged or belongs to other weights.
    """
    core = openvino_core()
    found = [_find(model, name, token) for name in QUANTIZED_FILES]
    missing = [name for name, path in zip(QUANTIZED_FILES, found, strict=True) if path is None]
    if missing:
        raise ValueError(
            f"precision int8 needs a checkpoint that `spert-hf quantize` has written: "
            f"{model.name_or_path or 'the model'} has no {missing[0]}"
        )
    paths = {name: Path(str(path)) for name, path in zip(QUANTIZED_FILES, found, strict=True)}
    check_quantized_encoder(paths, model)
    try:
        return core.read_model(paths[MODEL_FILE], paths[WEIGHTS_FILE])
    except RuntimeError as error:
        raise CheckpointError(f"{paths[MODEL_FILE]} can't be read by OpenVINO: {error}") from error


def check_quantized_encoder(paths: dict[str, Path], model: SpertModel) -> None:
    """Check that a quantized encoder is intact and belongs to a model's weights.

    Args:
        paths: the paths of the [`QUANTIZED_FILES`], by name.
        model: the model.

    Raises:
        CheckpointError: if it is not; the message names the file.
    """
    try:
        record = json.loads(paths[RECORD_FILE].read_text(encoding="utf-8"))
        digests = {name: record["files"][name] for name in (MODEL_FILE, WEIGHTS_FILE)} | {"encoder": record["encoder"]}
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise CheckpointError(f"{paths[RECORD_FILE]} is not a record of a quantized encoder: {error!r}") from error
    for name in (MODEL_FILE, WEIGHTS_FILE):
        if not paths[name].is_file() or digests[name] != digest_of_file(paths[name]):
            raise CheckpointError(f"{paths[name]} is not what was written: missing, truncated or changed")
    if digests["encoder"] != digest_of_encoder(model):
        raise CheckpointError(f"{paths[MODEL_FILE]} was made of other weights than the model's: quantize it again")


def copy_quantized_encoder(folder: Path, target: Path, model: SpertModel) -> None:
    """Copy the quantized encoder of a checkpoint, if it has one.

    Args:
        folder: the checkpoint's folder.
        target: the folder of its copy.
        model: the checkpoint's model.

    Raises:
        CheckpointError: if it is incomplete or damaged, or belongs to other weights.
    """
    paths = {name: folder / name for name in QUANTIZED_FILES}
    if not any(path.exists() for path in paths.values()):
        return
    check_quantized_encoder(paths, model)
    for name, path in paths.items():
        shutil.copyfile(path, target / name)


def digest_of_encoder(model: SpertModel) -> str:
    """Return the SHA-256 of the encoder's weights in single precision and their names."""
    digest = hashlib.sha256()
    for name, weight in sorted(model.encoder.state_dict().items()):
        digest.update(name.encode())
        digest.update(weight.detach().float().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


def _find(model: SpertModel, name: str, token: bool | str | None) -> str | None:
    """Return the path of a file next to the model's weights; `None` if it does not exist."""
    if not model.name_or_path:
        return None
    path: str | None = cached_file(
        model.name_or_path,
        name,
        token=token,
        revision=getattr(model.config, "_commit_hash", None),
        _raise_exceptions_for_missing_entries=False,
    )
    return path
