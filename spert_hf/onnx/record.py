"""The record beside exported graphs: what extraction needs besides them, and what they were made of."""

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from ..files.atomic import digest_of_file
from ..model.errors import CheckpointError
from ..model.messages import either, must, must_be
from ..model.setting_checks import (
    check_choice,
    check_flag,
    check_integer,
    check_names,
    check_signatures,
    check_text,
    shown,
)
from ..model.settings import ConfigSettings, settings_of
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

_ADAPTER_CONFIG = "adapter_config.json"
"""As in `model/adapters.py`, which needs torch."""


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

    def check(self) -> None:
        """Check the values, which someone may have edited, as those of a config are checked.

        Raises:
            ValueError: one is not allowed; the message names it, what was given and what is allowed.
        """
        declared = settings_of(ConfigSettings)
        for name, value in vars(self).items():
            if name in declared:
                declared[name].check(value)
        check_names("entity_types", self.entity_types, least=1)
        check_names("relation_types", self.relation_types)
        check_names("symmetric_relation_types", self.symmetric_relation_types)
        for name in self.symmetric_relation_types:
            check_choice("symmetric_relation_types", name, self.relation_types)
        if self.relation_signatures is not None:
            check_signatures(self.relation_signatures, self.entity_types, self.relation_types)

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

    def check(self) -> None:
        """Check the values; see [`OnnxSettings.check`]."""
        for name in ("prefix", "suffix"):
            ids = getattr(self, name)
            if not isinstance(ids, list):
                raise ValueError(must_be(name, "a list of ids", shown(ids)))
            for number in ids:
                check_integer(name, number, 0)
        for name in ("unknown_id", "pad_id"):
            check_integer(name, getattr(self, name), 0)
        for name in ("window_size", "overlap_words"):
            check_integer(name, getattr(self, name), 1)
        check_flag("letter_cases", self.letter_cases)
        if not isinstance(self.special_tokens, dict):
            raise ValueError(must_be("special_tokens", "tokens by name", shown(self.special_tokens)))
        for name, token in self.special_tokens.items():
            check_text(f"special_tokens.{name}", token)


@dataclass(frozen=True, kw_only=True)
class OnnxRecord:
    """What stands in the file [`RECORD_FILE`].

    Args:
        settings: of the model.
        tokenization: of words.
        files: SHA-256 of each other file, by name.
        weights: see [`digests_of_weights`]; empty if the model was not loaded from files.
    """

    settings: OnnxSettings
    tokenization: OnnxTokenization
    files: dict[str, str]
    weights: dict[str, str]

    @property
    def dtypes(self) -> list[str]:
        """The dtypes that the model was exported in, the most exact one first."""
        return [dtype for dtype, file in SPAN_FILES.items() if file in self.files]

    def used_files(self, dtype: str) -> list[str]:
        """Return the names of the files that extraction in a dtype reads."""
        names = [SPAN_FILES[dtype], TOKENIZER_FILE, *([self.pairs_file] if self.pairs_file else [])]
        return [*names, MAPPED_FILE] if self.span_file(dtype) == MAPPED_FILE else names

    def span_file(self, dtype: str) -> str:
        """Return the name of the graph that scores spans in a dtype."""
        return MAPPED_FILE if dtype == "float32" and MAPPED_FILE in self.files else SPAN_FILES[dtype]

    @property
    def pairs_file(self) -> str | None:
        """The name of the graph that scores pairs; none without relation types."""
        return PAIRS_FILE if self.settings.relation_types else None

    def digest(self, dtype: str) -> str:
        """Return a digest of everything that affects predictions in a dtype."""
        files = {name: self.files[name] for name in self.used_files(dtype)}
        content = [self.settings.to_dict(), self.tokenization.to_dict(), files]
        return hashlib.blake2b(json.dumps(content, sort_keys=True).encode(), digest_size=16).hexdigest()

    def check(self) -> None:
        """Check everything in it.

        Raises:
            ValueError: something is not allowed; the message names it.
        """
        for part in ("settings", "tokenization"):
            try:
                getattr(self, part).check()
            except ValueError as error:
                raise ValueError(f"{part}: {error}") from error
        if not self.dtypes:
            raise ValueError(must("files", f"have {either(SPAN_FILES.values())}", shown(list(self.files))))
        if (PAIRS_FILE in self.files) != bool(self.settings.relation_types):
            allowed = "left empty without" if self.settings.relation_types else "given with"
            raise ValueError(
                must_be("settings: relation_types", f"{allowed} the file {PAIRS_FILE}", self.settings.relation_types)
            )

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
    """Return the SHA-256 of each file that a checkpoint's weights are of, by its path, relative to the folder.

    Those of an adapter are merged of its own, of its config, which names the base and scales what is added to it, and
    of the weights of the base, if that is a folder.
    """
    paths = [*checkpoint.glob("*.safetensors")]
    for config in (checkpoint / _ADAPTER_CONFIG, checkpoint / "adapter" / _ADAPTER_CONFIG):  # the latter is published
        if config.is_file():
            paths += [config, *config.parent.glob("adapter_model.safetensors"), *_base_of(config).glob("*.safetensors")]
    return {_below(path, checkpoint): digest_of_file(path) for path in sorted({*paths})}


def _base_of(adapter_config: Path) -> Path:
    """Return the folder of an adapter's base; one that does not exist if it is on the Hub."""
    return Path(json.loads(adapter_config.read_text(encoding="utf-8"))["base_model_name_or_path"]).absolute()


def _below(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)


def read_record(folder: Path) -> OnnxRecord:
    """Read the record of an export.

    Raises:
        CheckpointError: it can't be read, or something in it is not allowed; the message names the file.
    """
    record = _read(folder / RECORD_FILE)
    try:
        record.check()
    except ValueError as error:
        raise CheckpointError(f"{folder / RECORD_FILE}: {error}") from error
    return record


def _read(path: Path) -> OnnxRecord:
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


def copy_export(folder: Path, record: OnnxRecord, names: Iterable[str], target: Path) -> None:
    """Copy files of an export, with a record of these only, which is tied to the same weights.

    Args:
        folder: the folder of the export.
        record: its record.
        names: the files.
        target: a folder that exists.
    """
    files = {name: record.files[name] for name in sorted({*names})}
    for name in files:
        shutil.copyfile(folder / name, target / name)
    replace(record, files=files).save(target)


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
