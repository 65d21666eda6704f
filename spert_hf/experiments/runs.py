"""Runs: the settings of a row with one seed (or fold), and the file with the result.

Runs are identified by their settings, not by their table: rows with the same settings share their runs.
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
"""Settings that may be paths, of which a result has only the last part."""

RESULT_DEFAULTS = {name: declared.default for name, declared in settings_deciding("scores").items()}
"""The settings that decide a result, with their defaults."""


@dataclass(frozen=True)
class Run:
    """A training run.

    Args:
        label: a readable name: table, row and seed for which it was first planned.
        group: the settings that decide the result, without the seed (or fold).
        arguments: all training settings, except for paths.
        number: the seed or the fold.
        by_fold: whether `number` is a fold.
        teachers: the runs whose models are its teachers.
    """

    label: str
    group: dict[str, Any]
    arguments: SpertTrainingArguments
    number: int
    by_fold: bool
    teachers: "tuple[Run, ...]" = ()

    @property
    def key(self) -> str:
        """The name of the run: readable settings, a digest of all settings that decide, and the seed or fold."""
        # Only settings that differ from the defaults, so that new settings do not change the names.
        changed = {name: value for name, value in self.group.items() if value != RESULT_DEFAULTS[name]}
        digest = hashlib.sha256(json.dumps(changed, sort_keys=True).encode()).hexdigest()[:10]
        encoder = Path(self.group["encoder"]).name
        folder = f"{self.group['dataset']}-{self.group['eval_split']}-{encoder}-{digest}"
        return f"{folder}/{'fold' if self.by_fold else 'seed'}-{self.number}"

    def result_file(self, results_dir: Path) -> Path:
        """Return the path of its result."""
        return results_dir / RUNS_FOLDER / f"{self.key}.json"


def plan_runs(table: Table, row: Row, encoder: str = DEFAULT_ENCODER, seeds: Iterable[int] | None = None) -> list[Run]:
    """Return the runs of a row, one for each seed (by default, each of the table's seeds)."""
    return [_plan_run(table, row, encoder, number) for number in (table.seeds if seeds is None else seeds)]


def _plan_run(table: Table, row: Row, encoder: str, number: int) -> Run:
    if bool(row.teachers) != bool(row.teacher_seeds) or (row.teachers and (table.by_fold or row.teachers.teachers)):
        raise ValueError(f"{table.name}: {row.label}: teachers need seeds, and must have no folds or teachers")
    settings = {**row_settings(table, row), "encoder": encoder}
    config = settings.get("dataset_config_name")
    teachers = (
        tuple(_plan_run(table, row.teachers, encoder, seed) for seed in row.teacher_seeds) if row.teachers else ()
    )
    if teachers:
        settings["teachers"] = ",".join(teacher.key for teacher in teachers)
    place = {"dataset_config_name": str(config).replace(FOLD, str(number))} if table.by_fold else {"seed": number}
    arguments = SpertTrainingArguments(**{**settings, **place})
    group = {**result_settings(arguments), **({"dataset_config_name": config} if table.by_fold else {"seed": None})}
    name = f"{table.name}: {row.label}, {'fold' if table.by_fold else 'seed'} {number}"
    return Run(name, group, arguments, number, table.by_fold, teachers)


def row_settings(table: Table, row: Row) -> dict[str, Any]:
    """Return the settings of a row that may differ from the paper's, including data set and split.

    Raises:
        ValueError: if its recipe is not valid.
        OSError: if its recipe can't be read.
    """
    recipe = read_recipe(shipped_folder(CARDS_FOLDER) / row.recipe) if row.recipe else {}
    for name in ("encoder", "output_dir", "seed"):
        recipe.pop(name, None)
    return {**table.settings, **recipe, **row.settings, "dataset": table.dataset, "eval_split": table.split}


def result_settings(arguments: SpertTrainingArguments) -> dict[str, Any]:
    """Return the settings that decide a result, without paths of a machine."""
    settings = {name: getattr(arguments, name) for name in RESULT_DEFAULTS}
    settings |= {name: public_name(settings[name]) for name in _PLACES}
    # The last two parts of a teacher's path are the name of its run; an id on the Hub has no more.
    teachers = ["/".join(Path(name).parts[-2:]) for name in arguments.teacher_names()]
    return settings | {"teachers": ",".join(teachers) or None}


def public_name(place: str) -> str:
    """Return the name of a data set or encoder for results: a folder's name without its path, or the Hub id."""
    return Path(place).name if os.path.isabs(place) or Path(place).is_dir() else place  # noqa: PTH117


def read_result(file: Path, run: Run | None = None) -> dict[str, Any] | None:
    """Read the result of a run; return `None` if there is none.

    Args:
        file: the file of the result.
        run: the run that the result must be of, if given.

    Raises:
        ValueError: if it is not a result, or one of another run; the message names the file and the setting.
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
    """Check that recorded settings are those of a run; settings that the record lacks had their defaults.

    Raises:
        ValueError: if a setting differs; the message names the file and the setting.
    """
    for name, wanted in result_settings(run.arguments).items():
        given = recorded.get(name, RESULT_DEFAULTS[name])
        if given != wanted:
            raise ValueError(
                f"{file}: {name}: {given!r} there, but {wanted!r} in {run.label}; remove the file to train again"
            )


def encoders_of(results_dir: Path) -> list[str]:
    """Return the encoders with results, the default one first."""
    files = (results_dir / RUNS_FOLDER).glob("*/*.json")
    found = {result["settings"].get("encoder", DEFAULT_ENCODER) for file in files if (result := read_result(file))}
    return sorted(found, key=lambda name: (name != DEFAULT_ENCODER, name))
