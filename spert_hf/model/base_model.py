"""How a model is made and where it goes: from an encoder, from a checkpoint, and to the Hub."""

import warnings
from collections.abc import Callable
from typing import Any, TypeVar, cast

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, PreTrainedModel, PreTrainedTokenizerBase

from .configuration_spert import SpertConfig
from .encoder_checks import check_encoder
from .encoders import check_encoder_config, encoder_of, first_position, reason_against, use_full_attention
from .encoding import DEFAULT_RUNTIME, EncodingMixin
from .hub import WholeCheckpoint, find_tokenizer
from .loading import load_checked
from .messages import must_be
from .processing_spert import LETTER_CASES

Model = TypeVar("Model", bound="SpertPreTrainedModel")

_IN_SINGLE_PRECISION = ["entity_classifier", "relation_classifier", "context_attention", "size_embeddings"]
"""Modules that stay so in half precision: only the encoder gains speed, but scores would lose all but a few digits. (A
list, as transformers 5.0 passes over anything else.)"""


class SpertPreTrainedModel(EncodingMixin, PreTrainedModel):
    """The factories of [`SpertModel`], and its upload."""

    config_class = SpertConfig
    config: SpertConfig
    base_model_prefix = ""
    main_input_name = "input_ids"
    supports_gradient_checkpointing = True
    _keep_in_fp32_modules_strict = _IN_SINGLE_PRECISION
    _supports_sdpa = True
    _supports_flash_attn = True
    _supports_flex_attn = True
    _supports_attention_backend = True
    encoder_source: tuple[str, dict[str, Any]] = ("", {})
    find_encoder: Callable[[str], str] = staticmethod(str)
    """Says from where [`SpertModel.from_encoder`] loads an encoder; the package has it look among packages, too."""

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: Any, *model_args: Any, **kwargs: Any) -> Any:
        """Load a checkpoint as any model of transformers, but only a sound one; see [`load_checked`]."""
        return load_checked(super().from_pretrained, cls, pretrained_model_name_or_path, *model_args, **kwargs)

    @classmethod
    def from_encoder(
        cls: type[Model],
        encoder: str,
        *,
        config: SpertConfig | None = None,
        hub_kwargs: dict[str, Any] | None = None,
        **settings: Any,
    ) -> Model:
        """Make a model with a pretrained encoder and fresh classifiers.

        Args:
            encoder: folder or Hub id of any encoder that `AutoModel` loads, or of an encoder-decoder model, of which
                the encoder is taken; docs/encoders.md has a table of the families.
            config: a ready config; by default one is made of the encoder's config and `settings`.
            hub_kwargs: passed on to `AutoConfig` and `AutoModel` (`token`, `revision`, `cache_dir`, …).
            settings: arguments of [`SpertConfig`], such as `entity_types` and `relation_types`.

        Raises:
            ValueError: if the model is not an encoder, or its weights cannot be read or are not all there. A few
                sub-words are computed to find out what its config does not tell.
        """
        hub_kwargs = hub_kwargs or {}
        name = encoder
        if not hub_kwargs.get("revision"):  # elsewhere than on the Hub there is but one
            encoder = cls.find_encoder(encoder)
        if config is None:
            encoder_config = AutoConfig.from_pretrained(encoder, **hub_kwargs)
            if encoder_config.model_type == SpertConfig.model_type:
                raise ValueError(must_be("encoder", "a model that is only an encoder", f"{name}, a SpERT model"))
            config = SpertConfig(encoder_config=encoder_config, **settings)
            if encoder != name:  # what it is called everywhere
                config.encoder_config.name_or_path = name
        check_encoder_config(name, config.encoder_config)
        model = cls(config)
        # Classifiers are trained in single precision, so the encoder is too, whatever its weights were stored in.
        loaded = _without_pooler(load_encoder, encoder, config=config.encoder_config, dtype=torch.float32, **hub_kwargs)
        model.encoder = loaded
        model.set_runtime(DEFAULT_RUNTIME)
        model.encoder_source = (encoder, hub_kwargs)
        check_encoder(name, model)
        return model

    def push_to_hub(  # type: ignore[override]
        self,
        repo_id: str,
        *,
        tokenizer: PreTrainedTokenizerBase | None = None,
        tags: str | list[str] | None = None,
        **upload: Any,
    ) -> Any:
        """Upload all that is needed to use the model: weights, config, code, tokenizer and a card, in one commit.

        Args:
            repo_id: repository on the Hub; made if it does not exist.
            tokenizer: the model's. By default it is loaded from where the model came from: the folder or repository
                given to `from_pretrained`, or the encoder given to `from_encoder`.
            tags: more tags for the card.
            upload: as transformers' `push_to_hub` takes them: `commit_message`, `commit_description`, `private`,
                `token`, `revision` (a branch), `create_pr`, `max_shard_size`.

        Raises:
            ValueError: if no tokenizer is given and none is found; nothing is uploaded then.
        """
        if tokenizer is None:
            tokenizer = find_tokenizer(self, upload.get("token"))
        own_tags = [tags] if isinstance(tags, str) else tags or []
        whole = WholeCheckpoint(self, tokenizer, [*(self.model_tags or []), *own_tags])
        return whole.push_to_hub(repo_id, **{"commit_message": f"Upload {type(self).__name__}", **upload})


def usable_sequence_length(encoder: PreTrainedModel) -> int | None:
    """How many sub-words the encoder takes, special ones included; `None` if its positions set no limit."""
    names = ("max_position_embeddings", "max_encoder_position_embeddings")
    positions = next((getattr(encoder.config, name) for name in names if hasattr(encoder.config, name)), None)
    if not isinstance(positions, int) or positions <= 0:
        return None
    return positions - first_position(encoder)


def make_letter_case_embeddings(config: SpertConfig, encoder: PreTrainedModel) -> nn.Embedding | None:
    """Make embeddings of letter cases, as wide as those of sub-words; `None` for a model without them."""
    if not config.letter_case_embeddings:
        return None
    return nn.Embedding(len(LETTER_CASES), cast(Tensor, encoder.get_input_embeddings().weight).shape[1])


def load_encoder(source: str, **kwargs: Any) -> PreTrainedModel:
    """Load an encoder with all of its weights; transformers would make up those that are missing, and warn at most.

    Of a model with an encoder and a decoder, the weights of the encoder do, and it alone is given.

    Args:
        source: Its folder or its name on the Hub.
        kwargs: Passed on to `AutoModel.from_pretrained`.

    Raises:
        ValueError: Weights are missing, of other shapes than its config says, or can't be read.
        OSError: There is no such encoder.
    """
    try:
        encoder, report = AutoModel.from_pretrained(
            source, output_loading_info=True, **{**kwargs, "ignore_mismatched_sizes": True}
        )
    except (ImportError, OSError, TypeError, ValueError):
        raise
    except Exception as error:  # safetensors has an error of its own, and it names no file
        raise ValueError(f"encoder: the weights of {source} can't be read: {error}") from error
    own = encoder_of(encoder, encoder.config)
    unused = ("decoder.",) if own is not encoder else ()
    missing = sorted(name for name in report["missing_keys"] if "pooler" not in name and not name.startswith(unused))
    if missing:
        raise ValueError(
            f"encoder: {source} lacks {len(missing)} weights of a {type(encoder).__name__}, such as {missing[0]}; "
            "name an encoder that has all of them"
        )
    for name, stored, expected in sorted(report["mismatched_keys"]):
        raise ValueError(
            f"encoder: {name} of {source} must be of shape {tuple(expected)}, as its config says, got {tuple(stored)}"
        )
    return own


def make_encoder(config: SpertConfig) -> PreTrainedModel:
    """Make an encoder with fresh weights; the config gets to know how many sub-words it takes."""
    own = config.encoder_config
    if reason := reason_against(own):  # an old checkpoint's, perhaps: what is made anew is refused
        warnings.warn(f"encoder: of type {own.model_type}, {reason}", stacklevel=3)
    use_full_attention(own)
    encoder = encoder_of(_without_pooler(AutoModel.from_config, own), own)
    if config.max_sequence_length is None:
        config.max_sequence_length = usable_sequence_length(encoder)
    return encoder


def _without_pooler(make: Any, *args: Any, **kwargs: Any) -> PreTrainedModel:
    """Make an encoder; SpERT uses no pooler, and weights without a gradient would hinder distributed training."""
    try:
        model: PreTrainedModel = make(*args, add_pooling_layer=False, **kwargs)
    except TypeError:  # this encoder has no such layer
        model = make(*args, **kwargs)
    return model
