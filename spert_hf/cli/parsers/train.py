"""The options of `spert-hf train`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...data.named_datasets import recipe_of
from ...training.arguments import SpertTrainingArguments, read_recipe
from .training_settings import is_given, make_settings_parser

DESCRIPTION = """Train, evaluate and save a SpERT model, and print predictions for a few sentences.

Without arguments, the quickstart trains a small model on the corpus that comes with this package. Settings are read, in
order of precedence, from the command line, the YAML file given with --config, the trained model given with --model
(settings of the model), the recipe.yaml of the data set (the quickstart has one), and the defaults, which are those of
the paper. Options can also be written with underscores."""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the settings, and the names of the given ones; see [`parse_arguments`]."""
    return argparse.Namespace(settings=parse_arguments(arguments), given=settings_given(arguments))


def parse_arguments(arguments: Sequence[str]) -> SpertTrainingArguments:
    """Parse the settings; see `DESCRIPTION` for the order of precedence.

    Raises:
        ValueError: a setting is invalid; the message names it.
        OSError: the model to fine-tune can't be read.
        SystemExit: on wrong usage (2), and after `--help` (0).
    """
    parser = make_parser()
    first, own_file, levels = _read_levels(parser, arguments)
    own_recipe, recipe, given = levels
    trained = _settings_of_trained(levels)
    parser.set_defaults(**own_recipe | trained | recipe)
    chosen = vars(parser.parse_args(arguments))
    chosen |= {name: value for name, value in trained.items() if name in ("model", "encoder")}
    del chosen["config"]
    try:
        return SpertTrainingArguments(**chosen)
    except ValueError as error:
        name = str(error).partition(" ")[0]  # messages start with the setting
        file = first["config"] if name in recipe else own_file if name in own_recipe else None
        if file is None or name in given:
            raise
        raise ValueError(f"{file}: {error}") from error


def settings_given(arguments: Sequence[str]) -> set[str]:
    """Return the names of the settings given on the command line or in a file of settings."""
    _, _, levels = _read_levels(make_parser(), arguments)
    return {name for level in levels for name in level}


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of the options."""
    return make_settings_parser("train.py" if Path(sys.argv[0]).name == "train.py" else "spert-hf train", DESCRIPTION)


def _read_levels(
    parser: argparse.ArgumentParser, arguments: Sequence[str]
) -> tuple[dict[str, Any], Path | None, tuple[dict[str, Any], ...]]:
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
