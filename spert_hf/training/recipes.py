"""Recipes by name, and the choice of the one whose data are most like a run's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import log2
from types import MappingProxyType
from typing import Any

from ..data.documents import Document
from ..data.named_datasets import CARDS_FOLDER
from ..data.properties import DataProperties, measure_properties
from ..encoders import QUICKSTART_ENCODER
from ..model.messages import did_you_mean, either, kind_of, must_be
from ..resources import shipped_folder
from .arguments import SETTINGS, read_recipe

AUTO = "auto"
MEASURED_ENCODER = QUICKSTART_ENCODER
"""The encoder with which all recipes were measured."""

_TAKEN = ("model", "step")
"""The kinds of settings that are taken from a recipe; what it says about data, encoder, evaluation and output is for
its own data set alone."""

MOST_OVERLAPPING = 0.05
"""The largest share of overlapping entities for recipes that keep only the best of these."""

LONGEST_SENTENCES = 60.0
"""The mean number of words above which documents are not single sentences, on which all recipes were measured."""


@dataclass(frozen=True, slots=True)
class MeasuredRecipe:
    """The best recipe that was measured on a data set, in a table of results.

    Args:
        title: the name of the data set for people.
        file: the file in `model_cards/`.
        kind: what the recipe is, in words.
        data: the properties of the data set's train split.
    """

    title: str
    file: str
    kind: str
    data: DataProperties

    def read(self) -> dict[str, Any]:
        """Read the settings of the recipe that apply to other data, too."""
        settings = read_recipe(shipped_folder(CARDS_FOLDER) / self.file)
        return {name: value for name, value in settings.items() if is_of_recipes(name)}


MEASURED: Mapping[str, MeasuredRecipe] = MappingProxyType(
    {
        "conll04": MeasuredRecipe(
            "CoNLL04",
            "conll04/recipe_minilm.yaml",
            "a small encoder's settings",
            DataProperties(922, words=28.8, overlapping=0.0, joined=0.0625, related=0.22, capitals=0.995),
        ),
        "scierc": MeasuredRecipe(
            "SciERC",
            "scierc/recipe_minilm.yaml",
            "a small encoder's settings",
            DataProperties(1861, words=24.4, overlapping=0.02, joined=0.667, related=0.035, capitals=0.16),
        ),
        "ade": MeasuredRecipe(
            "ADE",
            "ade/recipe.yaml",
            "the paper's settings",
            DataProperties(3460, words=21.6, overlapping=0.02, joined=0.25, related=0.973, capitals=0.217),
        ),
    }
)
"""By the name of the data set: the recipe with the best F1 there (`docs/results.md`)."""

_FACTS: dict[str, Callable[[float], str]] = {
    "overlapping": lambda share: f"{share:.0%} of entities overlap",
    "joined": lambda share: f"a relation type joins {share:.0%} of the pairs of entity types",
    "related": lambda share: f"{share:.0%} of the pairs of entities that relations may join are related",
    "capitals": lambda share: f"{share:.0%} of entities begin with a capital",
    "words": lambda number: f"a document has {number:.0f} words",
    "documents": lambda number: f"there are {number:,.0f} documents",
}
_WEIGHTS_OF_NUMBERS = {"words": 0.1, "documents": 0.03}
"""Weights of a factor of two; differences of shares count as they are."""
_FEWEST_DIFFERENCE = 0.05
"""Differences below are not given as a reason."""
_MOST_FACTS = 2


@dataclass(frozen=True, slots=True)
class RecipeChoice:
    """A recipe and why it was taken.

    Args:
        name: its name in `MEASURED`.
        reason: why, in words.
        settings: its settings that apply to other data, too.
    """

    name: str
    reason: str
    settings: dict[str, Any]

    def describe(self) -> str:
        """Return a line that says which recipe, and why."""
        recipe = MEASURED[self.name]
        return f"Recipe: that of {recipe.title} ({recipe.kind}), {self.reason}"

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON, without the settings, which the record of a run has."""
        return {"name": self.name, "file": MEASURED[self.name].file, "reason": self.reason}


def is_of_recipes(setting: str) -> bool:
    """Return whether a setting is taken from recipes of other data sets."""
    return SETTINGS[setting].kind in _TAKEN


def check_recipe(name: object) -> None:
    """Check that there is a recipe of this name.

    Raises:
        TypeError: it is not a string.
        ValueError: there is none.
    """
    if not isinstance(name, str):
        raise TypeError(must_be("recipe", either((AUTO, *MEASURED)), kind_of(name)))
    if name not in (AUTO, *MEASURED):
        raise ValueError(must_be("recipe", allowed_recipes(), f"{name!r}{did_you_mean(name, (AUTO, *MEASURED))}"))


def allowed_recipes() -> str:
    """Name all recipes, for messages."""
    return f"{either((AUTO, *MEASURED))} (a file of settings is given with config)"


def choose_recipe(asked: str, documents: Sequence[Document], encoder: str | None) -> RecipeChoice:
    """Return a recipe.

    Args:
        asked: its name, or `auto` for the one whose data are most like the documents.
        documents: all training documents; only needed for `auto`.
        encoder: the encoder to train; the reason says so if recipes were measured with another one.

    Raises:
        ValueError: there is no such recipe.
    """
    check_recipe(asked)
    settings = {name: recipe.read() for name, recipe in MEASURED.items() if asked in (AUTO, name)}
    limits = []
    if asked == AUTO:
        own = measure_properties(documents)
        asked, reason = _nearest(own, settings)
        if own.words > LONGEST_SENTENCES:
            limits.append("on single sentences")
    else:
        reason = "as given"
    if encoder not in (None, MEASURED_ENCODER):
        is_high = settings[asked].get("learning_rate", 0) > SETTINGS["learning_rate"].default
        hint = "; a larger encoder may need lower learning rates" if is_high else ""
        limits.append(f"with {MEASURED_ENCODER.rpartition('/')[2]}{hint}")
    measured = f"; measured only {' and '.join(limits)}" if limits else ""
    return RecipeChoice(asked, reason + measured, settings[asked])


def _nearest(own: DataProperties, settings: Mapping[str, Mapping[str, Any]]) -> tuple[str, str]:
    """Return the name of the recipe whose data are most like these, and why.

    Args:
        own: the properties of a run's documents.
        settings: the settings of each recipe.
    """
    keeping = [name for name, recipe in settings.items() if recipe.get("overlap", "keep") == "keep"]
    fitting = keeping if keeping and (own.overlapping or 0) > MOST_OVERLAPPING else list(settings)
    differences = {name: _differences(own, MEASURED[name].data) for name in fitting}
    best, *others = sorted(fitting, key=lambda name: sum(differences[name].values()))
    facts = []
    if len(fitting) < len(settings):
        facts.append(f"{_FACTS['overlapping'](own.overlapping or 0)}, of which other recipes keep only the best")
    if others:
        second = differences[others[0]]
        gains = {name: second[name] - difference for name, difference in differences[best].items()}
        telling = sorted(gains, key=lambda name: -gains[name])[:_MOST_FACTS]
        known = MEASURED[best].data
        facts += [
            f"{_FACTS[name](getattr(own, name))} (there {_figure(getattr(known, name))})"
            for name in telling
            if gains[name] >= _FEWEST_DIFFERENCE or name == telling[0]
        ]
    return best, f"as {' and '.join(facts)}"


def _differences(own: DataProperties, other: DataProperties) -> dict[str, float]:
    """Return by how much each property differs, as far as both are known."""
    known = asdict(other)
    pairs = {name: (value, known[name]) for name, value in asdict(own).items() if None not in (value, known[name])}
    return {
        name: _WEIGHTS_OF_NUMBERS[name] * abs(log2(max(one, 1) / another))
        if name in _WEIGHTS_OF_NUMBERS
        else abs(one - another)
        for name, (one, another) in pairs.items()
    }


def _figure(value: float) -> str:
    return f"{value:.0%}" if value <= 1 else f"{value:,.0f}"
