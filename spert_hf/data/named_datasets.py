"""Data sets that come with the package: their folders, found by name, and their recipes."""

from __future__ import annotations

from pathlib import Path

from .shipped import shipped_folder

SCRIPTS_FOLDER = "dataset_scripts"
RECIPE_FILE = "recipe.yaml"


def dataset_folder(dataset: str) -> str:
    """Where a data set of the package lies; whatever is no name of one is returned as it is."""
    folder = shipped_folder(SCRIPTS_FOLDER) / dataset
    return str(folder) if (folder / f"{dataset}.py").is_file() and not Path(dataset).exists() else dataset


def recipe_of(dataset: str) -> Path | None:
    """The training settings that lie in a data set's folder, if any."""
    recipe = Path(dataset_folder(dataset)) / RECIPE_FILE
    return recipe if recipe.is_file() else None
