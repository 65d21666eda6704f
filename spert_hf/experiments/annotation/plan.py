"""The rounds of the simulation: which strategy, which seed, how many sentences; and where a result is kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path
from typing import Any

from ...annotation.suggestion import DEFAULT_DOUBT, Doubt
from ...data.named_datasets import CARDS_FOLDER
from ...resources import shipped_folder
from ...training.arguments import SpertTrainingArguments, read_recipe
from ..runs import RESULT_DEFAULTS, result_settings
from ..tables import NO_R_DROP, ORDINARY_CASE
from .names import NAME, SEEDS

DATASET = "conll04"
RECIPE = "conll04/recipe_minilm.yaml"
ROUND = 50
"""Sentences of the start, and of each round."""

MOST = 400
SIZES = tuple(range(ROUND, MOST + 1, ROUND))
STEPS = 500
"""Steps of each training, or a few less, whatever the number of sentences: as many as 10 epochs of the last round."""

START = "start"
RANDOM = "random"


@dataclass(frozen=True)
class Strategy:
    """A way to choose that is compared.

    Attributes:
        label: What it is called.
        name: As [`suggest`] knows it.
        seeds: Of its runs.
        doubt: How scores are made.
        largest: Where it ends.
    """

    label: str
    name: str
    seeds: tuple[int, ...] = SEEDS
    doubt: Doubt = DEFAULT_DOUBT
    largest: int = MOST

    @property
    def key(self) -> str:
        """Its name in files."""
        return self.label.replace(",", "").replace(" ", "-")


STRATEGIES = (
    Strategy(RANDOM, "random"),
    Strategy("both", "both"),
    Strategy("uncertainty", "uncertainty", SEEDS[:1], largest=250),
    Strategy("diversity", "diversity", SEEDS[:1], largest=250),
    Strategy("both, not softened", "both", SEEDS[:1], Doubt(temperature=1.0), 250),
    Strategy("both, mean of words", "both", SEEDS[:1], Doubt(per_word=1.0), 250),
    Strategy("both, spans alone", "both", SEEDS[:1], Doubt(relations=0.0), 250),
    Strategy("both, pairs alone", "both", SEEDS[:1], Doubt(spans=0.0), 250),
)
"""All that are compared, the most important first; what is tried besides has one seed, and ends earlier."""


@dataclass(frozen=True)
class Round:
    """One training of the simulation.

    Attributes:
        strategy: What chose the sentences; `None` for the start, which all strategies share.
        seed: Of the start, of chance, and of training.
        sentences: How many are trained on.
        encoder: A folder or Hub id.
    """

    strategy: Strategy | None
    seed: int
    sentences: int
    encoder: str

    @property
    def label(self) -> str:
        """What people are told."""
        return (
            f"{NAME}: {self.strategy.label if self.strategy else START}, seed {self.seed}, {self.sentences} sentences"
        )

    @property
    def arguments(self) -> SpertTrainingArguments:
        """All settings of training, but for where it takes place."""
        recipe = read_recipe(shipped_folder(CARDS_FOLDER) / RECIPE)
        steps_an_epoch = ceil(self.sentences / recipe["per_device_train_batch_size"])
        own = {
            "encoder": self.encoder,
            "seed": self.seed,
            "train_on_dev": False,
            "eval_split": "dev",
            "num_train_epochs": max(1, round(STEPS / steps_an_epoch)),
        }
        return SpertTrainingArguments(**{**recipe, **NO_R_DROP, **ORDINARY_CASE, **own})

    @property
    def before(self) -> Round | None:
        """The round whose model chooses this one's new sentences; `None` for the start."""
        if self.strategy is None:
            return None
        first = self.sentences - ROUND <= ROUND
        return Round(None if first else self.strategy, self.seed, self.sentences - ROUND, self.encoder)

    def settings(self) -> dict[str, Any]:
        """What a result depends on, with no path of a machine."""
        training = result_settings(self.arguments)
        strategy = None
        if self.strategy is not None:
            doubt = self.strategy.doubt
            strategy = {
                "label": self.strategy.label,
                "name": self.strategy.name,
                "doubt": asdict(doubt),
            }
        return {"strategy": strategy, "seed": self.seed, "sentences": self.sentences, "training": training}

    def result_file(self, results_dir: Path) -> Path:
        """Where its result is kept."""
        key = self.strategy.key if self.strategy else START
        training = {**result_settings(self.arguments), "seed": None, "num_train_epochs": None}
        # Only settings that differ from the defaults, so that new settings do not change the names.
        changed = {name: value for name, value in training.items() if value != RESULT_DEFAULTS[name]}
        digest = hashlib.sha256(json.dumps({**changed, "steps": STEPS}, sort_keys=True).encode()).hexdigest()[:10]
        folder = f"{DATASET}-dev-{Path(training['encoder']).name}-{digest}"
        return results_dir / NAME / folder / f"{key}-seed-{self.seed}-{self.sentences:03}.json"


def plan_rounds(encoder: str, seeds: Iterable[int] | None = None) -> list[Round]:
    """All rounds, those first that decide: where chance ends, and where the first strategies get to with few sentences.

    Each comes after the one that chooses for it.
    """
    wanted = SEEDS if seeds is None else tuple(seeds)
    rounds = [Round(None, seed, ROUND, encoder) for seed in wanted]
    for strategy in STRATEGIES:
        sizes = [size for size in SIZES if ROUND < size <= strategy.largest]
        rounds += [Round(strategy, seed, size, encoder) for seed in strategy.seeds if seed in wanted for size in sizes]
    return sorted(rounds, key=_rank)


def _rank(planned: Round) -> tuple[int, int, int]:
    """Where a round stands among those to be carried out."""
    strategy = planned.strategy
    if strategy is None:
        return (0, planned.seed, 0)
    place = STRATEGIES.index(strategy)
    decides = planned.sentences == MOST if strategy.name == RANDOM else place == 1 and planned.sentences <= 250
    if decides:
        return (0, planned.seed, 1 + place)
    return (1 if place > 1 else 2, place if place > 1 else planned.seed, planned.sentences)


def read_result(file: Path, planned: Round) -> dict[str, Any] | None:
    """The result of a round; `None` if there is none.

    Raises:
        ValueError: Naming the file, if it is of another round or no result.
    """
    try:
        result = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise ValueError(f"{file} is not the result of a round: {error}; remove it to train again") from error
    settings = result.get("settings") if isinstance(result, dict) else None
    if isinstance(settings, dict) and isinstance(settings.get("training"), dict):
        # A setting that came later had its default.
        settings = {**settings, "training": {**RESULT_DEFAULTS, **settings["training"]}}
    if settings != planned.settings():
        raise ValueError(f"{file} is not of {planned.label}; remove it to train again")
    return dict(result)
