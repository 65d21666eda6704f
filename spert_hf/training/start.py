"""The start of a run: a pretrained encoder with fresh classifiers, or a trained model to continue from."""

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

from transformers import AutoConfig, AutoTokenizer, PreTrainedTokenizerBase

from ..data.documents import Document
from ..data.schema import TypeSchema
from ..data.signatures import find_signatures
from ..encoders import find_encoder
from ..model.base_model import load_encoder
from ..model.configuration_spert import SpertConfig
from ..model.encoder_checks import check_encoder
from ..model.encoders import check_encoder_config
from ..model.modeling_spert import SpertModel
from ..model.text_reader import TextReader
from .adapters import add_adapters, has_adapters
from .arguments import SpertTrainingArguments
from .continuation import Continuation, load_trained
from .given_model import GivenModel, prepare_given
from .reading_choice import ReadingChoice, choose_reading


class Start(NamedTuple):
    """What a run starts from.

    Args:
        tokenizer: the model's tokenizer.
        model: the model with its initial weights, in single precision.
        reading: how the model reads text, and why.
        continuation: a description of the trained model that the run continues from, if any.
    """

    tokenizer: PreTrainedTokenizerBase
    model: SpertModel
    reading: ReadingChoice
    continuation: Continuation | None


def make_start(
    arguments: SpertTrainingArguments,
    schema: TypeSchema,
    documents: Sequence[Document],
    given: GivenModel | None = None,
) -> Start:
    """Make the model to train.

    Args:
        arguments: all settings.
        schema: the types of the data.
        documents: all training documents.
        given: a model object, in place of one that the settings name.

    Raises:
        ValueError: if the settings name no encoder or trained model, or do not fit it.
        CheckpointError: if the trained model is damaged.
    """
    types: dict[str, Sequence[str]] = {
        "entity_types": schema.entity_names,
        "relation_types": schema.relation_names,
        "symmetric_relation_types": schema.symmetric_relation_names,
    }
    if given is not None:
        continuation = prepare_given(given, arguments, documents)
        start = Start(given.tokenizer, given.model, _kept_reading(given.model, arguments), continuation)
        TextReader(start.reading.reading, given.tokenizer)  # raises if the given reading does not work
    elif arguments.model is not None:
        tokenizer, model, continuation = load_trained(arguments, types, documents)
        start = Start(tokenizer, model, _kept_reading(model, arguments), continuation)
        TextReader(start.reading.reading, tokenizer)  # raises if the given reading does not work
    else:
        start = _from_encoder(arguments, types, documents)
    if arguments.freeze_embeddings:
        start.model.encoder.get_input_embeddings().requires_grad_(False)
    if arguments.gradient_checkpointing:
        start.model.gradient_checkpointing_enable()
    return (
        start._replace(model=add_adapters(start.model, arguments))
        if arguments.lora_r and not has_adapters(start.model)
        else start
    )


def _kept_reading(model: SpertModel, arguments: SpertTrainingArguments) -> ReadingChoice:
    """Return how a trained model reads text, without choosing anew."""
    unchosen = "as given" if arguments.given_reading() else "as in the model that the run continues from"
    return ReadingChoice(model.config.text_reading, {}, None, unchosen)


def _from_encoder(
    arguments: SpertTrainingArguments, types: dict[str, Sequence[str]], documents: Sequence[Document]
) -> Start:
    """Load the encoder and its tokenizer, put fresh classifiers on top, and choose how text is read."""
    encoder = cast(str, arguments.encoder)
    source = find_encoder(encoder)
    hub = {"token": arguments.hub_token} if arguments.hub_token else {}
    encoder_config = AutoConfig.from_pretrained(source, **hub)
    if isinstance(encoder_config, SpertConfig):
        raise ValueError(f"encoder: {encoder} is a SpERT model; pass it as --model to continue training from it")
    tokenizer = AutoTokenizer.from_pretrained(source, **hub)
    reading = choose_reading(documents, tokenizer, arguments.given_reading())
    settings: dict[str, Any] = {**types, **arguments.model_settings(), "text_reading": reading.reading}
    if arguments.learn_signatures:
        settings["relation_signatures"] = find_signatures(documents, types["relation_types"])
    if arguments.random_encoder or arguments.random_layers:
        check_encoder_config(encoder, encoder_config)
        model = SpertModel(SpertConfig(encoder_config=encoder_config, **settings)).float()  # as from_encoder's is
        if arguments.random_layers:
            pretrained = load_encoder(source, **hub).get_input_embeddings()
            model.encoder.get_input_embeddings().load_state_dict(pretrained.state_dict())
        check_encoder(encoder, model)
    else:
        model = SpertModel.from_encoder(source, hub_kwargs=hub, **settings)
    if source != encoder:
        model.config.encoder_config.name_or_path = encoder
    return Start(tokenizer, model, reading, None)
