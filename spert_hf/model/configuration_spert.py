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

# Where a saved checkpoint's own code is, for whoever loads it without the package that wrote it.
TASK = "spert-extraction"
CODE_OF_CLASSES = {"AutoConfig": "configuration_spert.SpertConfig", "AutoModel": "modeling_spert.SpertModel"}
CODE_OF_PIPELINE = {"impl": "pipeline_spert.SpertPipeline", "pt": ["AutoModel"], "type": "text"}

_NAMES_OF_NONE = ("none", "O", "LABEL_0")
"""What `id2label` calls no entity: the first that is no type of the model's."""

# What a file must have: a default would stand for another model.
_NEEDED_IN_FILES = ("encoder_config", "entity_types", "relation_types")
# What else a file may have, of what transformers itself has written or reads.
_OF_TRANSFORMERS = {"auto_map", "custom_pipelines", "torch_dtype", "name_or_path", "_name_or_path", "_commit_hash"}
# What transformers puts among the settings of a file that it loads.
_FOR_LOADING = {"attn_implementation", "experts_implementation", "num_labels"}
# Settings of an encoder that are not taken from a SpERT checkpoint. Code other than its model type's own and kernels
# from the Hub are never run; heads, which it has none of, would only cost memory.
_NOT_TAKEN_FROM_FILES = (
    *("auto_map", "attn_implementation", "experts_implementation", "kernel_config", "fusion_config"),
    *("quantization_config", "num_labels", "id2label", "label2id"),
)


_SETTINGS = settings_of(ConfigSettings)


class SpertConfig(PreTrainedConfig, ConfigSettings):
    """Settings of a [`SpertModel`]; the defaults are those of the paper (Eberts & Ulges, ECAI 2020).

    Args:
        encoder_config: the config of the encoder, as an object or as a `dict` with a `model_type`. Default: BERT-base.
        entity_types: names of the entity types. Logit 0 stands for *none*, logit `i + 1` for `entity_types[i]`.
        relation_types: names of the relation types, in the order of the logits. May be empty: entities only.
        symmetric_relation_types: those of `relation_types` that have no direction.
        relation_signatures: the pairs of entity types, head and tail, that each relation type may join; relations
            between others are not predicted. A relation type without an entry may join any. `None`: all may.
        text_reading: how raw text becomes words and sequences, a [`TextReading`] or a mapping of its settings. `None`:
            its defaults; in a file that has none, the rules that there were before files had any.
        settings: those that [`ConfigSettings`] declares, such as `max_span_size`; others are transformers'.

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
        relation_signatures: dict[str, list[list[str]]] | None = None,
        text_reading: TextReading | dict[str, Any] | None = None,
        **settings: Any,
    ) -> None:
        self.encoder_config = _as_config(encoder_config)
        if Path(self.encoder_config.name_or_path or "").is_dir():
            # A folder here means nothing elsewhere, and would tell of this machine in every checkpoint.
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
        """Make a config of a file's content, as anywhere in transformers; settings in `kwargs` win over the file's.

        Where `entity_types` or `relation_types` are among them, what the file says of other types is left out:
        signatures that do not fit, types without direction that are gone, temperatures of another number of types.

        Raises:
            ValueError: naming the file, if its place is known, and the setting: one that is missing, not known, of a
                wrong type or not among the allowed values.
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
        except Exception as error:  # transformers' own checks have classes of their own
            raise ValueError(f"{f'{place}: ' if place else ''}config.json: {error}") from error

    @classmethod
    def _own_settings(cls) -> set[str]:
        """Names of the settings that this class adds to transformers'."""
        return (set(inspect.signature(cls.__init__).parameters) | set(_SETTINGS)) - {"self", "settings"}

    @classmethod
    def _known_settings(cls) -> set[str]:
        """Names of all settings that a file may have."""
        return cls._own_settings() | set(PreTrainedConfig().to_dict()) | _OF_TRANSFORMERS

    @property
    def custom_pipelines(self) -> dict[str, dict[str, Any]]:
        """The pipeline in the checkpoint's own code; empty where transformers has one by that name already.

        `transformers.pipeline` runs a checkpoint's code, and asks for `trust_remote_code`, as soon as it sees this.
        Saved configs always have it.
        """
        from transformers.pipelines import PIPELINE_REGISTRY  # heavy, and not needed to read a config

        return {} if TASK in PIPELINE_REGISTRY.get_supported_tasks() else _code_of_pipelines()

    @custom_pipelines.setter
    def custom_pipelines(self, value: object) -> None:
        """Do nothing: `Pipeline.save_pretrained` sets what saving writes anyway, on a config that is still in use."""

    @property  # type: ignore[misc]  # an attribute of transformers' class
    def id2label(self) -> dict[int, str]:
        """What the entity logits stand for, as transformers' tools ask for it: 0 is *none*, then the entity types.

        It follows from `entity_types`; in a file it is for those who read it, and has no effect.
        """
        none = next((name for name in _NAMES_OF_NONE if name not in self.entity_types), "")  # no type is called ""
        return dict(enumerate((none, *self.entity_types)))

    @id2label.setter
    def id2label(self, value: object) -> None:
        """Do nothing: transformers sets labels of its own making."""

    @property  # type: ignore[misc]
    def label2id(self) -> dict[str, int]:
        """The other way round."""
        return {name: number for number, name in self.id2label.items()}

    @label2id.setter
    def label2id(self, value: object) -> None:
        """Do nothing: transformers sets labels of its own making."""

    def to_dict(self) -> dict[str, Any]:
        """Give all settings as plain JSON, with the places of the code that belongs to them."""
        reading = self.text_reading
        return super().to_dict() | {
            "id2label": self.id2label,
            "label2id": self.label2id,
            "custom_pipelines": _code_of_pipelines(),
            # Whoever sets it on a config that is in use may give a mapping, too.
            "text_reading": TextReading.of(reading).to_dict(),
        }

    @property
    def hidden_size(self) -> int:
        """Width of the encoder's hidden states.

        Raises:
            ValueError: if the encoder's config does not say.
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
    """As `custom_pipelines` has it in a config; made anew each time, for transformers writes into what it gets."""
    return {TASK: {**CODE_OF_PIPELINE, "pt": list(CODE_OF_PIPELINE["pt"])}}


def _for_types_of(given: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    """Settings of a file without what they say of other types than the given ones."""
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
    """The classes of a checkpoint's own code, without the repository that transformers puts before each.

    Raises:
        ValueError: if other code is named: it would be run by those who trust the checkpoint's, and be published.
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
    except Exception as error:  # each family has its own checks, and most have none
        raise ValueError(f"encoder_config is not one of {model_type}: {shown(error)}") from error


def _without_heads_and_code(settings: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name not in _NOT_TAKEN_FROM_FILES}
