"""The preparation of a run: checked settings, a recipe's, documents, copies of them, and rows of embeddings."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from accelerate import Accelerator
from transformers import PreTrainedTokenizerBase

from ..data.documents import Document
from ..data.in_memory import check_source
from ..data.loading import Splits
from ..data.schema import TypeSchema
from ..model.messages import kind_of, must_be
from ..model.processing_spert import SpertProcessor
from ..model.settings import ModelSettings, settings_of
from .accelerator import check_tracker
from .arguments import SETTINGS, SpertTrainingArguments
from .batches import TrainingExample, make_examples
from .embedding_rows import EmbeddingRows
from .letter_case_copies import Copies, copy_documents
from .recipes import RecipeChoice, check_recipe, choose_recipe


def checked_settings(
    args: SpertTrainingArguments | None, train_dataset: object, eval_dataset: object, recipe: object
) -> SpertTrainingArguments:
    """Check the types of settings and data sets, and that the recipe exists and the tracker is installed.

    Returns:
        The settings; by default [`SpertTrainingArguments`] as they are.

    Raises:
        TypeError: if an argument has a wrong type; the message names it.
        ValueError: if there is no such recipe.
        ImportError: if the tracker of `report_to` is not installed.
    """
    if args is not None and not isinstance(args, SpertTrainingArguments):
        raise TypeError(must_be("args", "SpertTrainingArguments", kind_of(args)))
    for name, dataset in (("train_dataset", train_dataset), ("eval_dataset", eval_dataset)):
        if dataset is not None and not isinstance(dataset, Splits):
            check_source(name, dataset)
    if recipe is not None and not isinstance(recipe, RecipeChoice):
        check_recipe(recipe)
    args = args or SpertTrainingArguments()
    check_tracker(args.report_to)
    return args


def split_to_score(asked: str, splits: Splits) -> str:
    """Return the name of the split that the trained model is scored on.

    Args:
        asked: its name, or `auto`.
        splits: the splits of the data set.

    Raises:
        ValueError: if it has no documents.
    """
    filled = [name for name in ("test", "dev", "train") if getattr(splits, name)]
    if asked == "auto":
        return filled[0]
    if asked not in filled:
        raise ValueError(
            must_be("eval_split", f"a split that {splits.name} has documents for ({', '.join(filled)})", repr(asked))
        )
    return asked


def training_documents(splits: Splits, arguments: SpertTrainingArguments) -> list[Document]:
    """Return all training documents.

    Raises:
        ValueError: if the data set has none.
    """
    documents = [*splits.train, *(splits.dev if arguments.train_on_dev else [])]
    if not documents:
        raise ValueError(f"dataset: {splits.name} has no training documents")
    return documents


def with_recipe(
    asked: str | RecipeChoice | None, arguments: SpertTrainingArguments, splits: Splits, *, keeps_model: bool
) -> tuple[SpertTrainingArguments, RecipeChoice | None]:
    """Return the settings with those of a recipe in place of defaults, and the recipe.

    Args:
        asked: the name of a recipe, or `auto`; a choice whose settings are among the arguments already; or `None`.
        arguments: all settings; those that differ from their defaults are kept.
        splits: the data of the run.
        keeps_model: whether the run starts from a trained model, whose settings are kept.
    """
    if asked is None or isinstance(asked, RecipeChoice):
        return arguments, asked
    choice = choose_recipe(asked, training_documents(splits, arguments), arguments.encoder)
    kept = {name for name, declared in SETTINGS.items() if getattr(arguments, name) != declared.default}
    if keeps_model:
        kept |= {*settings_of(ModelSettings), "learn_signatures"}
    return replace(arguments, **{name: value for name, value in choice.settings.items() if name not in kept}), choice


def examples_to_train(
    documents: Sequence[Document], schema: TypeSchema, processor: SpertProcessor, arguments: SpertTrainingArguments
) -> tuple[list[TrainingExample], list[Copies]]:
    """Make the examples of a run: those of the documents, then those in other letter case that epochs may draw.

    Args:
        documents: all training documents.
        schema: their types.
        processor: tokenizes them.
        arguments: all settings.

    Returns:
        The examples, and for each kind of copy, its indices and the number that an epoch draws.
    """
    examples = make_examples(documents, schema, processor)
    copies = []
    for change, share in ((str.lower, arguments.lower_case_copies), (str.upper, arguments.upper_case_copies)):
        if share:
            made = make_examples(copy_documents(documents, change), schema, processor)
            copies.append(Copies.of_share(range(len(examples), len(examples) + len(made)), share))
            examples += made
    return examples, copies


def rows_to_train(
    accelerator: Accelerator,
    embeddings: Any,
    optimizer: Any,
    tokenizer: PreTrainedTokenizerBase,
    examples: Sequence[TrainingExample],
) -> EmbeddingRows | None:
    """Return the rows of the word embeddings to train, if nothing else reads their gradients and it is faster."""
    only_ours = accelerator.num_processes == 1 and accelerator.scaler is None
    if not only_ours or accelerator.device.type != "cpu" or not EmbeddingRows.possible(embeddings):
        return None
    filling = {0, *tokenizer.all_special_ids}  # padding, and the filling of packed sequences
    met = filling.union(*(example.words.input_ids for example in examples))
    return EmbeddingRows(embeddings, optimizer, torch.tensor(sorted(met)))
