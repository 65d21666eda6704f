"""Continued training: a trained model's weights and settings, with classifiers for the types of the new data."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import torch
from torch import nn
from transformers import AutoConfig, AutoTokenizer, PreTrainedTokenizerBase

from ..data.documents import Document
from ..data.faults import list_names
from ..data.signatures import find_signatures
from ..encoders import check_folder_or_id
from ..files.atomic import RUN_FILE
from ..model.configuration_spert import SpertConfig
from ..model.messages import must_be
from ..model.modeling_spert import SpertModel
from ..model.settings import ModelSettings, settings_of
from ..model.text_reading import TextReading
from .arguments import SpertTrainingArguments


@dataclass(frozen=True, slots=True)
class TypeChange:
    """How the types of a classifier change.

    Args:
        kept: types that keep their weights, found by name.
        fresh: types that are new to the model.
        dropped: types that the data does not have, whose weights are dropped.
    """

    kept: tuple[str, ...]
    fresh: tuple[str, ...]
    dropped: tuple[str, ...]

    @classmethod
    def between(cls, before: Sequence[str], after: Sequence[str]) -> "TypeChange":
        """Compare a model's types before and after the change."""
        return cls(
            tuple(name for name in after if name in before),
            tuple(name for name in after if name not in before),
            tuple(name for name in before if name not in after),
        )

    def describe(self) -> str:
        """Return a short description of the change."""
        if not self.fresh and not self.dropped:
            return f"all {len(self.kept)} kept" if self.kept else "none"
        parts = {"kept": self.kept, "fresh": self.fresh, "dropped": self.dropped}
        return "; ".join(f"{list_names(list(names))} {what}" for what, names in parts.items() if names)


@dataclass(frozen=True, slots=True)
class Continuation:
    """The trained model that a run continues from.

    Args:
        model: the checkpoint's folder or Hub id, as it was given.
        revision: its commit, if it comes from the Hub.
        dataset: the data set that it was trained on, if its record says so.
        entity_types: the changes of its entity classifier.
        relation_types: the changes of its relation classifier.
        context_attention: whether the layer of the relation context `attention` is `kept`, `fresh` or `dropped`;
            `None` if neither model has one.
    """

    model: str
    revision: str | None
    dataset: str | None
    entity_types: TypeChange
    relation_types: TypeChange
    context_attention: str | None = None

    def describe(self) -> str:
        """Return a line that says what the run continues from, and what is kept of it."""
        entities, relations = self.entity_types.describe(), self.relation_types.describe()
        attention = f"; attention over contexts: {self.context_attention}" if self.context_attention else ""
        types = f"entity types: {entities}; relation types: {relations}"
        return f"Continues from all weights of {self.model}: {types}{attention}"

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return asdict(self)


def read_trained_config(model: str, token: str | None = None, setting: str = "model") -> SpertConfig:
    """Read the config of a trained model.

    Args:
        model: its folder or Hub id.
        token: a Hub token.
        setting: the setting that names it, for messages.

    Raises:
        ValueError: if the folder has no config, or it is not a SpERT model's.
        OSError: if the Hub does not have the model, or can't be reached.
    """
    check_folder_or_id(setting, model)
    if Path(model).is_dir() and not Path(model, "config.json").is_file():
        raise ValueError(f"{setting}: {model} has no config.json; name the checkpoint of a SpERT model")
    try:
        config = AutoConfig.from_pretrained(model, trust_remote_code=False, **({"token": token} if token else {}))
    except (RecursionError, TypeError, AttributeError) as error:  # JSON, but nested too deeply or not a mapping
        raise ValueError(f"{setting}: config.json of {model} is not a model's config: {error}") from error
    if not isinstance(config, SpertConfig):
        hint = "; pass it as encoder" if setting == "model" else ""
        raise ValueError(f"{setting}: {model} is a {config.model_type} model, not a SpERT model{hint}")
    return config


def trained_settings(config: SpertConfig) -> dict[str, Any]:
    """Return the settings that continued training takes from a trained model unless others are given."""
    return {name: getattr(config, name) for name in settings_of(ModelSettings)} | {
        "learn_signatures": config.relation_signatures is not None
    }


def check_fits_weights(config: SpertConfig, arguments: SpertTrainingArguments) -> None:
    """Check that the settings fit the weights that a run continues from.

    Args:
        config: the trained model's config.
        arguments: all settings of the run.

    Raises:
        ValueError: if one does not; the message names it.
    """
    for name in (name for name, declared in settings_of(ModelSettings).items() if declared.shapes_weights):
        given, has = getattr(arguments, name), getattr(config, name)
        if given != has:
            raise ValueError(must_be(name, f"{has!r}, for which {arguments.model} has weights", repr(given)))


def load_trained(
    arguments: SpertTrainingArguments, types: dict[str, Sequence[str]], documents: Sequence[Document]
) -> tuple[PreTrainedTokenizerBase, SpertModel, Continuation]:
    """Load the model that a run continues from, with its tokenizer, for the types of the data.

    Types keep their weights by name, whatever their order; new ones get fresh weights.

    Args:
        arguments: all settings; they take precedence over the checkpoint's.
        types: `entity_types`, `relation_types` and `symmetric_relation_types` of the data.
        documents: all training documents.

    Returns:
        The tokenizer, the model, and a description of what is kept.

    Raises:
        ValueError: if a setting contradicts the weights.
        CheckpointError: if the checkpoint is damaged.
    """
    source = cast(str, arguments.model)
    hub = {"token": arguments.hub_token} if arguments.hub_token else {}
    config = read_trained_config(source, arguments.hub_token)
    check_fits_weights(config, arguments)
    options: dict[str, Any] = {"dtype": torch.float32, **hub}
    trained = SpertModel.from_pretrained(source, **options)  # unchanged, so that all of it is checked
    settings = {
        **types,
        **arguments.model_settings(),
        "relation_signatures": joined_signatures(config, arguments, types, documents),
        "text_reading": changed_reading(config, arguments.given_reading()),
    }
    model = SpertModel.from_pretrained(source, ignore_mismatched_sizes=True, **settings, **options)
    for kind, first in (("entity", 1), ("relation", 0)):  # the first row for entities is that of "no entity"
        new, old = (getattr(one, f"{kind}_classifier") for one in (model, trained))
        before, after = getattr(config, f"{kind}_types"), types[f"{kind}_types"]
        _move_rows(new, old, before, after, config.initializer_range, first)
    tokenizer = AutoTokenizer.from_pretrained(source, trust_remote_code=False, **hub)
    continuation = Continuation(
        source,
        getattr(config, "_commit_hash", None),
        _trained_on(Path(source)),
        TypeChange.between(config.entity_types, types["entity_types"]),
        TypeChange.between(config.relation_types, types["relation_types"]),
        _attention_change(trained, model),
    )
    return tokenizer, model, continuation


def changed_reading(config: SpertConfig, given: dict[str, Any]) -> TextReading:
    """Return how the model reads text, with the given settings in place of its own."""
    own = TextReading.of(config.text_reading).to_dict()
    if given.get("words", own["words"]) != "pattern":
        own["word_pattern"] = None
    return TextReading.of(own | given)


def joined_signatures(
    config: SpertConfig,
    arguments: SpertTrainingArguments,
    types: dict[str, Sequence[str]],
    documents: Sequence[Document],
) -> dict[str, list[list[str]]] | None:
    """Return the entity types that each relation type joins, in the documents and in the model's former training data.

    Args:
        config: the trained model's config.
        arguments: all settings; without `learn_signatures` nothing is returned.
        types: `entity_types` and `relation_types` of the data.
        documents: all training documents.

    Returns:
        Pairs of head and tail types, by relation type; `None` if they are not learned.
    """
    if not arguments.learn_signatures:
        return None
    found = find_signatures(documents, types["relation_types"])
    known = config.relation_signatures or {}
    joined = {}
    for name in types["relation_types"]:
        if name in config.relation_types and config.relation_signatures is not None and name not in known:
            continue  # it may join any types
        before = [pair for pair in known.get(name, []) if set(pair) <= set(types["entity_types"])]
        pairs = sorted({tuple(pair) for pair in [*before, *found.get(name, [])]})
        if pairs:
            joined[name] = [list(pair) for pair in pairs]
    return joined


def _attention_change(trained: SpertModel, model: SpertModel) -> str | None:
    """Return `context_attention` of [`Continuation`]."""
    if trained.context_attention is None:
        return None if model.context_attention is None else "fresh"
    return "dropped" if model.context_attention is None else "kept"


@torch.no_grad()
def _move_rows(
    classifier: nn.Linear | None,
    trained: nn.Linear | None,
    before: Sequence[str],
    after: Sequence[str],
    initializer_range: float,
    first: int = 0,
) -> None:
    """Copy each type's weights from the type of the same name, and initialise those of new types.

    Args:
        classifier: a classifier of the new model, which is changed in place.
        trained: that of the trained model.
        before: types of `trained`.
        after: types of `classifier`.
        initializer_range: standard deviation of fresh weights.
        first: number of rows that precede those of the types in both.
    """
    if classifier is None:
        return
    nn.init.normal_(classifier.weight, std=initializer_range)
    nn.init.zeros_(classifier.bias)
    if trained is None:
        return
    rows = [(row, row) for row in range(first)]
    rows += [(first + after.index(name), first + place) for place, name in enumerate(before) if name in after]
    for new, old in rows:
        classifier.weight[new] = trained.weight[old]
        classifier.bias[new] = trained.bias[old]


def _trained_on(folder: Path) -> str | None:
    """Return the data set that the model in a folder was trained on, if its record says so."""
    try:
        name = json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))["dataset"]["name"]
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return name if isinstance(name, str) else None
