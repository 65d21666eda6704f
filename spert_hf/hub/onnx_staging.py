"""The ONNX export that is published with a checkpoint: the one beside its weights if it fits them, or a new one."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import torch

from ..model.card import EXAMPLE_TEXT
from ..model.errors import CheckpointError
from ..model.modeling_spert import SpertModel
from ..onnx import export_onnx, load_onnx
from ..onnx.record import FOLDER, RECORD_FILE, OnnxRecord, check_files, copy_export, digests_of_weights, read_record

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from ..model.pipeline_spert import SpertPipeline

logger = logging.getLogger(__name__)


def stage_onnx(folder: Path, staged: Path, pipe: SpertPipeline, dtypes: Sequence[str]) -> None:
    """Put an export into a staged checkpoint, tied to the weights there.

    Args:
        folder: the original's folder; an export in it is taken if it was made of these weights, in all dtypes.
        staged: the staged checkpoint, with its weights.
        pipe: the pipeline of the original.
        dtypes: see [`export_onnx`].

    Raises:
        ImportError: a library for the export is not installed.
        ValueError: the encoder can't be exported, or the export predicts otherwise.
    """
    target = staged / FOLDER
    record = _fitting(folder, dtypes)
    if record is None:
        logger.info("exporting to ONNX: %s", ", ".join(dtypes))
        export_onnx(_in_single_precision(pipe), _tokenizer(pipe), target, dtypes)
    else:
        logger.info("taking the ONNX export in %s", folder / FOLDER)
        target.mkdir()
        names = [name for dtype in dtypes for name in record.used_files(dtype)]
        copy_export(folder / FOLDER, record, names, target)
    replace(read_record(target), weights=digests_of_weights(staged)).save(target)
    for dtype in dtypes:
        _check(staged, pipe, dtype)


def _fitting(folder: Path, dtypes: Sequence[str]) -> OnnxRecord | None:
    """Return the record of the export in a checkpoint's folder, if it is whole, of its weights and in all dtypes."""
    if not (folder / FOLDER / RECORD_FILE).is_file():
        return None
    try:
        record = read_record(folder / FOLDER)
        check_files(folder / FOLDER, record, _used_files(record, dtypes))
    except CheckpointError as error:
        logger.info("%s", error)
        return None
    return record if record.weights == digests_of_weights(folder) else None


def _used_files(record: OnnxRecord, dtypes: Sequence[str]) -> list[str]:
    return sorted({name for dtype in dtypes for name in record.used_files(dtype)})


def _in_single_precision(pipe: SpertPipeline) -> SpertModel:
    """The model as it is exported; a copy of it if its weights are stored in another precision."""
    model = cast(SpertModel, pipe.model)
    return model if model.dtype is torch.float32 else deepcopy(model).float()


def _tokenizer(pipe: SpertPipeline) -> PreTrainedTokenizerBase:
    tokenizer: PreTrainedTokenizerBase = pipe.tokenizer
    return tokenizer


def _check(staged: Path, pipe: SpertPipeline, dtype: str) -> None:
    """See that the export loads and, in single precision, predicts what the model does."""
    found = load_onnx(staged, dtype=dtype)(EXAMPLE_TEXT)
    if dtype != "float32" or pipe.model.dtype is not torch.float32:
        return
    expected = pipe(EXAMPLE_TEXT)
    for kind in ("entities", "relations"):
        ours, theirs = ([{**one, "score": None} for one in result[kind]] for result in (found, expected))
        if ours != theirs:
            raise ValueError(f"{staged.name}: its ONNX export predicts otherwise, so it is not published")
