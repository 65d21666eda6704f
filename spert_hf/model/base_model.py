"""Creation of a model from an encoder or a checkpoint, and upload to the Hub."""

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
from .subwords import LETTER_CASES

Model = TypeVar("Model", bound="SpertPreTrainedModel")

_IN_SINGLE_PRECISION = ["entity_classifier", "relation_classifier", "context_attention", "size_embeddings"]
"""Modules that stay in single precision in a half-precision model: only the encoder would gain speed, and scores would
lose most of their digits. (A list, as transformers 5.0 ignores other types.)"""


class SpertPreTrainedModel(EncodingMixin, PreTrainedModel):
    """Methods of [`SpertModel`] for creation, loading and upload."""

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
    """Locates the encoder for [`SpertModel.from_encoder`]; the package also finds encoders in Python packages."""

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: Any, *model_args: Any, **kwargs: Any) -> Any:
        """Load a checkpoint like any model in transformers, after validating it; see [`load_checked`]."""
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
        """Create a model with a pre-trained encoder and newly initialized classifiers.

        Args:
            encoder (`str`): folder or Hub id of any encoder that `AutoModel` loads, or of an encoder-decoder model,
                whose encoder is used; docs/encoders.md lists the families.
            config ([`SpertConfig`], *optional*): the config; by default it is made from the encoder's config and
                `settings`.
            hub_kwargs (`dict`, *optional*): arguments of `AutoConfig` and `AutoModel` (`token`, `revision`,
                `cache_dir`, …).
            settings: arguments of [`SpertConfig`], such as `entity_types` and `relation_types`.

        Returns:
            [`SpertModel`]: the model.

        Raises:
            ValueError: the model is not an encoder, or its weights can't be read or are incomplete. The encoder is run
                on a few sub-words to check what its config does not say.
        """
        hub_kwargs = hub_kwargs or {}
        name = encoder
        if not hub_kwargs.get("revision"):  # only the Hub has revisions
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
        """Upload everything needed to use the model in one commit: weights, config, code, tokenizer and a model card.

        Args:
            repo_id (`str`): repository on the Hub; created if it does not exist.
            tokenizer (`PreTrainedTokenizerBase`, *optional*): the model's tokenizer. By default it is loaded from the
                folder or repository given to `from_pretrained`, or from the encoder given to `from_encoder`.
            tags (`Iterable[str]`, *optional*): additional tags for the card.
            upload: arguments of `push_to_hub` in transformers: `commit_message`, `commit_description`, `private`,
                `token`, `revision` (a branch), `create_pr`, `max_shard_size`.

        Raises:
            ValueError: no tokenizer is given and none is found; nothing is uploaded.
        """
        if tokenizer is None:
            tokenizer = find_tokenizer(self, upload.get("token"))
        own_tags = [tags] if isinstance(tags, str) else tags or []
        whole = WholeCheckpoint(self, tokenizer, [*(self.model_tags or []), *own_tags])
        return whole.push_to_hub(repo_id, **{"commit_message": f"Upload {type(self).__name__}", **upload})


def usable_sequence_length(encoder: PreTrainedModel) -> int | None:
    """Return the encoder's maximum sequence length, including special tokens; `None` if its positions set no limit."""
    names = ("max_position_embeddings", "max_encoder_position_embeddings")
    positions = next((getattr(encoder.config, name) for name in names if hasattr(encoder.config, name)), None)
    if not isinstance(positions, int) or positions <= 0:
        return None
    return positions - first_position(encoder)


def make_letter_case_embeddings(config: SpertConfig, encoder: PreTrainedModel) -> nn.Embedding | None:
    """Make letter-case embeddings, as wide as those of sub-words; `None` for a model without them."""
    if not config.letter_case_embeddings:
        return None
    return nn.Embedding(len(LETTER_CASES), cast(Tensor, encoder.get_input_embeddings().weight).shape[1])


def load_encoder(source: str, **kwargs: Any) -> PreTrainedModel:
    """Load an encoder with all of its weights; transformers would initialize missing ones, with a warning at most.

    Args:
        source: folder or Hub id of the encoder, or of an encoder-decoder model, of which only the encoder is needed.
        kwargs: arguments of `AutoModel.from_pretrained`.

    Returns:
        The encoder.

    Raises:
        ValueError: weights are missing, can't be read, or have other shapes than the config requires.
        OSError: there is no such encoder.
    """
    try:
        encoder, report = AutoModel.from_pretrained(
            source, output_loading_info=True, **{**kwargs, "ignore_mismatched_sizes": True}
        )
    except (ImportError, OSError, TypeError, ValueError):
        raise
    except Exception as error:  # including the error class of safetensors, which does not name the file
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
    """Make a randomly initialized encoder, and set the maximum sequence length in the config."""
    own = config.encoder_config
    if reason := reason_against(own):  # perhaps of an old checkpoint: new models are refused earlier
        warnings.warn(f"encoder: of type {own.model_type}, {reason}", stacklevel=3)
    use_full_attention(own)
    encoder = encoder_of(_without_pooler(AutoModel.from_config, own), own)
    if config.max_sequence_length is None:
        config.max_sequence_length = usable_sequence_length(encoder)
    return encoder


def _without_pooler(make: Any, *args: Any, **kwargs: Any) -> PreTrainedModel:
    """Make an encoder without a pooler: SpERT uses none, and unused weights would break distributed training."""
    try:
        model: PreTrainedModel = make(*args, add_pooling_layer=False, **kwargs)
    except TypeError:  # this encoder has no such layer
        model = make(*args, **kwargs)
    return model
