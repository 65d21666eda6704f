"""The record beside exported graphs: what extraction needs besides them, and what they were made of."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from ..files.atomic import digest_of_file
from ..model.errors import CheckpointError
from ..model.messages import must_be
from ..model.text_reading import TextReading

FOLDER = "onnx"
"""The folder of the graphs in a checkpoint, as in other repositories on the Hub."""
RECORD_FILE = "spert_onnx.json"
TOKENIZER_FILE = "tokenizer.json"
PAIRS_FILE = "model_pairs.onnx"
SPAN_FILES = {"float32": "model.onnx", "int8": "model_quantized.onnx"}
"""The graph that scores spans, by dtype. One file of pairs serves both."""

MAPPED_FILE = "model_mapped.onnx"
"""The graph of `model.onnx` again, with weights that are mapped from that file; exports of older versions lack it."""

FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class OnnxSettings:
    """The model's settings that extraction needs; see [`SpertConfig`]."""

    entity_types: list[str]
    relation_types: list[str]
    symmetric_relation_types: list[str]
    relation_signatures: dict[str, list[list[str]]] | None
    max_span_size: int
    relation_threshold: float
    overlap: str
    entity_temperature: float
    relation_temperature: float
    text_reading: TextReading

    @classmethod
    def of(cls, settings: Any) -> "OnnxSettings":
        """Take the settings of a config, or of a mapping as it stands in a file."""
        get = settings.__getitem__ if isinstance(settings, Mapping) else lambda name: getattr(settings, name)
        own = {one.name: get(one.name) for one in fields(cls)}
        return cls(**{**own, "text_reading": TextReading.of(own["text_reading"])})

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as they stand in a file."""
        return {**asdict(self), "text_reading": self.text_reading.to_dict()}


@dataclass(frozen=True, kw_only=True)
class OnnxTokenization:
    """What becomes of words, besides the file of the tokenizer; see [`SubwordEncoder`]."""

    prefix: list[int]
    suffix: list[int]
    unknown_id: int
    pad_id: int
    window_size: int
    letter_cases: bool
    overlap_words: int
    special_tokens: dict[str, str]
    context_window: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return what stands in a file; a context window only if there is one, as older versions do not know it."""
        fields = asdict(self)
        return fields if self.context_window else {name: fields[name] for name in fields if name != "context_window"}


@dataclass(frozen=True, kw_only=True)
class OnnxRecord:
    """What stands in the file [`RECORD_FILE`].

    Args:
        settings: of the model.
        tokenization: of words.
        files: SHA-256 of each other file, by name.
        weights: SHA-256 of each file of weights of the checkpoint, by name; empty if it was not loaded from files.
    """

    settings: OnnxSettings
    tokenization: OnnxTokenization
    files: dict[str, str]
    weights: dict[str, str]

    def used_files(self, dtype: str) -> list[str]:
        """Return the names of the files that extraction in a dtype reads."""
        names = [SPAN_FILES[dtype], TOKENIZER_FILE, *([PAIRS_FILE] if self.settings.relation_types else [])]
        return [*names, MAPPED_FILE] if self.span_file(dtype) == MAPPED_FILE else names

    def span_file(self, dtype: str) -> str:
        """Return the name of the graph that scores spans in a dtype."""
        return MAPPED_FILE if dtype == "float32" and MAPPED_FILE in self.files else SPAN_FILES[dtype]

    def digest(self, dtype: str) -> str:
        """Return a digest of everything that affects predictions in a dtype."""
        files = {name: self.files[name] for name in self.used_files(dtype)}
        content = [self.settings.to_dict(), self.tokenization.to_dict(), files]
        return hashlib.blake2b(json.dumps(content, sort_keys=True).encode(), digest_size=16).hexdigest()

    def save(self, folder: Path) -> None:
        """Write the record."""
        content = {
            "format": FORMAT,
            "settings": self.settings.to_dict(),
            "tokenization": self.tokenization.to_dict(),
            "files": self.files,
            "weights": self.weights,
        }
        text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
        (folder / RECORD_FILE).write_text(text, encoding="utf-8")


def digests_of_weights(checkpoint: Path) -> dict[str, str]:
    """Return the SHA-256 of each file of weights in a checkpoint's folder, by name."""
    return {path.name: digest_of_file(path) for path in sorted(checkpoint.glob("*.safetensors"))}


def read_record(folder: Path) -> OnnxRecord:
    """Read the record of an export.

    Raises:
        CheckpointError: it can't be read; the message names the file.
    """
    path = folder / RECORD_FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise CheckpointError(must_be(f"{path}: format", f"{FORMAT}, which this version reads", content["format"]))
        return OnnxRecord(
            settings=OnnxSettings.of(content["settings"]),
            tokenization=OnnxTokenization(**content["tokenization"]),
            files=dict(content["files"]),
            weights=dict(content["weights"]),
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise CheckpointError(f"{path} is not a record of `spert-hf export`: {error!r}") from error


def check_files(folder: Path, record: OnnxRecord, names: Iterable[str]) -> None:
    """Check that files are those that were exported, and that the checkpoint around them is the one of the export.

    Args:
        folder: the folder of the export.
        record: its record.
        names: the files that are used.

    Raises:
        CheckpointError: a file is missing, cut off or another one, or the checkpoint has other weights or settings.
    """
    for name in names:
        if not (folder / name).is_file() or record.files.get(name) != digest_of_file(folder / name):
            raise CheckpointError(f"{folder / name} is not what was exported: missing, cut off or changed")
    if folder.name == FOLDER:
        _check_checkpoint(folder.parent, record)


def check_weights_on_hub(repo_id: str, commit: str, token: str | bool | None, record: OnnxRecord) -> None:
    """Check that an export is of the weights beside it on the Hub, which are not downloaded for it.

    Nothing is checked offline, or if the Hub can't be asked.

    Args:
        repo_id: the repository.
        commit: its revision.
        token: for the Hub.
        record: the record of the export.

    Raises:
        CheckpointError: the weights are others.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, HTTPError, OfflineModeIsEnabled

    try:
        files = HfApi(token=token).get_paths_info(repo_id, [*record.weights], revision=commit)
    except (HfHubHTTPError, HTTPError, OfflineModeIsEnabled, OSError):
        return
    for file in files:
        lfs = getattr(file, "lfs", None)
        if lfs is not None and lfs.sha256 != record.weights.get(file.path):
            raise CheckpointError(
                f"{repo_id}/{FOLDER} was exported from other weights than those of {file.path}: publish it again"
            )


def _check_checkpoint(checkpoint: Path, record: OnnxRecord) -> None:
    again = f"{checkpoint / FOLDER} was exported from other {{}}: export it again (spert-hf export --overwrite)"
    for name, digest in record.weights.items():
        path = checkpoint / name
        if path.is_file() and digest_of_file(path) != digest:
            raise CheckpointError(again.format(f"weights than those of {path}"))
    path = checkpoint / "config.json"
    if not path.is_file():
        return
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CheckpointError(f"{path} is not JSON: {error}") from error
    own = record.settings.to_dict()
    changed = [name for name in own if name in config and config[name] != own[name]]
    if changed:
        raise CheckpointError(again.format(f"settings than those of {path} ({', '.join(changed)})"))
