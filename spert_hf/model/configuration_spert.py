"""SpertConfig: the encoder's own config, the types, and the settings that the paper varies."""

from pathlib import Path
from typing import Any

from transformers import AutoConfig, PreTrainedConfig
from transformers.pipelines import PIPELINE_REGISTRY

SPAN_POOLINGS = ("max", "mean", "sum")
RELATION_CONTEXTS = ("between", "sentence", "cls")

# Where a saved checkpoint's own code is, for whoever loads it without the package that wrote it.
TASK = "spert-extraction"
CODE_OF_CLASSES = {"AutoConfig": "configuration_spert.SpertConfig", "AutoModel": "modeling_spert.SpertModel"}
CODE_OF_PIPELINE = {"impl": "pipeline_spert.SpertPipeline", "pt": ["AutoModel"], "type": "text"}


class SpertConfig(PreTrainedConfig):
    """Settings of a [`SpertModel`]; the defaults are those of the paper (Eberts & Ulges, ECAI 2020).

    Args:
        encoder_config: the config of the encoder, as an object or as a `dict` with a `model_type`. Default: BERT-base.
        entity_types: names of the entity types. Logit 0 stands for *none*, logit `i + 1` for `entity_types[i]`.
        relation_types: names of the relation types, in the order of the logits. May be empty: entities only.
        symmetric_relation_types: those of `relation_types` that have no direction.
        max_span_size: longest span that is scored, in tokens (words).
        span_pooling: how the sub-words of a span become one vector: `"max"`, `"mean"` or `"sum"`.
        relation_context: what stands for the context of a pair: the sub-words `"between"` the two spans, all sub-words
            of the `"sentence"`, or the encoder's first position, `"cls"`. The first two are pooled as spans are.
        size_embedding_dim: width of the embedding of a span's number of tokens; 0 leaves it out.
        size_embedding_count: rows of that embedding; longer spans use its last row.
        classifier_dropout: dropout on the inputs of both classifiers.
        relation_threshold: lowest score (sigmoid) at which a relation is predicted.
        max_sequence_length: most sub-words that the encoder takes, its special ones included. `None`: found out from
            the encoder when the model is made.
        initializer_range: standard deviation of the classifiers' and size embedding's initial weights.

    Raises:
        ValueError: if a setting is not among the allowed values.
    """

    model_type = "spert"
    sub_configs = {"encoder_config": AutoConfig}  # noqa: RUF012 - transformers' own form of this attribute

    def __init__(
        self,
        encoder_config: PreTrainedConfig | dict[str, Any] | None = None,
        entity_types: list[str] | tuple[str, ...] = ("Entity",),
        relation_types: list[str] | tuple[str, ...] = (),
        symmetric_relation_types: list[str] | tuple[str, ...] = (),
        max_span_size: int = 10,
        span_pooling: str = "max",
        relation_context: str = "between",
        size_embedding_dim: int = 25,
        size_embedding_count: int = 100,
        classifier_dropout: float = 0.1,
        relation_threshold: float = 0.4,
        max_sequence_length: int | None = None,
        initializer_range: float = 0.02,
        **kwargs: Any,
    ) -> None:
        self.encoder_config = _as_config(encoder_config)
        if Path(self.encoder_config.name_or_path or "").is_dir():
            # A folder here means nothing elsewhere, and would tell of this machine in every checkpoint.
            self.encoder_config.name_or_path = ""
        self.entity_types = _as_names("entity_types", entity_types, least=1)
        self.relation_types = _as_names("relation_types", relation_types)
        self.symmetric_relation_types = _as_names("symmetric_relation_types", symmetric_relation_types)
        self.max_span_size = max_span_size
        self.span_pooling = span_pooling
        self.relation_context = relation_context
        self.size_embedding_dim = size_embedding_dim
        self.size_embedding_count = size_embedding_count
        self.classifier_dropout = classifier_dropout
        self.relation_threshold = relation_threshold
        self.max_sequence_length = max_sequence_length
        self.initializer_range = initializer_range
        self._check_settings()
        kwargs.pop("custom_pipelines", None)  # see the property
        kwargs.setdefault("auto_map", dict(CODE_OF_CLASSES))
        super().__init__(**kwargs)

    def _check_settings(self) -> None:
        _check_choice("span_pooling", self.span_pooling, SPAN_POOLINGS)
        _check_choice("relation_context", self.relation_context, RELATION_CONTEXTS)
        _check_whole_number("max_span_size", self.max_span_size, 1, 1_000)
        _check_whole_number("size_embedding_dim", self.size_embedding_dim, 0, 10_000)
        _check_whole_number("size_embedding_count", self.size_embedding_count, 2, 10_000)
        if self.max_sequence_length is not None:
            _check_whole_number("max_sequence_length", self.max_sequence_length, 4, 10_000_000)
        _check_fraction("classifier_dropout", self.classifier_dropout)
        _check_fraction("relation_threshold", self.relation_threshold)
        unknown = [name for name in self.symmetric_relation_types if name not in self.relation_types]
        if unknown:
            raise ValueError(f"symmetric_relation_types: {unknown} not among relation_types {self.relation_types}")

    @property
    def custom_pipelines(self) -> dict[str, dict[str, Any]]:
        """The pipeline in the checkpoint's own code; empty where transformers has one by that name already.

        `transformers.pipeline` runs a checkpoint's code, and asks for `trust_remote_code`, as soon as it sees this.
        Saved configs always have it.
        """
        return {} if TASK in PIPELINE_REGISTRY.get_supported_tasks() else _code_of_pipelines()

    @custom_pipelines.setter
    def custom_pipelines(self, value: object) -> None:
        """Do nothing: `Pipeline.save_pretrained` sets what saving writes anyway, on a config that is still in use."""

    def to_dict(self) -> dict[str, Any]:
        """Give all settings as plain JSON, with the places of the code that belongs to them."""
        return super().to_dict() | {"custom_pipelines": _code_of_pipelines()}

    @property
    def hidden_size(self) -> int:
        """Width of the encoder's hidden states."""
        return self.encoder_config.hidden_size


def _code_of_pipelines() -> dict[str, dict[str, Any]]:
    """As `custom_pipelines` has it in a config; made anew each time, for transformers writes into what it gets."""
    return {TASK: {**CODE_OF_PIPELINE, "pt": list(CODE_OF_PIPELINE["pt"])}}


def _as_config(encoder_config: PreTrainedConfig | dict[str, Any] | None) -> PreTrainedConfig:
    if isinstance(encoder_config, PreTrainedConfig):
        return encoder_config
    settings = dict(encoder_config or {"model_type": "bert"})
    model_type = settings.pop("model_type", None)
    if model_type is None:
        raise ValueError("encoder_config: has no model_type, so its class can't be found")
    return AutoConfig.for_model(model_type, **settings)


def _as_names(field: str, names: list[str] | tuple[str, ...], least: int = 0) -> list[str]:
    if isinstance(names, str) or not all(isinstance(name, str) and name for name in names):
        raise ValueError(f"{field}: given {names!r}, allowed a list of non-empty names")
    if len(set(names)) != len(names):
        raise ValueError(f"{field}: given {list(names)!r}, allowed each name once")
    if len(names) < least:
        raise ValueError(f"{field}: given {list(names)!r}, allowed at least {least} name")
    return list(names)


def _check_choice(field: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{field}: given {value!r}, allowed {', '.join(map(repr, allowed))}")


def _check_whole_number(field: str, value: object, least: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"{field}: given {value!r}, allowed a whole number from {least} to {most}")


def _check_fraction(field: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise ValueError(f"{field}: given {value!r}, allowed a number from 0 to 1")
