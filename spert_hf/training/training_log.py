"""Where losses and scores go: a JSON Lines file, a tracker, and what shows how far a run is."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..progress import Progress

LOG_FILE = "training_log.jsonl"


class TrainingLog:
    """Writes log entries to `training_log.jsonl`, and hands their numbers to a tracker.

    Args:
        output_dir: folder of the run.
        entries: entries of an interrupted run that goes on; the file is written anew with them.
        track: takes the numbers of an entry by name, and its step.
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
        """Log an entry; it has a `step`, and numbers (or, in the file only, anything that JSON has) by name."""
        self.entries.append(entry)
        if self._path is None:
            return
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")
        numbers = {name: value for name, value in entry.items() if name != "step" and isinstance(value, (int, float))}
        if numbers:
            self._track(numbers, entry["step"])


class TrainingProgress:
    """How far a run is, in sentences, with the running mean of the loss; see [`Progress`].

    Args:
        total: sentences of the whole run.
        done: those behind us already.
        active: `False` shows nothing.
    """

    def __init__(self, total: int, done: int, active: bool) -> None:
        self._progress = Progress("training", "sentences", total, done, active)
        self._loss: float | None = None

    def advance(self, sentences: int, loss: float | None) -> None:
        """Move on, and show the loss, if the step has one, as a running mean of about the last 50 steps."""
        if loss is not None:
            self._loss = loss if self._loss is None else 0.98 * self._loss + 0.02 * loss
        self._progress.advance(sentences, None if self._loss is None else f"loss={self._loss:.4f}")

    def message(self, text: str) -> None:
        """Show a line above the bar."""
        self._progress.message(text)

    def close(self) -> None:
        """Leave what is shown as it is."""
        self._progress.close()
