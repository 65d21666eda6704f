"""The options of `spert-hf train`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...data.named_datasets import recipe_of
from ...training.arguments import SpertTrainingArguments, read_recipe
from .training_settings import is_given, make_settings_parser

DESCRIPTION = """Train a SpERT model, evaluate it, save it, and print what it finds in a few sentences.

Without arguments: the quickstart, a small model on the corpus that comes with this package. Settings are taken, in
this order, from the command line, from the YAML file given with --config, from the trained model given with --model
(those of the model), from the data set's own recipe.yaml (the quickstart has one), and from the defaults, which are
the paper's. Options may be written with underscores, too."""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the settings, and which of them are `given`; see [`parse_arguments`]."""
    return argparse.Namespace(settings=parse_arguments(arguments), given=settings_given(arguments))


def parse_arguments(arguments: Sequence[str]) -> SpertTrainingArguments:
    """Read the settings; see `DESCRIPTION` for what goes before what.

    Raises:
        ValueError: naming the setting that is wrong.
        OSError: if the model to go on from can't be read.
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
        name = str(error).partition(" ")[0]  # messages begin with the setting
        file = first["config"] if name in recipe else own_file if name in own_recipe else None
        if file is None or name in given:
            raise
        raise ValueError(f"{file}: {error}") from error


def settings_given(arguments: Sequence[str]) -> set[str]:
    """Names of the settings that are given on the command line, or in a file of settings."""
    _, _, levels = _read_levels(make_parser(), arguments)
    return {name for level in levels for name in level}


def make_parser() -> argparse.ArgumentParser:
    """Describe the options."""
    return make_settings_parser("train.py" if Path(sys.argv[0]).name == "train.py" else "spert-hf train", DESCRIPTION)


def _read_levels(
    parser: argparse.ArgumentParser, arguments: Sequence[str]
) -> tuple[dict[str, Any], Path | None, tuple[dict[str, Any], ...]]:
    """Read what is given, by where it is.

    Returns:
        All options as parsed, the data set's own file of settings if there is one, and the settings that are given:
        there, in the file that `--config` names, and on the command line.
    """
    first = vars(parser.parse_args(arguments))
    given = {name: value for name, value in first.items() if is_given(name, arguments)}
    recipe: dict[str, Any] = read_recipe(first["config"]) if first["config"] else {}
    own_file = recipe_of((recipe | given).get("dataset", first["dataset"]))
    return first, own_file, (read_recipe(own_file) if own_file else {}, recipe, given)


def _settings_of_trained(levels: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What the run starts from, an encoder or a trained model, and the settings that come with the latter.

    Args:
        levels: settings by where they are given, those that win last: an encoder that is given wins over a model
            further back, and the other way round.

    Raises:
        ValueError: if both are given in the same place, or there is no such model.
    """
    for level in reversed(levels):
        if level.get("model") and level.get("encoder"):
            raise ValueError("encoder and model exclude each other: a trained model has its encoder")
        if level.get("encoder"):
            return {"encoder": level["encoder"], "model": None}
        if level.get("model"):
            from ...training.continuation import read_trained_config, trained_settings  # heavy, as models are

            token = next((one["hub_token"] for one in reversed(levels) if one.get("hub_token")), None)
            config = read_trained_config(level["model"], token)
            return trained_settings(config) | {"encoder": None, "model": level["model"]}
    return {}
