"""A run: the settings of a row with one seed (or fold), and the file that keeps its result.

Runs are known by their settings and not by their table: two rows with the same settings share their runs.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..data.named_datasets import CARDS_FOLDER
from ..resources import shipped_folder
from ..training.arguments import SpertTrainingArguments, read_recipe, settings_deciding
from .tables import DEFAULT_ENCODER, FOLD, Row, Table

RUNS_FOLDER = "runs"
_PLACES = ("dataset", "encoder")
"""Settings that may be folders; a result names only the last part of their path."""

RESULT_DEFAULTS = {name: declared.default for name, declared in settings_deciding("scores").items()}
"""The settings that a result depends on, with their defaults."""


@dataclass(frozen=True)
class Run:
    """One training run.

    Args:
        label: for people: table, row and seed by which it was first asked for.
        group: the settings that decide the result, the seed (or fold) left open.
        arguments: all settings of training, but for where it takes place.
        number: the seed, or the fold.
        by_fold: whether `number` is a fold.
    """

    label: str
    group: dict[str, Any]
    arguments: SpertTrainingArguments
    number: int
    by_fold: bool

    @property
    def key(self) -> str:
        """Name of the run: readable settings, a digest of all that decide, and the seed or fold."""
        # Of what differs from the defaults: a setting that is yet to come leaves the names as they are.
        changed = {name: value for name, value in self.group.items() if value != RESULT_DEFAULTS[name]}
        digest = hashlib.sha256(json.dumps(changed, sort_keys=True).encode()).hexdigest()[:10]
        encoder = Path(self.group["encoder"]).name
        folder = f"{self.group['dataset']}-{self.group['eval_split']}-{encoder}-{digest}"
        return f"{folder}/{'fold' if self.by_fold else 'seed'}-{self.number}"

    def result_file(self, results_dir: Path) -> Path:
        """Where its result is kept."""
        return results_dir / RUNS_FOLDER / f"{self.key}.json"


def plan_runs(table: Table, row: Row, encoder: str = DEFAULT_ENCODER, seeds: Iterable[int] | None = None) -> list[Run]:
    """The runs of a row, one for each of the seeds (by default all of the table's)."""
    return [_plan_run(table, row, encoder, number) for number in (table.seeds if seeds is None else seeds)]


def _plan_run(table: Table, row: Row, encoder: str, number: int) -> Run:
    settings = {**row_settings(table, row), "encoder": encoder}
    config = settings.get("dataset_config_name")
    place = {"dataset_config_name": str(config).replace(FOLD, str(number))} if table.by_fold else {"seed": number}
    arguments = SpertTrainingArguments(**{**settings, **place})
    group = {**result_settings(arguments), **({"dataset_config_name": config} if table.by_fold else {"seed": None})}
    name = f"{table.name}: {row.label}, {'fold' if table.by_fold else 'seed'} {number}"
    return Run(name, group, arguments, number, table.by_fold)


def row_settings(table: Table, row: Row) -> dict[str, Any]:
    """The settings of a row that differ, or may differ, from the paper's; data set and split among them.

    Raises:
        ValueError, OSError: its recipe cannot be read.
    """
    recipe = read_recipe(shipped_folder(CARDS_FOLDER) / row.recipe) if row.recipe else {}
    for name in ("encoder", "output_dir", "seed"):
        recipe.pop(name, None)
    return {**table.settings, **recipe, **row.settings, "dataset": table.dataset, "eval_split": table.split}


def result_settings(arguments: SpertTrainingArguments) -> dict[str, Any]:
    """The settings that a result depends on, with no path of a machine."""
    settings = {name: getattr(arguments, name) for name in RESULT_DEFAULTS}
    return settings | {name: public_name(settings[name]) for name in _PLACES}


def public_name(place: str) -> str:
    """What a data set or encoder is called in a result: a folder's own name, or the id on the Hub."""
    return Path(place).name if os.path.isabs(place) or Path(place).is_dir() else place  # noqa: PTH117


def read_result(file: Path, run: Run | None = None) -> dict[str, Any] | None:
    """Read the result of a run; `None` if there is none.

    Args:
        file: its file.
        run: if given, the run that it must be of.

    Raises:
        ValueError: naming the file, and the setting that is another one where it is of another run.
    """
    try:
        result = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise ValueError(f"{file} is not the result of a run: {error}; remove it to train again") from error
    if not isinstance(result, dict) or not isinstance(result.get("settings"), dict):
        raise ValueError(f"{file} is not the result of a run: has no settings; remove it to train again")
    if run is not None:
        check_settings(file, result["settings"], run)
    return result


def check_settings(file: Path, recorded: Mapping[str, Any], run: Run) -> None:
    """Check that what was recorded is of a run; settings that came later had their default then.

    Raises:
        ValueError: naming the file and the setting.
    """
    for name, wanted in result_settings(run.arguments).items():
        given = recorded.get(name, RESULT_DEFAULTS[name])
        if given != wanted:
            raise ValueError(
                f"{file}: {name}: {given!r} there, but {wanted!r} in {run.label}; remove the file to train again"
            )


def encoders_of(results_dir: Path) -> list[str]:
    """The encoders that there are results for, the default one first."""
    files = (results_dir / RUNS_FOLDER).glob("*/*.json")
    found = {result["settings"].get("encoder", DEFAULT_ENCODER) for file in files if (result := read_result(file))}
    return sorted(found, key=lambda name: (name != DEFAULT_ENCODER, name))
