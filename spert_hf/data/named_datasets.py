"""Data sets that come with the package: their folders, found by name, their recipes and their models' cards."""

from __future__ import annotations

from pathlib import Path

from ..resources import shipped_folder

SCRIPTS_FOLDER = "dataset_scripts"
CARDS_FOLDER = "model_cards"
RECIPE_FILE = "recipe.yaml"
CARD_FILE = "README.md"


def dataset_folder(dataset: str) -> str:
    """Where a data set of the package lies; any other name is returned as it is."""
    folder = shipped_folder(SCRIPTS_FOLDER) / dataset
    return str(folder) if (folder / f"{dataset}.py").is_file() and not Path(dataset).exists() else dataset


def recipe_of(dataset: str) -> Path | None:
    """The training settings that lie in a data set's folder, if any."""
    return _existing(Path(dataset_folder(dataset)) / RECIPE_FILE)


def is_shipped(script: Path) -> bool:
    """Whether a loading script is that of a data set of the package."""
    return script.resolve().parent.parent == shipped_folder(SCRIPTS_FOLDER).resolve()


def data_card_of(dataset: str) -> Path | None:
    """The card of a data set of the package, if there is one."""
    return _existing(shipped_folder(SCRIPTS_FOLDER) / dataset / CARD_FILE)


def model_card_of(dataset: str) -> Path | None:
    """The source of the cards of models that are trained on a data set of the package, if there is one."""
    return _existing(shipped_folder(CARDS_FOLDER) / dataset / CARD_FILE)


def _existing(file: Path) -> Path | None:
    return file if file.is_file() else None
