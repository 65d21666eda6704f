"""Data sets that come with the package: their folders, found by name, and their recipes."""

from __future__ import annotations

import sysconfig
from pathlib import Path

RECIPE_FILE = "recipe.yaml"


def scripts_folder() -> Path:
    """The folder `dataset_scripts`: beside the package in a checkout, under `share` when it was installed."""
    beside = Path(__file__).parents[2] / "dataset_scripts"
    return beside if beside.is_dir() else Path(sysconfig.get_path("data")) / "share" / "spert-hf" / "dataset_scripts"


def dataset_folder(dataset: str) -> str:
    """Where a data set of the package lies; whatever is no name of one is returned as it is."""
    folder = scripts_folder() / dataset
    return str(folder) if (folder / f"{dataset}.py").is_file() and not Path(dataset).exists() else dataset


def recipe_of(dataset: str) -> Path | None:
    """The training settings that lie in a data set's folder, if any."""
    recipe = Path(dataset_folder(dataset)) / RECIPE_FILE
    return recipe if recipe.is_file() else None
