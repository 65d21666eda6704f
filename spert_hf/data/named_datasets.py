"""Data sets of the package: finds their folders by name, their training settings and their cards."""

from __future__ import annotations

from pathlib import Path

from ..resources import shipped_folder

SCRIPTS_FOLDER = "dataset_scripts"
CARDS_FOLDER = "model_cards"
RECIPE_FILE = "recipe.yaml"
CARD_FILE = "README.md"


def dataset_folder(dataset: str) -> str:
    """Return the folder of a data set of the package; any other name is returned unchanged."""
    folder = shipped_folder(SCRIPTS_FOLDER) / dataset
    return str(folder) if (folder / f"{dataset}.py").is_file() and not Path(dataset).exists() else dataset


def recipe_of(dataset: str) -> Path | None:
    """Return the file with training settings in a data set's folder, if any."""
    return _existing(Path(dataset_folder(dataset)) / RECIPE_FILE)


def is_shipped(script: Path) -> bool:
    """Return whether a loading script belongs to a data set of the package."""
    return script.resolve().parent.parent == shipped_folder(SCRIPTS_FOLDER).resolve()


def data_card_of(dataset: str) -> Path | None:
    """Return the card of a data set of the package, if any."""
    return _existing(shipped_folder(SCRIPTS_FOLDER) / dataset / CARD_FILE)


def model_card_of(dataset: str) -> Path | None:
    """Return the template of cards of models trained on a data set of the package, if any."""
    return _existing(shipped_folder(CARDS_FOLDER) / dataset / CARD_FILE)


def _existing(file: Path) -> Path | None:
    return file if file.is_file() else None
