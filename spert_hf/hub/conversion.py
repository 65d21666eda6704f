"""Conversion of checkpoints of the published SpERT implementation (github.com/lavis-nlp/spert)."""

from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from transformers import AutoConfig, AutoTokenizer, PreTrainedTokenizerBase

from ..data.schema import TypeSchema
from ..files.model_folder import model_output, write_model
from ..model.configuration_spert import SpertConfig
from ..model.errors import CheckpointError
from ..model.messages import must, must_be
from ..model.model_sizes import check_size
from ..model.modeling_spert import SpertModel
from ..model.processing_spert import SpertProcessor
from .links import check_links

WEIGHT_FILES = ("model.safetensors", "pytorch_model.bin")
_NEW_PREFIXES = {
    "bert.": "encoder.",
    "rel_classifier.": "relation_classifier.",
    "entity_classifier.": "entity_classifier.",
    "size_embeddings.": "size_embeddings.",
}
# BertModel's pooler is neither trained nor used; position ids are a constant, not weights.
_UNUSED = ("bert.pooler.", "bert.embeddings.position_ids")


def convert_checkpoint(
    folder: str | Path, types_file: str | Path, **settings: Any
) -> tuple[SpertModel, PreTrainedTokenizerBase]:
    """Load a checkpoint of the published implementation as a [`SpertModel`] with its tokenizer.

    Args:
        folder: folder with `config.json`, the vocabulary, and `model.safetensors` or `pytorch_model.bin` (a pickle,
            loaded with `weights_only`).
        types_file: the data set's `*_types.json`; the order of its types is that of the classifiers' outputs.
        settings: arguments of [`SpertConfig`] that the published code reads from its command line, such as
            `relation_threshold` and `max_span_size`.

    Returns:
        The model and its tokenizer.

    Raises:
        FileNotFoundError: the folder lacks a config or weights.
        ValueError: weights are missing, unexpected or not finite, or do not fit the config or the types; or a file is
            truncated, a link to a file elsewhere, or a pickle with more than weights.
    """
    folder = Path(folder)
    weights = _renamed(_read_weights(folder), folder)
    schema = TypeSchema.from_file(types_file)
    config = SpertConfig(
        encoder_config=AutoConfig.from_pretrained(folder, trust_remote_code=False),
        entity_types=schema.entity_names,
        relation_types=schema.relation_names,
        symmetric_relation_types=schema.symmetric_relation_names,
        size_embedding_count=weights["size_embeddings.weight"].shape[0],
        size_embedding_dim=weights["size_embeddings.weight"].shape[1],
        **settings,
    )
    _check_outputs(weights, config, folder, types_file)
    try:
        check_size(folder, SpertModel, config, {name: tuple(weight.shape) for name, weight in weights.items()})
        model = SpertModel(config)
        mismatch = model.load_state_dict(weights, strict=False)
    except CheckpointError as error:
        raise ValueError(str(error)) from error
    except RuntimeError as error:  # raised by torch for weights of another shape
        raise ValueError(f"{folder}: weights and config.json do not fit: {error}") from error
    if mismatch.missing_keys or mismatch.unexpected_keys:
        raise ValueError(
            f"{folder}: weights missing: {mismatch.missing_keys or 'none'}; "
            f"not known: {mismatch.unexpected_keys or 'none'}"
        )
    tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    SpertProcessor.for_config(tokenizer, config)  # refuses a tokenizer that does not fit the encoder
    return model.eval(), tokenizer


def _read_weights(folder: Path) -> dict[str, Tensor]:
    if not (folder / "config.json").is_file():
        raise FileNotFoundError(f"{folder} has no config.json; name the folder of a published SpERT checkpoint")
    check_links(folder)
    file = next((folder / name for name in WEIGHT_FILES if (folder / name).is_file()), None)
    if file is None:
        raise FileNotFoundError(f"{folder} has no weights: there is no {' or '.join(WEIGHT_FILES)}")
    try:
        is_pickle = file.name == WEIGHT_FILES[1]
        weights = torch.load(file, map_location="cpu", weights_only=True) if is_pickle else load_file(file)
    except (SafetensorError, UnpicklingError, RuntimeError, EOFError) as error:
        reason = str(error).partition("\n")[0]
        raise ValueError(f"{file} is damaged, or holds more than weights; nothing in it was run: {reason}") from error
    if not isinstance(weights, dict) or not all(isinstance(weight, Tensor) for weight in weights.values()):
        raise ValueError(must_be(str(file), "a mapping of names to weights", type(weights).__name__))
    broken = [name for name, weight in weights.items() if not torch.isfinite(weight).all()]
    if broken:
        raise ValueError(f"{file}: weights of {broken[0]} are not finite")
    return weights


def _renamed(weights: Mapping[str, Tensor], folder: Path) -> dict[str, Tensor]:
    """Rename the weights of a BertModel with the published classifiers."""
    renamed = {}
    for name, weight in weights.items():
        if name.startswith(_UNUSED):
            continue
        prefix = next((prefix for prefix in _NEW_PREFIXES if name.startswith(prefix)), None)
        if prefix is None:
            prefixes = ", ".join(_NEW_PREFIXES)
            raise ValueError(must(f"{folder}: the name of each weight", f"begin with one of {prefixes}", repr(name)))
        # Checkpoints of 2019 call a LayerNorm's weight and bias gamma and beta.
        new_name = _NEW_PREFIXES[prefix] + name.removeprefix(prefix)
        renamed[new_name.replace("LayerNorm.gamma", "LayerNorm.weight").replace("LayerNorm.beta", "LayerNorm.bias")] = (
            weight
        )
    for needed in ("entity_classifier.weight", "relation_classifier.weight", "size_embeddings.weight"):
        if needed not in renamed:
            raise ValueError(f"{folder} has no weight for {needed}; is it a checkpoint of the published SpERT?")
    return renamed


def _check_outputs(weights: dict[str, Tensor], config: SpertConfig, folder: Path, types_file: str | Path) -> None:
    """Check that the classifiers have one output per type."""
    entity_outputs = weights["entity_classifier.weight"].shape[0] - 1
    relation_outputs = weights["relation_classifier.weight"].shape[0]
    given = (entity_outputs, relation_outputs)
    listed = (len(config.entity_types), len(config.relation_types))
    if given != listed:
        raise ValueError(
            f"{folder} has outputs for {given[0]} entity and {given[1]} relation types, "
            f"but {types_file} lists {listed[0]} and {listed[1]}"
        )


def save_converted(
    folder: str | Path, types_file: str | Path, output: str | Path, overwrite: bool = False, **settings: Any
) -> Path:
    """Convert a checkpoint and save it with its tokenizer; see [`convert_checkpoint`].

    Args:
        folder: folder of the checkpoint.
        types_file: as in [`convert_checkpoint`].
        output: the folder for the result.
        overwrite: whether to replace an existing model.
        settings: as in [`convert_checkpoint`].

    Raises:
        ValueError: there is a model in `output` and `overwrite` is not set, or another run is writing there; see also
            [`convert_checkpoint`].
    """
    output = Path(output)
    if output.is_file() or (output.exists() and output.samefile(folder)):
        raise ValueError(must_be("output", "another folder than the checkpoint's", output))
    with model_output("output", output, overwrite=overwrite):
        model, tokenizer = convert_checkpoint(folder, types_file, **settings)

        def write(unfinished: Path) -> None:
            model.save_pretrained(unfinished)
            tokenizer.save_pretrained(unfinished)

        write_model(output, write)
    return output
