"""The options of `spert-hf train`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...data.documents import Document
from ...data.named_datasets import recipe_of
from ...training.arguments import SpertTrainingArguments, read_recipe
from ...training.recipes import AUTO, RecipeChoice, choose_recipe, is_of_recipes
from .training_settings import is_given, make_settings_parser

if TYPE_CHECKING:
    from ...data.loading import Splits

DESCRIPTION = """Train, evaluate and save a SpERT model, and print predictions for a few sentences.

Without arguments, the quickstart trains a small model on the corpus that comes with this package. Settings are read, in
order of precedence, from the command line, the YAML file given with --config, the trained model given with --model
(settings of the model), the recipe given with --recipe or else the recipe.yaml of the data set (the quickstart has
one), and the defaults, which are those of the paper. Options can also be written with underscores."""

_Levels = tuple[dict[str, Any], dict[str, Any], dict[str, Any]]
"""Settings by source: the data set's own file, the file of `--config`, the command line."""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the options.

    Returns:
        `settings`, see [`parse_arguments`]; `given`, the names of those given in any source; `recipe`, the one of
        `--recipe` or `None`; and `splits`, the data if the recipe was chosen by them, or `None`.
    """
    parser = make_parser()
    first, own_file, levels = _read_levels(parser, arguments)
    settings = _make_settings(arguments, first, own_file, levels)
    recipe = splits = None
    if first["recipe"]:
        documents: Sequence[Document] = ()
        if first["recipe"] == AUTO:
            splits, documents = _load_training_data(settings)
        recipe = choose_recipe(first["recipe"], documents, settings.encoder)
        settings = _make_settings(arguments, first, own_file, levels, recipe)
    given = {name for level in levels for name in level}
    return argparse.Namespace(settings=settings, given=given, recipe=recipe, splits=splits)


def parse_arguments(arguments: Sequence[str]) -> SpertTrainingArguments:
    """Parse the settings; see `DESCRIPTION` for the order of precedence.

    Raises:
        ValueError: a setting is invalid; the message names it.
        OSError: the model to fine-tune, or the data that `--recipe auto` needs, can't be read.
        SystemExit: on wrong usage (2), and after `--help` (0).
    """
    settings: SpertTrainingArguments = parse(arguments).settings
    return settings


def _make_settings(
    arguments: Sequence[str],
    first: dict[str, Any],
    own_file: Path | None,
    levels: _Levels,
    chosen_recipe: RecipeChoice | None = None,
) -> SpertTrainingArguments:
    """Make the settings of all sources; the last three arguments but one are those of `_read_levels`."""
    own_recipe, recipe, given = levels
    if chosen_recipe:  # in place of the data set's own
        own_recipe = {name: value for name, value in own_recipe.items() if not is_of_recipes(name)}
        own_recipe |= chosen_recipe.settings
    trained = _settings_of_trained(levels)
    parser = make_parser()
    parser.set_defaults(**own_recipe | trained | recipe)
    chosen = vars(parser.parse_args(arguments))
    chosen |= {name: value for name, value in trained.items() if name in ("model", "encoder")}
    del chosen["config"], chosen["recipe"]
    try:
        return SpertTrainingArguments(**chosen)
    except ValueError as error:
        name = str(error).partition(" ")[0]  # messages start with the setting
        if name in given:
            raise
        source: object = first["config"] if name in recipe else own_file if name in own_recipe else None
        if chosen_recipe and name in chosen_recipe.settings and name not in recipe:
            source = f"recipe {chosen_recipe.name}"
        if source is None:
            raise
        raise ValueError(f"{source}: {error}") from error


def _load_training_data(settings: SpertTrainingArguments) -> tuple["Splits", list[Document]]:
    """Load the data of a run, and its training documents."""
    from ...training.given_data import gather_splits  # heavy imports
    from ...training.preparation import training_documents

    splits = gather_splits(settings, None, None, None)
    return splits, training_documents(splits, settings)


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of the options."""
    return make_settings_parser("train.py" if Path(sys.argv[0]).name == "train.py" else "spert-hf train", DESCRIPTION)


def _read_levels(
    parser: argparse.ArgumentParser, arguments: Sequence[str]
) -> tuple[dict[str, Any], Path | None, _Levels]:
    """Parse the options by source.

    Returns:
        All parsed options, the data set's file of settings if there is one, and the settings given there, in the file
        of `--config`, and on the command line.
    """
    first = vars(parser.parse_args(arguments))
    given = {name: value for name, value in first.items() if is_given(name, arguments)}
    recipe: dict[str, Any] = read_recipe(first["config"]) if first["config"] else {}
    own_file = recipe_of((recipe | given).get("dataset", first["dataset"]))
    return first, own_file, (read_recipe(own_file) if own_file else {}, recipe, given)


def _settings_of_trained(levels: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the starting point of a run, an encoder or a trained model, and the settings of the latter.

    Args:
        levels: settings by source, in increasing precedence: a given encoder overrides a model of lower precedence, and
            vice versa.

    Raises:
        ValueError: both are given in the same source, or there is no such model.
    """
    for level in reversed(levels):
        if level.get("model") and level.get("encoder"):
            raise ValueError("encoder and model exclude each other: a trained model has its encoder")
        if level.get("encoder"):
            return {"encoder": level["encoder"], "model": None}
        if level.get("model"):
            from ...training.continuation import read_trained_config, trained_settings  # a heavy import

            token = next((one["hub_token"] for one in reversed(levels) if one.get("hub_token")), None)
            config = read_trained_config(level["model"], token)
            return trained_settings(config) | {"encoder": None, "model": level["model"]}
    return {}
