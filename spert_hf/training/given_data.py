"""The documents of a run, from any form in which they are given, and the settings that describe them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from ..data.in_memory import DocumentSource, is_in_memory
from ..data.loading import DEV_FRACTION, Splits, load_documents, load_splits
from ..data.schema import TypeSchema
from ..model.configuration_spert import SpertConfig
from .arguments import SpertTrainingArguments
from .continuation import read_trained_config


def gather_splits(
    arguments: SpertTrainingArguments,
    train_dataset: DocumentSource | Splits | None,
    eval_dataset: DocumentSource | None,
    types: TypeSchema | None,
) -> Splits:
    """Load and check the documents of a run.

    Args:
        arguments: all settings; they name the data set if `train_dataset` is `None`.
        train_dataset: see [`SpertTrainer`].
        eval_dataset: documents that replace the dev split.
        types: the types of the given model, if any; documents with other types are refused.

    Raises:
        ValueError: if the documents are not valid, or none are found.
    """
    source = arguments.dataset if train_dataset is None else train_dataset
    if isinstance(source, Splits):
        splits = source
    else:
        whole = eval_dataset is not None or is_in_memory(source)
        splits = load_splits(
            source,
            types=types,
            dev_fraction=0 if whole else DEV_FRACTION,
            self_relations=arguments.self_relations,
            **({} if is_in_memory(source) else _place(arguments)),
        )
        if is_in_memory(source) and arguments.model is not None and types is None:
            config = read_trained_config(arguments.model, arguments.hub_token)
            splits = replace(splits, schema=_with_types_of(config, splits.schema))
    if eval_dataset is not None:
        dev = load_documents(eval_dataset, "dev", types=splits.schema, self_relations=arguments.self_relations)
        splits = replace(splits, dev=dev)
    if splits.origin.kind == "memory" and arguments.load_best_model_at_end and not splits.dev:
        raise ValueError("load_best_model_at_end needs eval_dataset, which is scored")
    return splits


def name_data(
    arguments: SpertTrainingArguments, train_dataset: DocumentSource | Splits | None, splits: Splits
) -> SpertTrainingArguments:
    """Return the settings with the name of the training data, for the run's record and for comparisons with it.

    The name of documents in memory includes a digest of them, so that models trained on different ones are told apart.
    A default output folder is named after the data.

    Args:
        arguments: all settings.
        train_dataset: see [`SpertTrainer`].
        splits: the documents that were loaded from it.
    """
    if train_dataset is None or isinstance(train_dataset, Splits):
        return arguments
    name = f"{splits.name}@{splits.origin.revision}" if is_in_memory(train_dataset) else str(train_dataset)
    is_open = arguments.output_dir == replace(arguments, output_dir="").output_dir
    return replace(arguments, dataset=name, output_dir="" if is_open else arguments.output_dir)


def _place(arguments: SpertTrainingArguments) -> dict[str, Any]:
    """Return the keyword arguments of `load_splits` that say where a named data set comes from."""
    return {
        "data_dir": None if arguments.data_dir is None else Path(arguments.data_dir),
        "config_name": arguments.dataset_config_name,
        "token": arguments.hub_token,
        "revision": arguments.revision,
    }


def _with_types_of(config: SpertConfig, schema: TypeSchema) -> TypeSchema:
    """Return a trained model's types, followed by the documents' other types.

    Documents in memory declare no types, and the model must not forget those that these documents happen not to have.
    """
    entity_types, relation_types = (
        [*own, *(name for name in others if name not in own)]
        for own, others in (
            (config.entity_types, schema.entity_names),
            (config.relation_types, schema.relation_names),
        )
    )
    return TypeSchema.from_names(entity_types, relation_types, config.symmetric_relation_types)
