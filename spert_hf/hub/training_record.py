"""What `training_run.json` tells of how a model came about, as far as a model card shows it."""

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
"""What the Hub calls the tasks: identifier and name."""
_AS_TEXT = "scores_as_text"
"""Of documents read as text; runs of earlier versions have none."""
_WENT_ON_FROM = "went_on_from"
"""The trained model that a run started from, if it did."""

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
    """A training run as it was recorded by the trainer.

    Args:
        run: the content of its `training_run.json`; absolute paths, which tell of a machine and mean nothing
            elsewhere, become file names.

    Raises:
        ValueError: if something is missing or of another type.
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
        self.content = {**run, "settings": _without_places(run["settings"])}
        if before is not None:
            self.content[_WENT_ON_FROM] = _without_places(before)
        self._check()

    def _check(self) -> None:
        """See that all is there that a card shows."""
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
        """Read the record that training has left.

        Raises:
            ValueError: naming the file, if it is not such a record.
        """
        try:
            run = json.loads(path.read_text(encoding="utf-8"))
            if not isinstance(run, dict):
                raise ValueError(must_be("", "an object", type(run).__name__))
            return cls(run)
        except ValueError as error:  # JSON and Unicode have theirs below it
            raise ValueError(f"{path}: {error}; train again, or remove the file") from error

    def write(self, path: Path) -> None:
        """Write the record as JSON."""
        path.write_text(json.dumps(self.content, indent=2) + "\n", encoding="utf-8")

    @property
    def dataset(self) -> str:
        """The data set's name, by which it is loaded."""
        return printable(self.content["dataset"]["name"])

    @property
    def dataset_kind(self) -> str:
        """Where the data set comes from: `package`, `hub` or `local`."""
        return self.content["dataset"]["kind"]

    @property
    def dataset_title(self) -> str:
        """The data set's name for people."""
        card = data_card_of(self.dataset) if self.dataset_kind == "package" else None
        return DatasetCard.load(card).data.pretty_name if card else self.dataset

    @property
    def went_on_from(self) -> list[str]:
        """The trained model that the run started from, its commit and what that was trained on, where they are known.

        Empty if the run started from an encoder.
        """
        before = self.content.get(_WENT_ON_FROM) or {}
        return [printable(str(before.get(name) or "")) for name in ("model", "revision", "dataset")] if before else []

    @property
    def trained_on(self) -> list[str]:
        """The splits that weights were learnt from."""
        return ["train", "dev"] if self.content["settings"]["train_on_dev"] else ["train"]

    @property
    def is_held_out(self) -> bool:
        """Whether the scores are of documents that were not trained on."""
        return self.content["split"] not in self.trained_on

    @property
    def shown_settings(self) -> dict[str, Any]:
        """The settings that say what was trained, without those left open."""
        return {
            name: value
            for name, value in self.content["settings"].items()
            if name not in _NOT_SHOWN and not name.startswith("hub_") and value is not None
        }

    def score_rows(self) -> Iterator[tuple[str, str, Mapping[str, float]]]:
        """Yield task, average and figures in percent; tasks for which there was nothing to find are left out."""
        for task in TASK_NAMES:
            scores = self.content["scores"][task]
            if scores["micro"]["support"]:
                for average in AVERAGES:
                    yield task, average, scores[average]

    def eval_results(self) -> list[EvalResult]:
        """Give the figures as the Hub's `model-index` has them; none of documents that were trained on."""
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
        """Give the rows of a table: what was scored, and its figures."""
        return [
            (f"{TASK_NAMES[task]}, {average}: {TASK_MEANINGS[task]}", *(f"{values[figure]:.2f}" for figure in FIGURES))
            for task, average, values in self.score_rows()
        ]

    def described_scores_as_text(self) -> list[tuple[str, ...]]:
        """Give the rows of a table: a task, its micro F1 on tokens, and on text; none if that was not measured."""
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
    return {
        name: Path(value).name if isinstance(value, str) and os.path.isabs(value) else value  # noqa: PTH117
        for name, value in settings.items()
    }
