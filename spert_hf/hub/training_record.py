"""The part of `training_run.json` that a model card shows."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from huggingface_hub import DatasetCard, EvalResult

from ..data.named_datasets import data_card_of
from ..evaluation.report import TASK_MEANINGS, TASK_NAMES
from ..model.card import printable
from ..model.messages import must_be

AVERAGES = ("micro", "macro")
FIGURES = {"precision": "precision", "recall": "recall", "f1": "F1"}
HUB_TASKS = {
    "ner": ("token-classification", "Named entity recognition"),
    "rel": ("relation-extraction", "Relation extraction"),
    "rel_plus": ("relation-extraction", "Relation extraction"),
}
"""The Hub's identifiers and names of the tasks."""
_AS_TEXT = "scores_as_text"
"""Scores of documents read as raw text; runs of earlier versions have none."""
_WENT_ON_FROM = "went_on_from"
"""The trained model that a run fine-tuned, if there was one."""
_RECIPE = "recipe"
"""The measured recipe that a run took settings from, and why; runs of earlier versions have none."""

_TEACHERS = "teachers"
"""The setting that names several folders or Hub ids."""

_NEEDED: dict[str, type | tuple[type, ...]] = {
    "settings": dict,
    "dataset": dict,
    "documents": dict,
    "split": str,
    "scores": dict,
    "steps": int,
    "seconds": (int, float),
    "device": str,
    "processes": int,
    "finished": str,
    "versions": dict,
}
_RECORDED = "what training records there"
# Settings that say where things were and how they were run, but not what was trained. By hand: they are declared a
# layer above, and their kinds draw other lines. `revision` makes another model, but has a place of its own on the card;
# `data_dir` is of the same kind as `dataset`; and `save_steps` or `logging_steps`, which make no other model, are
# shown, so that a run can be repeated as it was.
_NOT_SHOWN = ("output_dir", "resume_from_checkpoint", "report_to", "revision", "data_dir", "cpu_threads", "push_to_hub")


class TrainingRecord:
    """A training run as recorded by the trainer.

    Args:
        run: the content of its `training_run.json`; absolute paths, which mean nothing on another machine, are reduced
            to file names.

    Raises:
        ValueError: a value is missing or of the wrong type.
    """

    def __init__(self, run: Mapping[str, Any]) -> None:
        for name, kind in _NEEDED.items():
            if not isinstance(run.get(name), kind):
                raise ValueError(must_be(name, _RECORDED, repr(run.get(name))))
        if not isinstance(run.get(_AS_TEXT, {}), dict):
            raise ValueError(must_be(_AS_TEXT, f"absent or {_RECORDED}", repr(run[_AS_TEXT])))
        before = run.get(_WENT_ON_FROM)
        if before is not None and not (isinstance(before, dict) and isinstance(before.get("model"), str)):
            raise ValueError(must_be(_WENT_ON_FROM, f"absent or {_RECORDED}", repr(before)))
        recipe = run.get(_RECIPE)
        if recipe is not None and not (
            isinstance(recipe, dict) and all(isinstance(recipe.get(name), str) for name in ("file", "reason"))
        ):
            raise ValueError(must_be(_RECIPE, f"absent or {_RECORDED}", repr(recipe)))
        self.content = {**run, "settings": _without_places(run["settings"])}
        if before is not None:
            self.content[_WENT_ON_FROM] = _without_places(before)
        self._check()

    def _check(self) -> None:
        """Check that everything a card shows is present."""
        try:
            self.described_scores()
            self.described_scores_as_text()
            self._results()
            counts = [self.content["documents"][split] for split in self.trained_on]
            counted = all(isinstance(count, int) for count in [*counts, self.content["scores"]["documents"]])
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(
                f"dataset, documents, scores, {_AS_TEXT} or settings lack what training records there: {error!r}"
            ) from error
        if not counted:
            raise ValueError(must_be("documents", "integers", repr(counts)))

    @classmethod
    def from_file(cls, path: Path) -> TrainingRecord:
        """Read `training_run.json`.

        Args:
            path: the file.

        Raises:
            ValueError: the file is not such a record.
        """
        try:
            run = json.loads(path.read_text(encoding="utf-8"))
            if not isinstance(run, dict):
                raise ValueError(must_be("", "an object", type(run).__name__))
            return cls(run)
        except ValueError as error:  # includes JSON and Unicode errors
            raise ValueError(f"{path}: {error}; train again, or remove the file") from error

    def write(self, path: Path) -> None:
        """Write the record as JSON."""
        path.write_text(json.dumps(self.content, indent=2) + "\n", encoding="utf-8")

    @property
    def dataset(self) -> str:
        """The name by which the data set is loaded."""
        return printable(self.content["dataset"]["name"])

    @property
    def dataset_kind(self) -> str:
        """Where the data set comes from: `package`, `hub` or `local`."""
        return self.content["dataset"]["kind"]

    @property
    def dataset_title(self) -> str:
        """The display name of the data set."""
        card = data_card_of(self.dataset) if self.dataset_kind == "package" else None
        return DatasetCard.load(card).data.pretty_name if card else self.dataset

    @property
    def went_on_from(self) -> list[str]:
        """The trained model that the run fine-tuned, its commit and its training data, each `""` if unknown.

        Empty if the run started from a pre-trained encoder.
        """
        before = self.content.get(_WENT_ON_FROM) or {}
        return [printable(str(before.get(name) or "")) for name in ("model", "revision", "dataset")] if before else []

    @property
    def recipe(self) -> tuple[str, str] | None:
        """The file of the recipe that settings were taken from, and why; `None` without one."""
        recipe = self.content.get(_RECIPE)
        return (printable(recipe["file"]), printable(recipe["reason"])) if recipe else None

    @property
    def trained_on(self) -> list[str]:
        """The splits used for training."""
        return ["train", "dev"] if self.content["settings"]["train_on_dev"] else ["train"]

    @property
    def is_held_out(self) -> bool:
        """Whether the evaluated documents were not used for training."""
        return self.content["split"] not in self.trained_on

    @property
    def shown_settings(self) -> dict[str, Any]:
        """The settings to show on a card: those that describe the model and are not `None`."""
        return {
            name: value
            for name, value in self.content["settings"].items()
            if name not in _NOT_SHOWN and not name.startswith("hub_") and value is not None
        }

    def score_rows(self) -> Iterator[tuple[str, str, Mapping[str, float]]]:
        """Yield task, average and scores in percent; tasks without gold annotations are skipped."""
        for task in TASK_NAMES:
            scores = self.content["scores"][task]
            if scores["micro"]["support"]:
                for average in AVERAGES:
                    yield task, average, scores[average]

    def eval_results(self) -> list[EvalResult]:
        """Return the scores in the format of the Hub's `model-index`; empty if the documents were used for training."""
        return self._results() if self.is_held_out else []

    def _results(self) -> list[EvalResult]:
        dataset = self.content["dataset"]
        return [
            EvalResult(
                task_type=HUB_TASKS[task][0],
                task_name=HUB_TASKS[task][1],
                dataset_type=self.dataset,
                dataset_name=self.dataset_title,
                dataset_config=dataset["config"],
                dataset_split=self.content["split"],
                dataset_revision=dataset["revision"],
                metric_type=figure,
                metric_name=f"{TASK_NAMES[task]} {average} {FIGURES[figure]} (%)",
                metric_value=round(values[figure], 2),
                metric_args={"average": average},
            )
            for task, average, values in self.score_rows()
            for figure in FIGURES
        ]

    def described_scores(self) -> list[tuple[str, ...]]:
        """Return the rows of a table: task and average, precision, recall, F1."""
        return [
            (f"{TASK_NAMES[task]}, {average}: {TASK_MEANINGS[task]}", *(f"{values[figure]:.2f}" for figure in FIGURES))
            for task, average, values in self.score_rows()
        ]

    def described_scores_as_text(self) -> list[tuple[str, ...]]:
        """Return the rows of a table: task, micro F1 on tokens, on raw text; empty if the latter is unknown."""
        if _AS_TEXT not in self.content:
            return []
        as_text = {task: self.content[_AS_TEXT][task]["micro"]["f1"] for task in TASK_NAMES}
        if not all(isinstance(f1, (int, float)) for f1 in as_text.values()):
            raise ValueError(must_be(f"{_AS_TEXT}: F1", "a number for each score", repr(as_text)))
        return [
            (TASK_NAMES[task], f"{values['f1']:.2f}", f"{as_text[task]:.2f}")
            for task, average, values in self.score_rows()
            if average == "micro"
        ]


def _without_places(settings: Mapping[str, Any]) -> dict[str, Any]:
    shown = {name: _without_place(value) if isinstance(value, str) else value for name, value in settings.items()}
    if isinstance(settings.get(_TEACHERS), str):
        shown[_TEACHERS] = ",".join(_without_place(name.strip()) for name in settings[_TEACHERS].split(","))
    return shown


def _without_place(value: str) -> str:
    return Path(value).name if os.path.isabs(value) else value  # noqa: PTH117
