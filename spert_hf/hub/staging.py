"""Stage a checkpoint for publication: a copy with its code, checked to load and to predict like the original."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from transformers import AutoTokenizer, PreTrainedTokenizerBase
from transformers.dynamic_module_utils import get_class_from_dynamic_module
from transformers.utils import logging

from ..data.adapter_files import adapter_in, keep_adapter
from ..files.atomic import RUN_FILE
from ..model.adapters import ADAPTER_CONFIG, PUBLISHED_FOLDER, Adapter
from ..model.card import EXAMPLE_TEXT, is_generated
from ..model.configuration_spert import CODE_OF_CLASSES, CODE_OF_PIPELINE, TASK
from ..model.hub import CARD_FILE
from ..model.messages import must_be
from ..model.modeling_spert import SpertModel
from ..model.pipeline_spert import SpertPipeline
from ..openvino import copy_quantized_encoder
from .links import check_links
from .training_record import TrainingRecord

NEEDED_FILES = ("config.json", "model.safetensors", "tokenizer_config.json")
"""The files of a full model; an adapter has its own files instead of the weights."""


@dataclass(frozen=True)
class StagedCheckpoint:
    """A checkpoint that is ready to be published, except for its card.

    Attributes:
        folder: the folder to upload.
        pipe: the pipeline of the original.
        record: the record of its training, if there is one.
        own_card: the original's `README.md`, if it is hand-written or edited.
        adapter: the adapter, if the checkpoint is not a full model.
        onnx: the dtypes of the ONNX export in it, if there is one.
    """

    folder: Path
    pipe: SpertPipeline
    record: TrainingRecord | None
    own_card: bytes | None
    adapter: Adapter | None = None
    onnx: Sequence[str] = ()


def stage_checkpoint(folder: Path, staged: Path, onnx: Sequence[str] = ()) -> StagedCheckpoint:
    """Copy the files of a checkpoint and this package's code to the folder `staged`, and check the copy.

    Code in `folder` is neither run nor copied.

    Args:
        folder: the checkpoint's folder.
        staged: a new folder.
        onnx: the dtypes in which an ONNX export is added.

    Returns:
        The staged checkpoint.

    Raises:
        ImportError: a library for the ONNX export is not installed.
        ValueError: the folder is not a complete checkpoint, does not load, or has an invalid record of training, or the
            predictions of the copy differ.
    """
    adapter = adapter_in(folder)
    for needed in NEEDED_FILES:
        if adapter and needed == "model.safetensors":
            continue
        if not (folder / needed).is_file():
            raise ValueError(f"{folder} has no {needed}; name the folder of a saved SpERT model")
    check_links(folder)
    if adapter:
        _check_base(adapter)
    record = TrainingRecord.from_file(folder / RUN_FILE) if (folder / RUN_FILE).is_file() else None
    pipe = _load(SpertModel, SpertPipeline, folder)
    pipe.save_pretrained(staged)
    keep_adapter(adapter, staged, PUBLISHED_FOLDER)
    _check_copy(pipe, staged, folder)
    copy_quantized_encoder(folder, staged, cast(SpertModel, pipe.model))
    if record:
        record.write(staged / RUN_FILE)
    if onnx:
        from .onnx_staging import stage_onnx

        stage_onnx(folder, staged, pipe, onnx)
    return StagedCheckpoint(staged, pipe, record, _own_card(folder), adapter, onnx)


def _check_base(adapter: Adapter) -> None:
    """Refuse an adapter whose base is not on the Hub."""
    if Path(adapter.base).is_dir():
        raise ValueError(
            must_be(
                f"{adapter.source}: {ADAPTER_CONFIG}: base_model_name_or_path",
                "on the Hub",
                f"the folder {adapter.base}",
            )
            + f"; or publish the whole model, as SpertModel.from_pretrained({adapter.source!r}) saves it"
        )


def _load(model_class: type[SpertModel], pipeline_class: type[SpertPipeline], folder: Path) -> SpertPipeline:
    """Load the pipeline in a folder without running code in it."""
    verbosity = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        model = model_class.from_pretrained(folder)
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        return pipeline_class(model=model, tokenizer=tokenizer, task=TASK, device="cpu")
    except Exception as error:  # torch, safetensors, tokenizers and transformers have different error classes
        raise ValueError(f"{folder} does not load, so it is not published: {_first_line(error)}") from error
    finally:
        logging.set_verbosity(verbosity)


def _check_copy(pipe: SpertPipeline, staged: Path, folder: Path) -> None:
    """Load the copy with the code in it, as users without `spert_hf` do, and compare."""
    model_class, pipeline_class = (
        get_class_from_dynamic_module(code, str(staged))
        for code in (CODE_OF_CLASSES["AutoModel"], str(CODE_OF_PIPELINE["impl"]))
    )
    setattr(model_class, "find_encoder", staticmethod(SpertModel.find_encoder))  # noqa: B010 - a base in a package
    copy = _load(model_class, pipeline_class, staged)
    for field in ("entity_types", "relation_types", "symmetric_relation_types"):
        given, found = getattr(pipe.model.config, field), getattr(copy.model.config, field)
        if given != found:
            raise ValueError(f"{folder}: its copy has {field} {found}, not {given}, so it is not published")
    weights = copy.model.state_dict()
    changed = [name for name, weight in pipe.model.state_dict().items() if not torch.equal(weight, weights[name])]
    if changed:
        raise ValueError(f"{folder}: its copy has other weights for {changed[0]}, so it is not published")
    if _found(pipe) != _found(copy):
        raise ValueError(f"{folder}: its copy predicts otherwise, so it is not published")


def _found(pipe: SpertPipeline) -> tuple[Any, ...]:
    """Return the predictions for one sentence, without scores."""
    result = pipe(EXAMPLE_TEXT)
    entities = [(entity["type"], entity["start"], entity["end"]) for entity in result["entities"]]
    return entities, [(relation["type"], relation["head"], relation["tail"]) for relation in result["relations"]]


def _own_card(folder: Path) -> bytes | None:
    path = folder / CARD_FILE
    return path.read_bytes() if path.is_file() and not is_generated_file(path) else None


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


def is_generated_file(card: Path) -> bool:
    """Whether a file is a generated card that has not been edited."""
    return is_generated(card.read_text(encoding="utf-8", errors="replace"))
