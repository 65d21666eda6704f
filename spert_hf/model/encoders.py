"""Models that can be used as encoders, and special cases of some of them."""

from typing import TYPE_CHECKING, Any

from torch import nn
from transformers import PreTrainedConfig

from .messages import must_be
from .setting_checks import shown

if TYPE_CHECKING:
    from transformers import PreTrainedModel  # configs are read in the middle of its import

ENCODER_DECODERS = frozenset(
    {
        *("bart", "bigbird_pegasus", "blenderbot", "blenderbot-small", "led", "longt5", "m2m_100", "marian", "mbart"),
        *("mt5", "mvp", "nllb-moe", "pegasus", "pegasus_x", "plbart", "prophetnet", "switch_transformers", "t5"),
        *("t5gemma", "umt5"),
    }
)
"""Encoder-decoder model types, of which only the encoder is used."""

COMPUTED_ALONE = frozenset({"convbert", "fnet", "funnel", "yoso"})
"""Model types in which padding affects the hidden states of words; their sequences are computed one at a time."""

REFUSED = {
    "canine": "which reads characters, and has no tokenizer that gives sub-words",
    "mra": "whose attention needs a kernel that transformers has for GPUs alone, and is zero without it",
    "nystromformer": "which takes sequences of one length only",
    "perceiver": "which takes no sub-words but what a preprocessor makes of them",
    "reformer": "whose attention is drawn at random, so that a text has another result each time",
}
"""Model types that can't be used as encoders, and the reason."""

# They have a head for causal language models, but see what follows, unless their config says otherwise.
_NOT_CAUSAL = frozenset({"bert-generation", "xlnet"})

ALLOWED = "an encoder such as BERT, or a model with one, such as T5 and BART"


def reason_against(config: PreTrainedConfig) -> str | None:
    """Return the reason in its config why a model can't be used as an encoder; `None` if there is none."""
    model_type = config.model_type
    if model_type in REFUSED:
        return REFUSED[model_type]
    if model_type in ENCODER_DECODERS:
        return None
    if config.is_encoder_decoder:
        return "an encoder-decoder model whose encoder is not known to read sub-words"
    if is_causal(config):
        return "a causal model (a decoder), in which no sub-word sees those that follow it"
    if width_of(config) is None:
        return "which has no hidden_size, so it is not known to read sub-words"
    return None


def check_encoder_config(source: str, config: PreTrainedConfig) -> None:
    """Refuse models that can't be used as encoders before their weights are read.

    Args:
        source: name of the model in the message.
        config: the model's config.

    Raises:
        ValueError: the model can't be used; the message states the reason and what is allowed.
    """
    reason = reason_against(config)
    if reason is not None:
        raise ValueError(must_be("encoder", ALLOWED, f"{shown(source)}, of type {config.model_type}, {reason}"))


def is_causal(config: PreTrainedConfig) -> bool:
    """Whether a model is causal, according to a setting in its config or the model classes of its type."""
    # Imported here, as reading a config should not import the models.
    from transformers.models.auto.modeling_auto import (
        MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
        MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    )

    if getattr(config, "is_decoder", False):
        return True
    sees_all = getattr(config, "use_bidirectional_attention", False) is True or not getattr(config, "is_causal", True)
    model_type = config.model_type
    return (
        model_type in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
        and model_type not in MODEL_FOR_MASKED_LM_MAPPING_NAMES
        and model_type not in _NOT_CAUSAL
        and not sees_all
    )


def width_of(config: PreTrainedConfig) -> int | None:
    """Return the dimension of an encoder's hidden states; `None` if its config does not have it."""
    own = config.encoder if config.model_type in ENCODER_DECODERS and hasattr(config, "encoder") else config
    width = getattr(own, "hidden_size", None)
    return width if isinstance(width, int) else None


def encoder_of(model: "PreTrainedModel", config: PreTrainedConfig) -> "PreTrainedModel":
    """Return the encoder of a model: the model itself, or the encoder of an encoder-decoder model.

    Raises:
        ValueError: it is an unsupported encoder-decoder model.
    """
    if config.model_type in ENCODER_DECODERS:
        encoder: PreTrainedModel = model.get_encoder()
        return encoder
    if config.is_encoder_decoder:
        raise ValueError(must_be("encoder", ALLOWED, f"{type(model).__name__}, {reason_against(config)}"))
    return model


def use_full_attention(config: PreTrainedConfig) -> None:
    """Set BigBird and similar models to full attention.

    By default, they switch to it permanently at the first short sequence, so results would depend on previous texts.
    """
    if getattr(config, "attention_type", None) == "block_sparse":
        config.attention_type = "original_full"  # type: ignore[attr-defined]


def is_computed_alone(encoder: nn.Module) -> bool:
    """Whether an encoder computes sequences one at a time, without padding; see [`COMPUTED_ALONE`]."""
    config: Any = getattr(encoder, "config", None)
    return getattr(config, "model_type", None) in COMPUTED_ALONE


def first_position(encoder: nn.Module) -> int:
    """Return the first position id of an encoder: in RoBERTa and similar models, it follows the padding index."""
    table = getattr(getattr(encoder, "embeddings", None), "position_embeddings", None)
    padding: int | None = getattr(table, "padding_idx", None)
    return 0 if padding is None else padding + 1
