"""Export of a model: two ONNX graphs, the tokenizer and a record of everything else that extraction needs."""

import io
import shutil
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from logging import ERROR, getLogger
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from ..files.atomic import digest_of_file
from ..files.new_folder import new_folder
from ..model.encoders import is_computed_alone
from ..model.messages import must_be
from ..model.modeling_spert import SpertModel
from ..model.processing_spert import SpertProcessor
from ..model.setting_checks import check_choice
from .graphs import DYNAMIC_AXES, PairGraph, SpanGraph, example_inputs, random_inputs
from .imports import import_exporter, import_onnx
from .mapping import write_mapped
from .quantization import largest_by_channel, quantize
from .record import (
    MAPPED_FILE,
    PAIRS_FILE,
    SPAN_FILES,
    TOKENIZER_FILE,
    OnnxRecord,
    OnnxSettings,
    OnnxTokenization,
    digests_of_weights,
)

LARGEST_ERROR = 1e-3
"""The largest difference of logits, relative to the largest logit, up to which an export counts as right."""

_SPECIAL_TOKENS = ("bos", "eos", "unk", "sep", "pad", "cls", "mask")


def export_onnx(
    model: SpertModel,
    tokenizer: PreTrainedTokenizerBase,
    folder: str | Path,
    dtypes: Sequence[str] = ("float32",),
    overwrite: bool = False,
) -> None:
    """Export a model, so that `load_onnx` extracts with it without torch and transformers.

    The graphs are those of the model's own modules. They take any number of sentences, sub-words and words, and are
    compared with the model before anything is written.

    Args:
        model: the model, on the CPU and in `float32`.
        tokenizer: its tokenizer.
        folder: a new or empty folder; by convention, `onnx` in that of the checkpoint.
        dtypes: `"float32"`, `"int8"` (linear layers of the encoder and its table of embeddings, see
            `spert_hf.onnx.quantization`), or both.
        overwrite: whether the folder may have an export already, which is replaced.

    Raises:
        ImportError: a library for the export is not installed.
        ValueError: an argument is invalid, or the encoder can't be exported.
        FileExistsError: the folder has files in it that may not be replaced.
        OSError: it can't be written.
    """
    for dtype in dtypes:
        check_choice("dtypes", dtype, tuple(SPAN_FILES))
    import_exporter()
    _check_model(model)
    processor = SpertProcessor.for_config(tokenizer, model.config)
    longest = processor.window_size + len(processor.prefix) + len(processor.suffix)
    with new_folder(folder, replace=overwrite) as unfinished, _as_torch_has_it(model), TemporaryDirectory() as working:
        spans = Path(working, SPAN_FILES["float32"])
        span_inputs, pair_inputs = example_inputs(model)
        _export(SpanGraph(model, longest), span_inputs, ["entity_logits", "hidden"], spans)
        if model.relation_classifier is not None:
            _export(PairGraph(model, longest), pair_inputs, ["relation_logits"], unfinished / PAIRS_FILE)
        if "int8" in dtypes:
            _quantize(model, longest, spans, unfinished / SPAN_FILES["int8"])
        if "float32" in dtypes:
            shutil.copyfile(spans, unfinished / SPAN_FILES["float32"])
            write_mapped(unfinished / SPAN_FILES["float32"], unfinished / MAPPED_FILE)
        processor.save_backend(unfinished / TOKENIZER_FILE)
        _record(model, processor, unfinished).save(unfinished)


def _check_model(model: SpertModel) -> None:
    weights = next(model.encoder.parameters())
    if weights.dtype is not torch.float32 or weights.device.type != "cpu":
        given = f"{str(weights.dtype).removeprefix('torch.')} on {weights.device}"
        raise ValueError(must_be("model", "in float32 on cpu, to be exported", given))
    if is_computed_alone(model.encoder):
        allowed = "one whose hidden states do not depend on padding"
        raise ValueError(must_be("encoder", allowed, type(model.encoder).__name__))


def _export(graph: SpanGraph | PairGraph, inputs: dict[str, torch.Tensor], outputs: list[str], path: Path) -> None:
    """Export a graph, and check that it computes the same for inputs of other sizes.

    Raises:
        ValueError: it can't be exported, or computes something else.
    """
    axes = {name: dict.fromkeys(DYNAMIC_AXES[name], torch.export.Dim.DYNAMIC) for name in inputs}
    try:
        with torch.no_grad(), _silent():
            program = torch.onnx.export(
                graph.eval(), kwargs=inputs, dynamo=True, dynamic_shapes=axes, output_names=outputs, verbose=False
            )
            program.save(str(path), external_data=False)  # type: ignore[union-attr] # none only for the old exporter
    except Exception as error:  # of torch's exporter, which has no class of its own for all of them
        encoder = type(graph.model.encoder).__name__
        reason = " ".join(str(error).split())[:300]
        raise ValueError(f"encoder: {encoder} can't be exported to ONNX: {reason}") from error


def _quantize(model: SpertModel, longest: int, source: Path, target: Path) -> None:
    onnx = import_onnx()
    graph = onnx.load(str(source))
    quantize(graph, largest_by_channel(graph, random_inputs(model, longest)))
    onnx.save(graph, str(target))


def _record(model: SpertModel, processor: SpertProcessor, folder: Path) -> OnnxRecord:
    tokenizer = processor.tokenizer
    special = {f"{name}_token": getattr(tokenizer, f"{name}_token", None) for name in _SPECIAL_TOKENS}
    checkpoint = Path(model.name_or_path) if model.name_or_path else None
    return OnnxRecord(
        settings=OnnxSettings.of(model.config),
        tokenization=OnnxTokenization(
            prefix=processor.prefix,
            suffix=processor.suffix,
            unknown_id=processor.unknown_id,
            pad_id=processor.pad_id,
            window_size=processor.window_size,
            letter_cases=bool(model.config.letter_case_embeddings),
            overlap_words=model.config.max_span_size,
            context_window=model.config.context_window,
            special_tokens={name: token for name, token in special.items() if token is not None},
        ),
        files={path.name: digest_of_file(path) for path in sorted(folder.iterdir())},
        weights=digests_of_weights(checkpoint) if checkpoint is not None and checkpoint.is_dir() else {},
    )


@contextmanager
def _as_torch_has_it(model: SpertModel) -> Iterator[None]:
    """Have torch compute the model in evaluation mode, and put its runtime and mode back."""
    runtime, training = model.runtime, model.training
    model.eval()
    model.set_runtime("torch")
    try:
        with _with_plain_attention(model.encoder):
            yield
    finally:
        model.set_runtime(runtime)
        model.train(training)


@contextmanager
def _with_plain_attention(encoder: PreTrainedModel) -> Iterator[None]:
    """Have attention computed by single operators.

    The exporter's form of torch's fused one has more of them: the graph would be slower by a twentieth.
    """
    given = encoder.config._attn_implementation
    if given != "sdpa":
        yield
        return
    encoder.set_attn_implementation("eager")
    try:
        yield
    finally:
        encoder.set_attn_implementation(given)


@contextmanager
def _silent() -> Iterator[None]:
    """Keep back what the exporter says of its steps, and of operators of libraries that are not installed."""
    loggers = [getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir", "root")]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.setLevel(ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
