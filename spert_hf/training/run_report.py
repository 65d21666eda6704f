"""Reports of a run's progress to its log, its tracker, its progress bar and its callbacks."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from accelerate import Accelerator
from transformers import TrainerControl
from transformers.utils import logging

from .arguments import SpertTrainingArguments
from .callbacks import Callbacks, as_logged
from .checkpoints import TrainingState
from .optimizer_step import StepOutcome
from .training_log import TrainingLog, TrainingProgress

logger = logging.get_logger(__name__)


class NonFiniteError(ValueError):
    """Raised when too many steps had a loss or a gradient that is not finite."""


class RunReport:
    """Reports the progress of a run. Call `begin` first, and `open` before anything is added.

    Args:
        callbacks: the run's callbacks.
        accelerator: the run's accelerator.
        arguments: all settings.
        total_steps: number of steps of the whole run.
    """

    def __init__(
        self, callbacks: Callbacks, accelerator: Accelerator, arguments: SpertTrainingArguments, total_steps: int
    ) -> None:
        self._callbacks, self._accelerator = callbacks, accelerator
        self._arguments, self._total_steps = arguments, total_steps

    def begin(self, reached: TrainingState) -> None:
        """Set the run's state, tell the callbacks, and reset what they have asked for.

        Args:
            reached: the state of the run, which is reported from now on as it changes.
        """
        self._reached = reached
        arguments, state = self._arguments, self._callbacks.state
        self._callbacks.control = TrainerControl(should_training_stop=reached.stopped)
        state.max_steps, state.num_train_epochs = self._total_steps, arguments.num_train_epochs
        state.logging_steps, state.save_steps = arguments.logging_steps, arguments.save_steps
        state.train_batch_size = arguments.per_device_train_batch_size
        state.is_local_process_zero = self._accelerator.is_local_main_process
        state.is_world_process_zero = self._accelerator.is_main_process
        state.log_history = [self._logged(entry) for entry in reached.log]

    def open(self, output_dir: Path, step_size: int, show_progress: bool) -> None:
        """Open the log and the progress bar.

        Args:
            output_dir: the folder of the log.
            step_size: number of sentences (or windows of them) in a step.
            show_progress: whether to show the bar.
        """
        self._log = TrainingLog(output_dir, self._reached.log, self._track, active=self._accelerator.is_main_process)
        unit = "windows" if self._arguments.context_window else "sentences"
        self._bar = TrainingProgress(unit, self._total_steps * step_size, self._reached.step * step_size, show_progress)

    def close(self) -> None:
        """Close the progress bar."""
        self._bar.close()

    def call(self, moment: str, **more: Any) -> None:
        """Call the callbacks with the current state, and record it if they ask to end the run."""
        state, reached = self._callbacks.state, self._reached
        state.global_step, state.best_metric = reached.step, reached.best_metric
        state.epoch = self.epoch_at(reached.step)
        control = self._callbacks.call(moment, **more)
        reached.stopped = reached.stopped or control.should_training_stop

    def epoch_at(self, step: int) -> float:
        """Return the number of epochs after a step, as a fraction."""
        return step * self._arguments.num_train_epochs / self._total_steps

    def add(self, entry: dict[str, Any]) -> None:
        """Add an entry to the log, and tell the callbacks."""
        self._log.add(entry)
        logged = self._logged(entry)
        self._callbacks.state.log_history.append(logged)
        self.call("on_log", logs={name: value for name, value in logged.items() if name != "step"})

    def add_step(self, outcome: StepOutcome, suspects: Sequence[str], learning_rate: float) -> None:
        """Log a step if an entry is due or it was skipped.

        Args:
            outcome: the outcome of the step.
            suspects: names of the sentences because of which it was skipped, if it was.
            learning_rate: the learning rate of the next step.

        Raises:
            NonFiniteError: if too many steps were skipped.
        """
        step, control = self._reached.step, self._callbacks.control
        if suspects:
            self._add_skipped(list(suspects))
        elif control.should_log or step % self._arguments.logging_steps == 0 or step == self._total_steps:
            self.add({"step": step, **outcome.losses, "learning_rate": learning_rate})

    def advance(self, sentences: int, outcome: StepOutcome) -> None:
        """Advance the progress bar by the sentences of a step."""
        self._bar.advance(sentences, None if outcome.suspects else outcome.losses["loss"])

    def message(self, text: str) -> None:
        """Show a line above the progress bar."""
        self._bar.message(text)

    def _add_skipped(self, names: list[str]) -> None:
        """Report a skipped step and its sentences, and end the run if too many were skipped."""
        reached, most = self._reached, self._arguments.max_skipped_steps
        reached.skipped_steps += 1
        self.add({"step": reached.step, "skipped": "loss or gradient not finite", "sentences": names})
        report = f"step {reached.step}: loss or gradient not finite in sentences {', '.join(names)}"
        if reached.skipped_steps >= most:
            raise NonFiniteError(
                f"{report}; stopped, as {reached.skipped_steps} steps were skipped (max_skipped_steps)"
            )
        if self._accelerator.is_main_process:
            logger.warning(f"{report}; skipped ({reached.skipped_steps} so far, stopping at {most})")

    def _logged(self, entry: dict[str, Any]) -> dict[str, Any]:
        return {**as_logged(entry), "epoch": self.epoch_at(entry["step"])}

    def _track(self, numbers: dict[str, float], step: int) -> None:
        self._accelerator.log(numbers, step=step)
