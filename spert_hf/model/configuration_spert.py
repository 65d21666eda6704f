"""SpertConfig: the encoder's own config, the types, and the settings that the paper varies."""

from .versions import LOWEST_TRANSFORMERS  # noqa: F401 - before what an old transformers does not have

# isort: split
import inspect
from pathlib import Path
from typing import Any

from transformers import CONFIG_MAPPING, AutoConfig, PreTrainedConfig

from .encoders import width_of
from .messages import must_be
from .setting_checks import (
    check_choice,
    check_dtype,
    check_encoder_settings,
    check_keys,
    check_names,
    check_signatures,
    shown,
)
from .settings import ConfigSettings, describe_settings, settings_of
from .text_reading import FIRST_READING, TextReading

_NAMED_FOR_TRANSFORMERS = """
from .abbreviations import *
from .choices import *
from .languages import *
"""
"""Read by transformers, which copies with a file what lines like these in its text name. Before 5.16 it copies, of a
folder, nothing that those files name in turn."""

# The code in a saved checkpoint, for loading it without this package.
TASK = "spert-extraction"
CODE_OF_CLASSES = {"AutoConfig": "configuration_spert.SpertConfig", "AutoModel": "modeling_spert.SpertModel"}
CODE_OF_PIPELINE = {"impl": "pipeline_spert.SpertPipeline", "pt": ["AutoModel"], "type": "text"}

_NAMES_OF_NONE = ("none", "O", "LABEL_0")
"""Names for *none* in `id2label`: the first that is not an entity type is used."""

# Required in a file, as a default would describe another model.
_NEEDED_IN_FILES = ("encoder_config", "entity_types", "relation_types")
# Other settings in files that transformers writes or reads.
_OF_TRANSFORMERS = {"auto_map", "custom_pipelines", "torch_dtype", "name_or_path", "_name_or_path", "_commit_hash"}
# Settings that transformers adds when it loads a file.
_FOR_LOADING = {"attn_implementation", "experts_implementation", "num_labels"}
# Settings of an encoder that are ignored in a SpERT checkpoint. Custom code and kernels from the Hub are never run;
# heads, which SpERT does not use, would only cost memory.
_NOT_TAKEN_FROM_FILES = (
    *("auto_map", "attn_implementation", "experts_implementation", "kernel_config", "fusion_config"),
    *("quantization_config", "num_labels", "id2label", "label2id"),
)


_SETTINGS = settings_of(ConfigSettings)


class SpertConfig(PreTrainedConfig, ConfigSettings):
    """Configuration of a [`SpertModel`]; the defaults are those of the paper (Eberts & Ulges, ECAI 2020).

    Args:
        encoder_config (`PreTrainedConfig` or `dict`, *optional*): the config of the encoder, or a `dict` with a
            `model_type`. Default: BERT-base.
        entity_types (`list[str]`): the entity types. Logit 0 is *none*, logit `i + 1` is `entity_types[i]`.
        relation_types (`list[str]`): the relation types, in the order of the logits. Empty: entities only.
        symmetric_relation_types (`list[str]`): those of `relation_types` without a direction.
        relation_signatures (`dict`, *optional*): type constraints: for each relation type, the allowed pairs of entity
            types of head and tail. A relation type without an entry may have any.
        text_reading ([`TextReading`] or `dict`, *optional*): how raw text is split into words and sequences. Default:
            the defaults of [`TextReading`]; for a config file without it, the rules of the first version.
        settings: those declared by [`ConfigSettings`], such as `max_span_size`, and those of `PreTrainedConfig`.

    Raises:
        ValueError: a setting is invalid.
    """

    model_type = "spert"
    sub_configs = {"encoder_config": AutoConfig}  # noqa: RUF012 - transformers' own form of this attribute

    def __init__(
        self,
        encoder_config: PreTrainedConfig | dict[str, Any] | None = None,
        entity_types: list[str] | tuple[str, ...] = ("Entity",),
        relation_types: list[str] | tuple[str, ...] = (),
        symmetric_relation_types: list[str] | tuple[str, ...] = (),
        relation_signatures: dict[str, list[list[str]]] | None = None,
        text_reading: TextReading | dict[str, Any] | None = None,
        **settings: Any,
    ) -> None:
        self.encoder_config = _as_config(encoder_config)
        if Path(self.encoder_config.name_or_path or "").is_dir():
            # A local path means nothing elsewhere, and would reveal it in every checkpoint.
            self.encoder_config.name_or_path = ""
        self.entity_types = check_names("entity_types", entity_types, least=1)
        self.relation_types = check_names("relation_types", relation_types)
        self.symmetric_relation_types = check_names("symmetric_relation_types", symmetric_relation_types)
        self.relation_signatures = relation_signatures
        self.text_reading = TextReading.of(text_reading)
        for name, declared in _SETTINGS.items():
            setattr(self, name, settings.pop(name, declared.default))
        self._check_settings()
        check_keys(settings, self._known_settings() | _FOR_LOADING, ())
        for name in ("custom_pipelines", "id2label", "label2id", "num_labels"):  # see the properties
            settings.pop(name, None)
        settings["auto_map"] = _own_code(settings.get("auto_map", CODE_OF_CLASSES))
        super().__init__(**settings)

    def _check_settings(self) -> None:
        for name, declared in _SETTINGS.items():
            declared.check(getattr(self, name))
        if self.relation_signatures is not None:
            check_signatures(self.relation_signatures, self.entity_types, self.relation_types)
        unknown = [name for name in self.symmetric_relation_types if name not in self.relation_types]
        if unknown:
            raise ValueError(
                must_be("symmetric_relation_types", f"among relation_types {self.relation_types}", unknown)
            )

    @classmethod
    def from_dict(cls, config_dict: dict[str, Any], **kwargs: Any) -> Any:
        """Make a config from the content of a file, as elsewhere in transformers; `kwargs` override its settings.

        If they contain `entity_types` or `relation_types`, settings of the file that depend on the types and no longer
        apply are dropped: type constraints, symmetric types, temperatures.

        Args:
            config_dict: the content of the file.
            kwargs: overrides.

        Returns:
            The config.

        Raises:
            ValueError: a setting is missing, unknown or invalid; the message names it and, if known, the file.
        """
        place = kwargs.get("name_or_path") or config_dict.get("_name_or_path")
        given = {name: kwargs.pop(name) for name in cls._own_settings() - {"encoder_config"} if name in kwargs}
        try:
            check_choice("model_type", config_dict.get("model_type", cls.model_type), (cls.model_type,))
            check_keys(config_dict, cls._known_settings(), _NEEDED_IN_FILES)
            if "entity_types" in given or "relation_types" in given:
                config_dict = _for_types_of(given, config_dict)
            config_dict = {"text_reading": FIRST_READING.to_dict()} | config_dict | given
            for name in ("dtype", "torch_dtype"):
                check_dtype(name, config_dict.get(name))
            return super().from_dict(config_dict, **kwargs)
        except Exception as error:  # including the error classes of checks in transformers
            raise ValueError(f"{f'{place}: ' if place else ''}config.json: {error}") from error

    @classmethod
    def _own_settings(cls) -> set[str]:
        """Return the names of the settings that this class adds to those of transformers."""
        return (set(inspect.signature(cls.__init__).parameters) | set(_SETTINGS)) - {"self", "settings"}

    @classmethod
    def _known_settings(cls) -> set[str]:
        """Return the names of all settings allowed in a file."""
        return cls._own_settings() | set(PreTrainedConfig().to_dict()) | _OF_TRANSFORMERS

    @property
    def custom_pipelines(self) -> dict[str, dict[str, Any]]:
        """The pipeline in the checkpoint's code; empty if a pipeline of that name is registered in transformers.

        Otherwise `transformers.pipeline` would require `trust_remote_code` and run the checkpoint's code. Saved configs
        always have it.
        """
        from transformers.pipelines import PIPELINE_REGISTRY  # a heavy import, not needed to read a config

        return {} if TASK in PIPELINE_REGISTRY.get_supported_tasks() else _code_of_pipelines()

    @custom_pipelines.setter
    def custom_pipelines(self, value: object) -> None:
        """Do nothing: `Pipeline.save_pretrained` sets on the config what saving writes anyway."""

    @property  # type: ignore[misc]  # an attribute of transformers' class
    def id2label(self) -> dict[int, str]:
        """The labels of the entity logits, for tools of transformers: 0 is *none*, then the entity types.

        Derived from `entity_types`; in a file it is informative only.
        """
        none = next((name for name in _NAMES_OF_NONE if name not in self.entity_types), "")  # no type is called ""
        return dict(enumerate((none, *self.entity_types)))

    @id2label.setter
    def id2label(self, value: object) -> None:
        """Do nothing: transformers sets labels of its own making."""

    @property  # type: ignore[misc]
    def label2id(self) -> dict[str, int]:
        """The inverse of `id2label`."""
        return {name: number for number, name in self.id2label.items()}

    @label2id.setter
    def label2id(self, value: object) -> None:
        """Do nothing: transformers sets labels of its own making."""

    def to_dict(self) -> dict[str, Any]:
        """Return all settings as JSON, with the references to the checkpoint's code."""
        reading = self.text_reading
        return super().to_dict() | {
            "id2label": self.id2label,
            "label2id": self.label2id,
            "custom_pipelines": _code_of_pipelines(),
            # It may have been set to a mapping after construction.
            "text_reading": TextReading.of(reading).to_dict(),
        }

    @property
    def hidden_size(self) -> int:
        """The dimension of the encoder's hidden states.

        Raises:
            ValueError: the encoder's config does not have it.
        """
        width = width_of(self.encoder_config)
        if width is None:
            raise ValueError(
                f"encoder_config must have a hidden_size, got one of type {self.encoder_config.model_type} without it"
            )
        return width


if SpertConfig.__doc__:  # not under `python -OO`
    SpertConfig.__doc__ += f"\n    Settings:\n{describe_settings(ConfigSettings, indent=8)}\n    "


def _code_of_pipelines() -> dict[str, dict[str, Any]]:
    """Return a new value for `custom_pipelines` in a config, as transformers modifies it."""
    return {TASK: {**CODE_OF_PIPELINE, "pt": list(CODE_OF_PIPELINE["pt"])}}


def _for_types_of(given: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a file without those that do not apply to the given types."""
    types = settings | given
    entity_types = check_names("entity_types", types["entity_types"], least=1)
    relation_types = check_names("relation_types", types["relation_types"])
    symmetric = [name for name in settings.get("symmetric_relation_types", ()) if name in relation_types]
    fitting: dict[str, Any] = {"symmetric_relation_types": symmetric}
    try:
        check_signatures(settings.get("relation_signatures") or {}, entity_types, relation_types)
    except ValueError:
        fitting["relation_signatures"] = None
    for kind, names in (("entity", entity_types), ("relation", relation_types)):
        if len(names) != len(settings[f"{kind}_types"]):
            fitting[f"{kind}_temperature"] = 1.0
    return settings | fitting


def _own_code(auto_map: Any) -> dict[str, str]:
    """Return the classes of the checkpoint's code, without the repository that transformers prepends.

    Raises:
        ValueError: other code is named, which would be run with `trust_remote_code`, and be published.
    """
    for name, code in auto_map.items() if isinstance(auto_map, dict) else [("", auto_map)]:
        if not isinstance(code, str) or code.rpartition("--")[2] != CODE_OF_CLASSES.get(name):
            raise ValueError(must_be("auto_map", str(CODE_OF_CLASSES), shown(auto_map)))
    return dict(CODE_OF_CLASSES)


def _as_config(encoder_config: PreTrainedConfig | dict[str, Any] | None) -> PreTrainedConfig:
    if isinstance(encoder_config, PreTrainedConfig):
        check_encoder_settings(_without_heads_and_code(encoder_config.to_dict()))
        return encoder_config
    if encoder_config is None:
        encoder_config = {"model_type": "bert"}
    if not isinstance(encoder_config, dict):
        raise ValueError(must_be("encoder_config", "the settings of an encoder", shown(encoder_config)))
    settings = _without_heads_and_code(encoder_config)
    model_type = settings.pop("model_type", None)
    if model_type is None:
        raise ValueError("encoder_config has no model_type, so its class can't be found")
    if not isinstance(model_type, str) or model_type not in CONFIG_MAPPING or model_type == SpertConfig.model_type:
        raise ValueError(
            must_be("encoder_config.model_type", "an encoder's that transformers knows", shown(model_type))
        )
    check_encoder_settings(settings)
    try:
        return AutoConfig.for_model(model_type, **settings)
    except Exception as error:  # error classes differ between families
        raise ValueError(f"encoder_config is not one of {model_type}: {shown(error)}") from error


def _without_heads_and_code(settings: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name not in _NOT_TAKEN_FROM_FILES}
