"""Carries out runs: trains each by the command `train` in a separate process, and stores its result in a file."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import yaml
from accelerate import PartialState
from transformers import AutoTokenizer

from ..data.loading import Splits, load_splits
from ..evaluation.report import TASK_NAMES
from ..files.atomic import RUN_FILE, write_atomically
from ..files.ownership import take_lock
from ..hub.training_record import TrainingRecord
from ..model.modeling_spert import SpertModel
from ..model.processing_spert import SpertProcessor
from ..progress import SECONDS_BETWEEN_LINES
from ..training.accelerator import share_of_cores
from ..training.arguments import SpertTrainingArguments
from ..training.checkpoints import LATEST, list_checkpoints
from ..training.interruption import EXPERIMENT_VARIABLE
from .analyses import ANALYSES
from .runs import Run, check_settings, read_result, result_settings

SETTINGS_FILE = "settings.yaml"
LOG_FILE = "train.log"
_LAST_LINES = 3
"""Number of lines of a failed run's log that are shown."""
_PAUSE = 0.1
"""Seconds between checks for the end of a run."""
_COPIED = (
    *("documents", "split", "scores", "steps", "skipped_steps", "resumed_at_step", "seconds", "device"),
    *("processes", "finished"),
)


class RunFailedError(RuntimeError):
    """Raised if one or more runs failed."""


@dataclass(frozen=True)
class Workplace:
    """Where and how runs are carried out.

    Args:
        results_dir: the folder of results.
        work_dir: the folder of checkpoints and trained models.
        data_dir: the folder with local copies of the data set's sources, if any.
        jobs: number of runs at a time; they share the cores.
        save_steps: number of steps between checkpoints.
        keep_models: whether to keep trained models; those of teachers are kept in any case, as other runs need them.
    """

    results_dir: Path
    work_dir: Path
    data_dir: str | None = None
    jobs: int = 1
    save_steps: int = 500
    keep_models: bool = False


def missing_runs(runs: Iterable[Run], results_dir: Path, analyses: Iterable[str] = ()) -> list[Run]:
    """Return the distinct runs without a result, or without one of the analyses.

    Args:
        runs: the runs.
        results_dir: the folder of results.
        analyses: names of analyses that results must have.

    Raises:
        ValueError: if a result has other settings; the message names it.
    """
    wanted = set(analyses)
    results = {run.key: (run, read_result(run.result_file(results_dir), run)) for run in runs}
    return [run for run, result in results.values() if result is None or not wanted <= set(result["analyses"])]


def unreadable_data_sets(runs: Iterable[Run], data_dir: str | None) -> dict[str, str]:
    """Read each data set of the runs in one of its configurations, and return the errors by name.

    So each error is reported once, not by each run that would start and fail.
    """
    faults = {}
    for name, run in {run.arguments.dataset: run for run in runs}.items():
        try:
            _load_splits(run, data_dir)
        except (OSError, ValueError) as error:
            faults[name] = str(error)
    return faults


def _load_splits(run: Run, data_dir: str | None) -> Splits:
    arguments = run.arguments
    return load_splits(
        arguments.dataset,
        data_dir=data_dir,
        config_name=arguments.dataset_config_name,
        self_relations=arguments.self_relations,
    )


class Runner:
    """Carries out runs, several at a time, until all are done or it is interrupted.

    Args:
        workplace: where and how to carry out runs.
        report: called with a line when a run starts and when it is done, from several threads.
        show_progress: whether to show the progress bar of the current run, if there is one at a time.
    """

    def __init__(self, workplace: Workplace, report: Callable[[str], None], show_progress: bool = False) -> None:
        self.workplace = workplace
        self.report = report
        self.show_progress = show_progress and workplace.jobs == 1
        self._stop = threading.Event()
        self._teachers: dict[str, Run] = {}

    def carry_out(self, runs: Sequence[Run]) -> None:
        """Carry out runs, and before them those of their teachers; if one fails, others are still carried out.

        Raises:
            RunFailedError: if runs failed; the message names each with the reason.
            KeyboardInterrupt: if interrupted, after the current runs have saved a checkpoint.
        """
        self._teachers = {teacher.key: teacher for run in runs for teacher in run.teachers}
        others = [run for run in runs if run.key not in self._teachers]
        count = len(self._teachers) + len(others)
        failed = self._carry_out_all(list(self._teachers.values()), 1, count)
        taught = [run for run in others if not any(teacher.key in failed for teacher in run.teachers)]
        failed |= {run.key: f"{run.label}: not begun, as a teacher failed" for run in others if run not in taught}
        failed |= self._carry_out_all(taught, 1 + len(self._teachers), count)
        if failed:
            raise RunFailedError("\n".join(failed.values()))

    def _carry_out_all(self, runs: Sequence[Run], first: int, count: int) -> dict[str, str]:
        """Carry out runs that do not wait for each other, and return the reasons of those that failed, by key.

        Args:
            runs: the runs.
            first: the number of the first among all runs.
            count: the number of all runs.
        """
        with ThreadPoolExecutor(self.workplace.jobs) as pool:
            futures = [pool.submit(self._carry_out, run, place, count) for place, run in enumerate(runs, first)]
            try:
                while not all(future.done() for future in futures):
                    sleep(_PAUSE)
            except KeyboardInterrupt:
                self._stop.set()
                pool.shutdown(cancel_futures=True)
                raise
        ends = zip(runs, (future.exception() for future in futures), strict=True)
        return {run.key: f"{run.label}: {error}" for run, error in ends if error is not None}

    def _carry_out(self, run: Run, place: int, count: int) -> None:
        """Train the model unless it is trained already, analyse it and write the result."""
        if self._stop.is_set():
            return
        folder = self.workplace.work_dir / run.key
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _locked(folder, self._stop) as lock:
            name = f"[{place}/{count}] {run.label}"
            if self._stop.is_set():
                return
            folder.mkdir(exist_ok=True)
            teaches = run.key in self._teachers
            done = not missing_runs([run], self.workplace.results_dir, ANALYSES)
            if done and not teaches:
                self.report(f"{name}: done by another command")
                return
            if not (folder / RUN_FILE).is_file():
                self.report(f"{name}: {'resuming' if list_checkpoints(folder) else 'training'} in {folder}")
                self._train(run, folder, lock, name)
            if self._stop.is_set() or done:
                return
            result = make_result(run, folder, self.workplace)
            write_result(run.result_file(self.workplace.results_dir), result)
            scores = ", ".join(f"{TASK_NAMES[task]} {result['scores'][task]['micro']['f1']:.2f}" for task in TASK_NAMES)
            self.report(f"{name}: done in {result['seconds']:.0f} s; micro F1: {scores}")
            if not self.workplace.keep_models and not teaches:
                shutil.rmtree(folder)

    def _train(self, run: Run, folder: Path, lock: int, name: str) -> None:
        """Train in a separate process, which is stopped if this one is, and report its progress each minute.

        Raises:
            RunFailedError: if the process fails; the message has the last lines of its log.
        """
        command = _training_command(run, folder, self.workplace)
        with (folder / LOG_FILE).open("a", encoding="utf-8") as log:
            process = subprocess.Popen(
                command,
                stdout=log,
                stderr=None if self.show_progress else log,
                env={**os.environ, EXPERIMENT_VARIABLE: run.key},
                start_new_session=True,  # Ctrl-C reaches only this process, which passes it on once
                # Also held by the run: if this process is killed, the next one waits until the run has saved and ended.
                pass_fds=(lock,) if os.name == "posix" else (),
            )
        asked = False
        told = monotonic()
        while process.poll() is None:
            if not self.show_progress and monotonic() - told >= SECONDS_BETWEEN_LINES:
                told = monotonic()
                self.report(f"{name}: {_last_line(folder / LOG_FILE)}")
            if self._stop.is_set() and not asked:
                process.send_signal(signal.SIGTERM)
                asked = True
            sleep(_PAUSE)
        if process.returncode and not self._stop.is_set():
            with (folder / LOG_FILE).open(encoding="utf-8", errors="replace") as log:
                last = deque(log, _LAST_LINES)
            raise RunFailedError(
                f"ended with exit code {process.returncode}; {folder / LOG_FILE} ends\n{''.join(last).rstrip()}"
            )


def _last_line(log: Path) -> str:
    """Return the last line of a run's log, which shows its progress."""
    with log.open(encoding="utf-8", errors="replace") as lines:
        last = deque((line.strip() for line in lines if line.strip()), 1)
    return last[0] if last else "nothing logged yet"


def make_result(run: Run, folder: Path, workplace: Workplace) -> dict[str, Any]:
    """Return the result of a trained run: its record without paths of this machine, and its analyses.

    Args:
        run: the run.
        folder: the folder of its model.
        workplace: where it was carried out.

    Raises:
        ValueError: if the model in the folder has other settings.
    """
    content = TrainingRecord.from_file(folder / RUN_FILE).content
    # Without the folders of teachers it would not tell which runs they are.
    teachers = json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))["settings"].get("teachers")
    recorded = SpertTrainingArguments(**{**content["settings"], "teachers": teachers})
    check_settings(folder / RUN_FILE, result_settings(recorded), run)
    return {
        "settings": result_settings(recorded),
        "dataset": content["dataset"],
        **{name: content[name] for name in _COPIED},
        "threads": recorded.cpu_threads,
        "versions": content["versions"],
        "analyses": _analyse(run, folder, workplace.data_dir),
    }


def write_result(file: Path, result: Mapping[str, Any]) -> None:
    """Write a result to its file, atomically."""
    file.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(file, [json.dumps(result, indent=1, ensure_ascii=False), "\n"])


def _analyse(run: Run, folder: Path, data_dir: str | None) -> dict[str, Any]:
    """Compute all analyses of the trained model on the split that it was scored on."""
    model = SpertModel.from_pretrained(folder).to(PartialState().device).eval()
    processor = SpertProcessor.for_config(AutoTokenizer.from_pretrained(folder), model.config)
    documents = getattr(_load_splits(run, data_dir), run.arguments.eval_split)
    return {name: analyse(model, processor, documents) for name, analyse in ANALYSES.items()}


def _training_command(run: Run, folder: Path, workplace: Workplace) -> list[str]:
    """Return the command that trains or resumes a run, after writing its settings to a file in the folder."""
    arguments = replace(
        run.arguments,
        output_dir=str(folder),
        data_dir=workplace.data_dir,
        save_steps=workplace.save_steps,
        save_total_limit=1,
        resume_from_checkpoint=LATEST,
        cpu_threads=share_of_cores(workplace.jobs),
    )
    if run.teachers:
        arguments.teachers = ",".join(str(workplace.work_dir / teacher.key) for teacher in run.teachers)
    settings = {name: value for name, value in asdict(arguments).items() if value is not None}
    file = folder / SETTINGS_FILE
    file.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    return [sys.executable, "-m", "spert_hf.cli.main", "train", "--config", str(file)]


@contextmanager
def _locked(folder: Path, stop: threading.Event) -> Iterator[int]:
    """Lock a run, after waiting until no other command carries it out or this one is asked to stop.

    The lock file is next to the run's folder, which is removed when the run is done.

    Yields:
        The lock's file descriptor; -1 if asked to stop.
    """
    lock = folder.with_name(f".{folder.name}.lock")
    while (stream := take_lock(lock)) is None:
        if stop.is_set():
            yield -1
            return
        sleep(_PAUSE)
    with stream:
        try:
            yield stream.fileno()
        finally:
            lock.unlink(missing_ok=True)
