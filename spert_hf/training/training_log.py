"""The log of losses and scores (a JSON Lines file and a tracker), and the progress bar of a run."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..progress import Progress

LOG_FILE = "training_log.jsonl"


class TrainingLog:
    """Writes log entries to `training_log.jsonl`, and sends their numbers to a tracker.

    Args:
        output_dir: the run's output folder.
        entries: entries of an interrupted run that is resumed; the file is written anew with them.
        track: called with the numbers of an entry, by name, and its step.
        active: `False` on all processes but one.
    """

    def __init__(
        self,
        output_dir: Path,
        entries: list[dict[str, Any]],
        track: Callable[[dict[str, float], int], None],
        active: bool,
    ) -> None:
        self.entries = entries
        self._path = output_dir / LOG_FILE if active else None
        self._track = track
        if self._path is not None:
            output_dir.mkdir(parents=True, exist_ok=True)
            self._path.write_text("".join(json.dumps(entry) + "\n" for entry in entries), encoding="utf-8")

    def add(self, entry: dict[str, Any]) -> None:
        """Log an entry.

        Args:
            entry: a `step`, and numbers by name. Other JSON values are allowed, but only the file has them.
        """
        self.entries.append(entry)
        if self._path is None:
            return
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")
        numbers = {name: value for name, value in entry.items() if name != "step" and isinstance(value, (int, float))}
        if numbers:
            self._track(numbers, entry["step"])


class TrainingProgress:
    """The progress of a run in sentences (or windows of them), with a running mean of the loss; see [`Progress`].

    Args:
        unit: what is counted: `sentences` or `windows`.
        total: number of sentences of the whole run.
        done: number of sentences that are done already.
        active: whether to show anything.
    """

    def __init__(self, unit: str, total: int, done: int, active: bool) -> None:
        self._progress = Progress("training", unit, total, done, active)
        self._loss: float | None = None

    def advance(self, sentences: int, loss: float | None) -> None:
        """Advance the progress bar.

        Args:
            sentences: number of sentences of a step.
            loss: its loss, if finite; shown as a running mean of about the last 50 steps.
        """
        if loss is not None:
            self._loss = loss if self._loss is None else 0.98 * self._loss + 0.02 * loss
        self._progress.advance(sentences, None if self._loss is None else f"loss={self._loss:.4f}")

    def message(self, text: str) -> None:
        """Show a line above the bar."""
        self._progress.message(text)

    def close(self) -> None:
        """Close the progress bar, which stays on the screen."""
        self._progress.close()
