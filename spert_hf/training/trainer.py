"""The training loop, over Accelerate."""

import json
import os
import platform
import shutil
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, timezone
from functools import partial
from operator import itemgetter
from pathlib import Path
from time import perf_counter
from typing import Any, NoReturn

import accelerate
import torch
import transformers
from accelerate import Accelerator
from accelerate.utils import InitProcessGroupKwargs, broadcast_object_list, gather_object, set_seed
from transformers.utils import logging

from .. import __version__ as spert_hf_version
from ..data.documents import Document
from ..data.files import RUN_FILE
from ..data.loading import Splits
from ..data.model_folder import remove_unfinished, write_model, write_whole
from ..data.ownership import owned_folder
from ..evaluation import EvaluationResult
from ..evaluation.model_evaluation import predict_documents, score_predictions
from ..evaluation.text_evaluation import predict_as_text, score_text_predictions
from ..model.modeling_spert import SpertModel
from ..model.pipeline_spert import SpertPipeline
from ..model.processing_spert import SpertProcessor
from .adapters import finished_model, save_finished, save_weights
from .allocator import keep_freed_memory
from .arguments import SpertTrainingArguments
from .batches import BatchMaker, digest_examples, epoch_batches, make_examples, warn_of_long_entities
from .checkpoints import (
    TrainingState,
    find_checkpoint,
    list_checkpoints,
    load_checkpoint,
    save_checkpoint,
)
from .embedding_rows import EmbeddingRows
from .interruption import StopAskedError, StopRequest, TrainingInterruptedError
from .letter_case_copies import Copies, copy_documents
from .optimization import make_optimizer, make_schedule
from .optimizer_step import OptimizerStep, StepOutcome
from .output_folder import make_room
from .start import make_start
from .training_log import TrainingLog, TrainingProgress

logger = logging.get_logger(__name__)

BEST_FOLDER = "best"
EVAL_BATCHES = 8
"""Batches that are predicted together; sentences are sorted by length among them."""


class NonFiniteError(ValueError):
    """Too many steps had a loss or a gradient that is not finite."""


@dataclass
class TrainingResult:
    """A finished run.

    Args:
        model: the trained model, in evaluation mode.
        processor: of its tokenizer.
        output_dir: where it is saved.
        split: what the final scores were measured on, as the setting `eval_split` says.
        scores: the final scores.
        scores_as_text: those of the same documents read as text, as users give it.
    """

    model: SpertModel
    processor: SpertProcessor
    output_dir: Path
    split: str
    scores: EvaluationResult
    scores_as_text: EvaluationResult


class Trainer:
    """Trains a [`SpertModel`] as the paper does, or as the arguments say otherwise.

    Args:
        arguments: all settings.
        splits: checked documents and their types.
        show_progress: tell how far the run is (on the main process): a bar in a terminal, else a line a minute.
    """

    def __init__(self, arguments: SpertTrainingArguments, splits: Splits, show_progress: bool = True) -> None:
        self.arguments = arguments
        self.splits = splits
        self.final_split = _final_split(arguments.eval_split, splits)
        self.output_dir = Path(arguments.output_dir)
        self.stop_request = StopRequest()
        timeout = InitProcessGroupKwargs(timeout=timedelta(seconds=arguments.ddp_timeout))
        self.accelerator = Accelerator(mixed_precision=arguments.mixed_precision, kwargs_handlers=[timeout])
        if arguments.fp16 and self.accelerator.device.type == "cpu" and self.accelerator.scaler is None:
            # Accelerate would compute in single precision and not say so.
            raise ValueError("fp16: given True, which takes a GPU; allowed on a CPU bf16")
        self.show_progress = show_progress and self.accelerator.is_main_process
        if self.accelerator.device.type == "cpu":
            torch.set_num_threads(arguments.cpu_threads or share_of_cores(self.accelerator.num_processes))
            keep_freed_memory()
        set_seed(arguments.seed)
        start = make_start(arguments, splits.schema, self._training_documents())
        self.tokenizer, model, self.reading, self.continuation = start
        self.processor = SpertProcessor.for_config(self.tokenizer, model.config)
        if self.accelerator.is_main_process:
            warn_of_long_entities(self._training_documents(), arguments.max_span_size)
        self.examples = make_examples(self._training_documents(), splits.schema, self.processor)
        self.copies = self._add_copies()
        self.batches = BatchMaker(self.examples, self.processor, arguments.sampling_settings(), arguments.seed)
        self.lengths = self.batches.lengths
        self.total_steps = len(self.epoch_steps(0)) * arguments.num_train_epochs
        optimizer = make_optimizer(model, arguments)
        # Accelerate steps a prepared schedule once a process; ours counts steps of the global batch.
        self.schedule = make_schedule(optimizer, arguments, self.total_steps)
        self.model, self.optimizer = self.accelerator.prepare(model, optimizer)
        self._embedding_rows = self._make_embedding_rows()
        self.take_step = OptimizerStep(
            self.accelerator,
            self.model,
            self.optimizer,
            self.schedule,
            self.batches,
            arguments.per_device_train_batch_size,
            arguments.max_grad_norm,
            self._embedding_rows,
        )
        self.state = TrainingState(run=self._identify_run())
        self.resumed_at_step = 0
        self._saved: tuple[int, Path | None] = (0, None)
        if self.accelerator.process_index:  # each process draws dropout of its own
            torch.manual_seed(arguments.seed + self.accelerator.process_index)

    def train(self) -> TrainingResult:
        """Train, evaluate, save.

        Raises:
            TrainingInterruptedError: if the run was asked to stop; it has saved a checkpoint.
            NonFiniteError: if too many steps were skipped.
            ValueError: if another run is writing to the output folder, or has left there what may not be replaced.
        """
        with self.stop_request, self._own_output():
            if self.accelerator.is_main_process:
                remove_unfinished(self.output_dir)
            self._resume()
            log = TrainingLog(
                self.output_dir,
                self.state.log,
                tensorboard=self.arguments.report_to == "tensorboard",
                active=self.accelerator.is_main_process,
            )
            bar = TrainingProgress(
                self.total_steps * len(self.epoch_steps(0)[0]),
                self._sentences_behind(),
                self.show_progress,
            )
            started = perf_counter()
            try:
                while self.state.epoch < self.arguments.num_train_epochs:
                    self._train_epoch(log, bar)
                    self._evaluate_epoch(log, bar)
                    self.state.epoch += 1
                    self.state.step_in_epoch = 0
            finally:
                bar.close()
                log.close()
            return self._finish(perf_counter() - started)

    @contextmanager
    def _own_output(self) -> Iterator[None]:
        """Own the output folder, which the main process sees to; all of them leave if it can't be had."""
        with ExitStack() as stack:
            refusal: list[ValueError | OSError | None] = [None]
            if self.accelerator.is_main_process:
                try:
                    stack.enter_context(owned_folder("output_dir", self.output_dir))
                    make_room(self.output_dir, self.arguments, self.state.run)
                except (ValueError, OSError) as error:
                    refusal = [error]
            (refused,) = broadcast_object_list(refusal)
            if refused is not None:
                raise refused
            yield

    def close(self) -> None:
        """Let go of the model in training, and take leave of the other processes; nothing can be done after that.

        Processes that leave without may crash. And a group that a wrapped model is the last to hold is freed with
        Python's lock held, which then waits for a thread that may wait for that lock: so the model goes first.
        """
        del self.model, self.optimizer, self.take_step, self._embedding_rows
        self.accelerator.free_memory()
        self.accelerator.end_training()

    def _add_copies(self) -> list[Copies]:
        """Put behind the examples those in other letter case, all that may ever be drawn.

        Returns:
            Where they are among the examples, and how many an epoch has.
        """
        arguments, copies = self.arguments, []
        for change, share in ((str.lower, arguments.lower_case_copies), (str.upper, arguments.upper_case_copies)):
            if share:
                documents = copy_documents(self._training_documents(), change)
                first = len(self.examples)
                self.examples += make_examples(documents, self.splits.schema, self.processor)
                copies.append(Copies.of_share(range(first, len(self.examples)), share))
        return copies

    def _make_embedding_rows(self) -> EmbeddingRows | None:
        """Have word embeddings trained by rows where only we look at gradients, and where it is quicker."""
        embeddings = self.accelerator.unwrap_model(self.model).encoder.get_input_embeddings()
        only_ours = self.accelerator.num_processes == 1 and self.accelerator.scaler is None
        if not only_ours or self.accelerator.device.type != "cpu" or not EmbeddingRows.possible(embeddings):
            return None
        filling = {0, *self.tokenizer.all_special_ids}  # padding, and what fills up packed sequences
        met = filling.union(*(example.words.input_ids for example in self.examples))
        return EmbeddingRows(embeddings, self.optimizer, torch.tensor(sorted(met)))

    def _resume(self) -> None:
        """Put the run back to the checkpoint that it is to go on from, if there is one."""
        named = self.arguments.resume_from_checkpoint
        folder = find_checkpoint(named, self.output_dir, self.state.run) if named else None
        if folder is not None:
            self.state = load_checkpoint(self.accelerator, self.model, self.optimizer, self.schedule, folder)
            if self._embedding_rows:
                self._embedding_rows.restore()
            self._saved = (self.state.step, folder)
            self.resumed_at_step = self.state.step
            self._check_best_model()

    def _check_best_model(self) -> None:
        """Begin the search for the best model anew where that of the resumed run is not at hand or not comparable."""
        state, measure = self.state, self.arguments.measure_of_best_model()
        if state.best_score is None:
            return
        if state.best_measure != measure:
            reason = f"it was chosen by {state.best_measure}, not by {measure}"
        elif not (self.output_dir / BEST_FOLDER).is_dir():
            reason = f"{self.output_dir} has none"
        else:
            return
        state.best_score = None
        if self.accelerator.is_main_process:
            logger.warning(f"the best model of the epochs before step {state.step} is not considered: {reason}")

    def _train_epoch(self, log: TrainingLog, bar: TrainingProgress) -> None:
        """Take the steps of one pass that are still to be taken."""
        state, every = self.state, self.arguments.save_steps
        self.model.train()
        for indices in self.epoch_steps(state.epoch)[state.step_in_epoch :]:
            outcome = self.take_step(indices, state.epoch, self.stop_request.signal_number > 0)
            state.step += 1
            state.step_in_epoch += 1
            if outcome.suspects:
                self._report_skipped(outcome, log)
            elif state.step % self.arguments.logging_steps == 0 or state.step == self.total_steps:
                log.add({"step": state.step, **outcome.losses, "learning_rate": self.schedule.get_last_lr()[0]})
            bar.advance(len(indices), None if outcome.suspects else outcome.losses["loss"])
            if every and state.step % every == 0:
                self._save_checkpoint()
            if outcome.stop_asked:
                self._stop()

    def _report_skipped(self, outcome: StepOutcome, log: TrainingLog) -> None:
        """Say which step was skipped, over which sentences; stop the run if it is one too many."""
        state, most = self.state, self.arguments.max_skipped_steps
        state.skipped_steps += 1
        names = list(dict.fromkeys(self.examples[index].name for index in outcome.suspects))
        log.add({"step": state.step, "skipped": "loss or gradient not finite", "sentences": names})
        report = f"step {state.step}: loss or gradient not finite in sentences {', '.join(names)}"
        if state.skipped_steps >= most:
            raise NonFiniteError(f"{report}; stopped, as {state.skipped_steps} steps were skipped (max_skipped_steps)")
        if self.accelerator.is_main_process:
            logger.warning(f"{report}; skipped ({state.skipped_steps} so far, stopping at {most})")

    def _evaluate_epoch(self, log: TrainingLog, bar: TrainingProgress) -> None:
        """Score the dev split if this epoch is one to do so, and keep the model if it is the best so far."""
        epoch, every = self.state.epoch + 1, self.arguments.eval_every_epochs
        if not self.splits.dev or not every or epoch % every:
            return
        scores = self.evaluate(self.splits.dev).to_flat_dict()
        log.add({"step": self.state.step, **{f"dev_{name}": value for name, value in scores.items()}})
        bar.message(
            f"epoch {epoch}: dev NER F1 {scores['ner_f1']:.2f}, REL F1 {scores['rel_f1']:.2f}, "
            f"REL+ F1 {scores['rel_plus_f1']:.2f} (micro)"
        )
        score = scores[self.arguments.metric_for_best_model]
        if self.arguments.load_best_model_at_end and (self.state.best_score is None or score > self.state.best_score):
            self.state.best_score = score
            self.state.best_measure = self.arguments.measure_of_best_model()
            if self.accelerator.is_main_process:
                write_whole(
                    self.output_dir / BEST_FOLDER, partial(save_weights, self.accelerator.unwrap_model(self.model))
                )
            self.accelerator.wait_for_everyone()

    def evaluate(self, documents: Sequence[Document], model: SpertModel | None = None) -> EvaluationResult:
        """Score documents, each by one process; with another model than the one in training, if one is given.

        Raises:
            TrainingInterruptedError: if the run was asked to stop.
        """
        model = (self.accelerator.unwrap_model(self.model) if model is None else model).eval()
        predictions = self._predict(model, documents, partial(predict_documents, model, self.processor))
        return score_predictions(model, documents, predictions, self.arguments.no_overlapping)

    def evaluate_as_text(self, documents: Sequence[Document], model: SpertModel) -> EvaluationResult:
        """Score a model on documents that it reads as its users' texts, each by one process; see [`score_as_text`].

        Raises:
            TrainingInterruptedError: if the run was asked to stop.
        """
        pipe = SpertPipeline(model=model.eval(), tokenizer=self.tokenizer, device=model.device)
        predictions = self._predict(model, documents, partial(predict_as_text, pipe))
        return score_text_predictions(pipe, documents, predictions, self.arguments.no_overlapping)

    def _predict(
        self,
        model: SpertModel,
        documents: Sequence[Document],
        predict: Callable[[Sequence[Document], int], list[dict[str, Any]]],
    ) -> list[dict[str, Any]]:
        """Predict documents, each by one process.

        Args:
            model: by which they are predicted.
            documents: the same in all processes.
            predict: gives the predictions of some of them, at a batch size.

        Returns:
            One prediction a document, in all processes.

        Raises:
            TrainingInterruptedError: if the run was asked to stop.
        """
        batch_size = self.arguments.per_device_eval_batch_size
        mine = range(self.accelerator.process_index, len(documents), self.accelerator.num_processes)
        numbered: list[tuple[int, dict[str, Any]]] = []
        # Before each batch, for a document may have many, and a model that knows nothing finds much in each.
        with suppress(StopAskedError), self.stop_request.heeded_by(model):
            for first in range(0, len(mine), batch_size * EVAL_BATCHES):
                part = mine[first : first + batch_size * EVAL_BATCHES]
                numbered += zip(part, predict([documents[index] for index in part], batch_size), strict=True)
        everyones = sorted(
            gather_object(numbered) if self.accelerator.num_processes > 1 else numbered, key=itemgetter(0)
        )
        if len(everyones) < len(documents):  # a process broke off, which all of them see here
            self._stop()
        return [prediction for _, prediction in everyones]

    def _stop(self) -> NoReturn:
        """Save a checkpoint, if this step has none yet, and leave."""
        step, folder = self._saved
        if step != self.state.step or folder is None:
            folder = self._save_checkpoint()
        raise TrainingInterruptedError(self.stop_request.signal_number or signal.SIGTERM, folder)

    def _finish(self, seconds: float) -> TrainingResult:
        """Take the best model if asked to, score it once as those who load it will run it, and save it."""
        trained = self.accelerator.unwrap_model(self.model, keep_fp32_wrapper=False)  # no longer in mixed precision
        has_best = self.arguments.load_best_model_at_end and self.state.best_score is not None
        best = self.output_dir / BEST_FOLDER if has_best else None
        model = finished_model(trained, best).to(self.accelerator.device)
        documents = getattr(self.splits, self.final_split)
        scores, scores_as_text = self.evaluate(documents, model), self.evaluate_as_text(documents, model)
        if self.accelerator.is_main_process:
            run = self._describe_run(scores, scores_as_text, seconds)
            write_model(
                self.output_dir, lambda folder: self._save(partial(save_finished, trained, model, best), folder, run)
            )
            # Who resumes from a checkpoint may need the best model before it.
            if best is not None and not list_checkpoints(self.output_dir):
                shutil.rmtree(best, ignore_errors=True)
        self.accelerator.wait_for_everyone()
        return TrainingResult(model.eval(), self.processor, self.output_dir, self.final_split, scores, scores_as_text)

    def _save(self, save_weights_to: Callable[[Path], None], folder: Path, run: dict[str, Any]) -> None:
        save_weights_to(folder)
        self.tokenizer.save_pretrained(folder)
        (folder / RUN_FILE).write_text(json.dumps(run, indent=2) + "\n", encoding="utf-8")

    def _identify_run(self) -> dict[str, Any]:
        """What decides how the run goes."""
        return {
            **self.arguments.decisive_settings(),
            "processes": self.accelerator.num_processes,
            "training data": digest_examples(self.examples),
        }

    def _describe_run(
        self, scores: EvaluationResult, scores_as_text: EvaluationResult, seconds: float
    ) -> dict[str, Any]:
        """What was done and measured, for the model card and for whoever repeats it."""
        settings = asdict(self.arguments)
        del settings["hub_token"]
        return {
            "settings": settings,
            "dataset": {"name": self.splits.name, **asdict(self.splits.origin)},
            "documents": {name: len(getattr(self.splits, name)) for name in ("train", "dev", "test")},
            "split": self.final_split,
            "scores": scores.to_dict(),
            "scores_as_text": scores_as_text.to_dict(),
            "text_reading": self.reading.reading.to_dict(),
            "steps": self.state.step,
            "skipped_steps": self.state.skipped_steps,
            "went_on_from": self.continuation.to_dict() if self.continuation else None,
            "resumed_at_step": self.resumed_at_step,  # from which on the seconds are counted
            "seconds": round(seconds, 1),
            "device": str(self.accelerator.device),
            "processes": self.accelerator.num_processes,
            "finished": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "versions": {
                "spert_hf": spert_hf_version,
                "python": platform.python_version(),
                "torch": torch.__version__,
                "transformers": transformers.__version__,
                "accelerate": accelerate.__version__,
            },
        }

    def _training_documents(self) -> list[Document]:
        documents = [*self.splits.train, *(self.splits.dev if self.arguments.train_on_dev else [])]
        if not documents:
            raise ValueError(f"dataset: {self.splits.name} has no training documents")
        return documents

    def epoch_steps(self, epoch: int) -> list[list[int]]:
        """Examples of each step of an epoch.

        They do not depend on how a step is spread over processes and accumulation.
        """
        arguments, processes = self.arguments, self.accelerator.num_processes
        global_batch = arguments.per_device_train_batch_size * arguments.gradient_accumulation_steps * processes
        steps = epoch_batches(self.lengths, global_batch, arguments.seed, epoch, arguments.group_by_length, self.copies)
        if len(steps[0]) < processes:  # all that an epoch has
            raise ValueError(
                f"dataset: {len(steps[0])} training sentences are too few for {processes} processes, allowed one "
                "or more a process"
            )
        return steps

    def _sentences_behind(self) -> int:
        """Sentences that the steps so far went over."""
        return self.state.step * len(self.epoch_steps(0)[0])

    def _save_checkpoint(self) -> Path:
        folder = save_checkpoint(
            self.accelerator,
            self.model,
            self.optimizer,
            self.schedule,
            self.state,
            self.output_dir,
            self.arguments.save_total_limit,
        )
        self._saved = (self.state.step, folder)
        return folder


def _final_split(asked: str, splits: Splits) -> str:
    """The split that the trained model is scored on."""
    filled = [name for name in ("test", "dev", "train") if getattr(splits, name)]
    if asked == "auto":
        return filled[0]
    if asked not in filled:
        raise ValueError(
            f"eval_split: given {asked!r}, which {splits.name} has no documents for; allowed {', '.join(filled)}"
        )
    return asked


def share_of_cores(processes: int) -> int:
    """Cores for each of a machine's processes; `accelerate launch` by itself leaves a process only one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores // processes)
