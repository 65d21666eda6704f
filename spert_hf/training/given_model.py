"""The trainer's `model` argument: an object, or the name of a trained model or of an encoder."""

from collections.abc import Sequence
from dataclasses import replace
from os import PathLike, fspath
from typing import Any, NamedTuple

from transformers import AutoConfig, PreTrainedTokenizerBase

from ..data.documents import Document
from ..encoders import find_encoder
from ..model.configuration_spert import SpertConfig
from ..model.hub import find_tokenizer
from ..model.messages import kind_of, must_be
from ..model.modeling_spert import SpertModel
from ..model.processing_spert import SpertProcessor
from .adapters import adapter_settings
from .arguments import SETTINGS, SpertTrainingArguments
from .continuation import Continuation, TypeChange, changed_reading, joined_signatures, trained_settings

_STARTS = ("encoder", "model", "random_encoder", "random_layers")
"""Settings that say what a run starts from."""


class GivenModel(NamedTuple):
    """A model that is trained in place.

    Args:
        model: the model.
        tokenizer: its tokenizer.
    """

    model: SpertModel
    tokenizer: PreTrainedTokenizerBase


def check_model(model: object, processing_class: object) -> None:
    """Check the types of the arguments.

    Raises:
        TypeError: if one has a wrong type; the message names it.
    """
    if model is not None and not isinstance(model, (SpertModel, str, PathLike)):
        raise TypeError(
            must_be(
                "model",
                "a SpertModel, or the folder or Hub id of a SpERT model or of an encoder",
                kind_of(model),
            )
        )
    if processing_class is None:
        return
    if not isinstance(processing_class, (PreTrainedTokenizerBase, SpertProcessor)):
        allowed = "the model's tokenizer, or a SpertProcessor of it"
        raise TypeError(must_be("processing_class", allowed, kind_of(processing_class)))
    if not isinstance(model, SpertModel):
        raise TypeError("processing_class needs a SpertModel as model; others have their own tokenizer")


def take_model(
    model: SpertModel | str | PathLike[str] | None,
    processing_class: PreTrainedTokenizerBase | SpertProcessor | None,
    arguments: SpertTrainingArguments,
) -> tuple[SpertTrainingArguments, GivenModel | None]:
    """Return the settings with what the run starts from.

    Args:
        model: see [`SpertTrainer`].
        processing_class: the tokenizer or processor of a model that is an object. Default: that of where the model
            came from.
        arguments: all settings.

    Returns:
        The settings, with those of the model, and the model if it is an object.

    Raises:
        ValueError: if settings contradict the model.
    """
    if model is None:
        return arguments, None
    for name in _STARTS:
        default, given = _defaults()[name], getattr(arguments, name)
        if given not in (default, None):
            raise ValueError(must_be(f"args.{name}", "left out with the trainer's model", repr(given)))
    if isinstance(model, SpertModel):
        if isinstance(processing_class, SpertProcessor):
            processing_class = processing_class.tokenizer
        tokenizer = _tokenizer_of(model, arguments) if processing_class is None else processing_class
        return _settings_for_object(arguments, model), GivenModel(model, tokenizer)
    source = fspath(model)
    hub = {"token": arguments.hub_token} if arguments.hub_token else {}
    config = AutoConfig.from_pretrained(find_encoder(source), trust_remote_code=False, **hub)
    if not isinstance(config, SpertConfig):
        return replace(arguments, encoder=source, model=None), None
    return replace(arguments, **trained_settings(config) | _chosen(arguments), encoder=None, model=source), None


def prepare_given(
    given: GivenModel, arguments: SpertTrainingArguments, documents: Sequence[Document]
) -> Continuation | None:
    """Prepare a given model for training: set single precision, the text reading and the type constraints.

    Args:
        given: the model, which is changed in place.
        arguments: all settings.
        documents: all training documents.

    Returns:
        A description of the checkpoint that the model was loaded from, if any.
    """
    model, config = given.model.float(), given.model.config
    config.text_reading = changed_reading(config, arguments.given_reading())
    types: dict[str, Sequence[str]] = {
        name: getattr(config, name) for name in ("entity_types", "relation_types", "symmetric_relation_types")
    }
    config.relation_signatures = joined_signatures(config, arguments, types, documents)
    if not model.name_or_path:
        return None
    entities, relations = (TypeChange.between(types[name], types[name]) for name in ("entity_types", "relation_types"))
    attention = "kept" if model.context_attention is not None else None
    commit = getattr(config, "_commit_hash", None)
    return Continuation(model.name_or_path, commit, None, entities, relations, attention)


def _tokenizer_of(model: SpertModel, arguments: SpertTrainingArguments) -> PreTrainedTokenizerBase:
    try:
        return find_tokenizer(model, arguments.hub_token)
    except ValueError as error:
        raise ValueError(
            must_be("processing_class", "the model's tokenizer, as none is found where the model came from", "none")
        ) from error


def _settings_for_object(arguments: SpertTrainingArguments, model: SpertModel) -> SpertTrainingArguments:
    """Return the settings with those of a model object, which the given settings can't change."""
    own = trained_settings(model.config)
    for name, given in _chosen(arguments).items():
        if name != "learn_signatures" and given != own[name]:
            raise ValueError(must_be(f"args.{name}", f"{own[name]!r}, as the model's config has it", repr(given)))
    if arguments.learn_signatures:
        own["learn_signatures"] = True
    own |= _settings_of_adapters(arguments, model)
    loaded_from = model.name_or_path or None
    config = model.config.encoder_config
    encoder = model.encoder_source[0] or config.name_or_path or config.model_type
    return replace(arguments, **own, model=loaded_from, encoder=None if loaded_from else encoder)


def _settings_of_adapters(arguments: SpertTrainingArguments, model: SpertModel) -> dict[str, Any]:
    """Return the settings of a model's existing adapters, which the given settings can't change."""
    own = adapter_settings(model)
    for name, value in own.items():
        given = getattr(arguments, name)
        if given not in (_defaults()[name], value):
            raise ValueError(must_be(f"args.{name}", f"{value!r}, as the model's adapters have it", repr(given)))
    return own


def _chosen(arguments: SpertTrainingArguments) -> dict[str, Any]:
    """Return the model settings that differ from their defaults; the others are taken from the model."""
    names = (*SpertTrainingArguments.model_settings(arguments), "learn_signatures")
    return {name: getattr(arguments, name) for name in names if getattr(arguments, name) != _defaults()[name]}


def _defaults() -> dict[str, Any]:
    return {name: declared.default for name, declared in SETTINGS.items()}
