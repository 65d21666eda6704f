"""Which models of transformers can be SpERT's encoder, and what some of them need to give what they give alone."""

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
"""Model types of which the encoder is taken, without the decoder."""

COMPUTED_ALONE = frozenset({"convbert", "fnet", "funnel", "yoso"})
"""Model types in which padding has a part in what words get: their sequences are computed one at a time."""

REFUSED = {
    "canine": "which reads characters, and has no tokenizer that gives sub-words",
    "mra": "whose attention needs a kernel that transformers has for GPUs alone, and is zero without it",
    "nystromformer": "which takes sequences of one length only",
    "perceiver": "which takes no sub-words but what a preprocessor makes of them",
    "reformer": "whose attention is drawn at random, so that a text has another result each time",
}
"""Model types that can't be an encoder, and why not."""

# They have a head for causal language models, but see what follows, unless their config says otherwise.
_NOT_CAUSAL = frozenset({"bert-generation", "xlnet"})

ALLOWED = "an encoder such as BERT, or a model with one, such as T5 and BART"


def reason_against(config: PreTrainedConfig) -> str | None:
    """Why a model can't be SpERT's encoder, as far as its config tells; `None` if nothing speaks against it."""
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
    """Refuse what can't be an encoder, before its weights are read.

    Args:
        source: what the message names.
        config: of the encoder to be.

    Raises:
        ValueError: saying why not, and what is allowed.
    """
    reason = reason_against(config)
    if reason is not None:
        raise ValueError(must_be("encoder", ALLOWED, f"{shown(source)}, of type {config.model_type}, {reason}"))


def is_causal(config: PreTrainedConfig) -> bool:
    """Whether a config says that its model is causal: by a setting, or by what transformers has the model type for."""
    # Reading a config must not wait for the models, nor be in the way of their import.
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
    """Width of an encoder's hidden states; `None` where its config does not say."""
    own = config.encoder if config.model_type in ENCODER_DECODERS and hasattr(config, "encoder") else config
    width = getattr(own, "hidden_size", None)
    return width if isinstance(width, int) else None


def encoder_of(model: "PreTrainedModel", config: PreTrainedConfig) -> "PreTrainedModel":
    """What of a model is SpERT's encoder: all of it, or an encoder-decoder's encoder.

    Raises:
        ValueError: if it is an encoder-decoder whose encoder is not known.
    """
    if config.model_type in ENCODER_DECODERS:
        encoder: PreTrainedModel = model.get_encoder()
        return encoder
    if config.is_encoder_decoder:
        raise ValueError(must_be("encoder", ALLOWED, f"{type(model).__name__}, {reason_against(config)}"))
    return model


def use_full_attention(config: PreTrainedConfig) -> None:
    """Have BigBird and its kin attend to all of a sequence.

    By themselves they do so for good from their first short sequence on: what a text gets would depend on those before.
    """
    if getattr(config, "attention_type", None) == "block_sparse":
        config.attention_type = "original_full"  # type: ignore[attr-defined]


def is_computed_alone(encoder: nn.Module) -> bool:
    """Whether an encoder's sequences are computed one at a time, without padding; see [`COMPUTED_ALONE`]."""
    config: Any = getattr(encoder, "config", None)
    return getattr(config, "model_type", None) in COMPUTED_ALONE


def first_position(encoder: nn.Module) -> int:
    """Id of an encoder's first position: RoBERTa and its kin count from behind the index of padding."""
    table = getattr(getattr(encoder, "embeddings", None), "position_embeddings", None)
    padding: int | None = getattr(table, "padding_idx", None)
    return 0 if padding is None else padding + 1
