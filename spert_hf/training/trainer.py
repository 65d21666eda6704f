"""The training loop, over Accelerate."""

import json
import shutil
import signal
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from os import PathLike, fspath
from pathlib import Path
from time import perf_counter
from typing import Any, NoReturn

import torch
from accelerate import Accelerator
from accelerate.utils import broadcast_object_list
from transformers import PreTrainedTokenizerBase, TrainerControl, TrainerState
from transformers.utils import logging

from ..data.documents import Document
from ..data.in_memory import DocumentSource, check_source
from ..data.loading import Splits, load_documents
from ..evaluating import types_of
from ..evaluation import EvaluationResult
from ..files.atomic import RUN_FILE
from ..files.model_folder import model_output, remove_unfinished, write_model, write_whole
from ..files.ownership import owned_folder
from ..model.messages import must_be
from ..model.modeling_spert import SpertModel
from ..model.processing_spert import SpertProcessor
from ..model.setting_checks import check_keywords
from .accelerator import make_accelerator, share_of_cores, start_tracker, stop_trackers
from .adapters import adapted_model, finished_model, has_adapters, is_of_peft, save_weights, take_best
from .arguments import SpertTrainingArguments
from .batches import BatchMaker, digest_examples, epoch_batches, warn_of_long_entities
from .best_model import BEST_FOLDER, forget_best_if_lost, note_score
from .borrowed_process import BorrowedProcess
from .busy_cores import BusyCores, OpenMPWaits
from .callbacks import Callbacks, Given, check_callbacks
from .checkpoints import (
    LATEST,
    TrainingState,
    find_checkpoint,
    list_checkpoints,
    load_checkpoint,
    save_checkpoint,
)
from .given_data import gather_splits, name_data
from .given_model import GivenModel, check_model, take_model
from .interruption import StopRequest, TrainingInterruptedError
from .objective import Objective
from .optimization import make_optimizer, make_schedule
from .optimizer_step import OptimizerStep
from .output_folder import make_room
from .preparation import (
    checked_settings,
    examples_to_train,
    rows_to_train,
    split_to_score,
    training_documents,
    with_recipe,
)
from .recipes import RecipeChoice
from .run_record import describe_run
from .run_report import NonFiniteError, RunReport
from .scoring import Scorer
from .start import Start, make_start
from .teachers import Teachers, check_teachers

logger = logging.get_logger(__name__)

__all__ = ["BEST_FOLDER", "NonFiniteError", "SpertTrainer", "TrainingResult"]
_KEYWORDS = (
    *("model", "args", "train_dataset", "eval_dataset", "processing_class", "callbacks", "show_progress", "recipe"),
)


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

    model: SpertModel = field(repr=False)
    processor: SpertProcessor = field(repr=False)
    output_dir: Path
    split: str
    scores: EvaluationResult
    scores_as_text: EvaluationResult


class SpertTrainer:
    """Trains a [`SpertModel`] as the paper does, or as the arguments say otherwise.

    ```python
    from spert_hf import SpertTrainer, SpertTrainingArguments

    documents = [
        {
            "tokens": ["Ada", "Lund", "lives", "in", "Oslo", "."],
            "entities": [{"type": "Peop", "start": 0, "end": 2}, {"type": "Loc", "start": 4, "end": 5}],
            "relations": [{"type": "Live_In", "head": 0, "tail": 1}],
        }
    ]
    trainer = SpertTrainer(
        model="FacebookAI/roberta-base",
        args=SpertTrainingArguments(output_dir="checkpoints/mine", num_train_epochs=2),
        train_dataset=documents,
    )
    result = trainer.train()
    print(result.scores)
    ```

    The process is left as it was: random states, torch's threads, signal handlers and logging. A stop that is asked for
    while `train` runs in the main thread (Ctrl-C, a notebook's *interrupt*, SIGTERM) saves a checkpoint and raises
    [`TrainingInterruptedError`].

    Args:
        model: what is trained. The name or folder of a pretrained encoder gets fresh classifiers; those of a SpERT
            model keep its weights and settings (but for settings of `args` that are not the default). A `SpertModel`
            is trained in place, for its own types, as is one within a `PeftModel` of `peft`, whose adapters are then
            what is trained and saved. Default: what `args` says.
        args: all settings. Default: [`SpertTrainingArguments`] as they are.
        train_dataset: the name of a data set of the package or of the Hub, a folder, a file, a list of documents
            (`Document`, or mappings in SpERT's JSON form), or a `datasets.Dataset`; see [`load_documents`]. Types are
            taken from the data where no model says them. Default: what `args` says.
        eval_dataset: what is scored while training, in any of these forms. Default: the data set's dev split. Documents
            in memory have none.
        processing_class: tokenizer of a `SpertModel`, or a `SpertProcessor`, whose tokenizer is taken (how words are
            cut follows from the model's config). Default: that of where the model came from.
        callbacks: transformers' `TrainerCallback` objects, or their classes. In a run of several processes they have
            to ask for the same in all of them.
        show_progress: tell how far the run is (on the main process): a bar in a terminal, else a line a minute.
        recipe: the name of a measured recipe, or `"auto"` for the one whose data are most like the training documents;
            the attribute `recipe` says which and why. Settings of `args` that differ from their defaults are kept, as
            are those of a SpERT model. Default: none, so that all settings are those of `args`.
        unknown: nothing; a misspelt keyword is named, with the one that it is most like.

    Raises:
        TypeError: if an argument is of a wrong type, or there is none of its name.
        ValueError: if settings contradict each other, or documents are not valid.
        ImportError: if the tracker of `report_to` is not installed.
    """

    def __init__(
        self,
        model: Any = None,
        args: SpertTrainingArguments | None = None,
        train_dataset: DocumentSource | Splits | None = None,
        eval_dataset: DocumentSource | None = None,
        processing_class: PreTrainedTokenizerBase | SpertProcessor | None = None,
        callbacks: Given = (),
        show_progress: bool = True,
        recipe: str | RecipeChoice | None = None,
        **unknown: Any,
    ) -> None:
        check_keywords(unknown, _KEYWORDS, "SpertTrainer")
        args = checked_settings(args, train_dataset, eval_dataset, recipe)
        model = adapted_model(model) if is_of_peft(model) else model
        check_model(model, processing_class)
        callbacks = check_callbacks(() if callbacks is None else callbacks)
        args, given = take_model(model, processing_class, args)
        types = types_of(given.model.config) if given else None
        self.splits = gather_splits(args, train_dataset, eval_dataset, types)
        keeps_model = given is not None or args.model is not None
        args, self.recipe = with_recipe(recipe, args, self.splits, keeps_model=keeps_model)
        self.args = name_data(args, train_dataset, self.splits)
        self.final_split = split_to_score(self.args.eval_split, self.splits)
        self.output_dir = Path(self.args.output_dir)
        self.stop_request = StopRequest()
        self.accelerator: Accelerator = make_accelerator(self.args)
        self.show_progress = show_progress and self.accelerator.is_main_process
        self._process = BorrowedProcess(self.args.seed)
        with self._process.borrowed():
            self._prepare(given)
        self.reached = TrainingState(run=self._identify_run())
        self.resumed_at_step = 0
        self._saved: tuple[int, Path | None] = (0, None)
        self._record: dict[str, Any] | None = None
        objects = {"processing_class": self.processor, "optimizer": self.optimizer, "lr_scheduler": self.schedule}
        self._callbacks = Callbacks(callbacks, self.args, model=self.model, **objects)
        self._report = RunReport(self._callbacks, self.accelerator, self.args, self.total_steps)
        self._report.begin(self.reached)
        self._report.call("on_init_end")

    @property
    def state(self) -> TrainerState:
        """How far the run is, as transformers' trainer tells it."""
        return self._callbacks.state

    @property
    def control(self) -> TrainerControl:
        """What callbacks have asked for."""
        return self._callbacks.control

    def train(self, resume_from_checkpoint: str | PathLike[str] | bool | None = None) -> TrainingResult:
        """Train, score the model, and save it in `args.output_dir`; nothing is uploaded, which [`push_to_hub`] does.

        Args:
            resume_from_checkpoint: folder of a checkpoint to go on from; `"latest"` or `True` is the last one in the
                output folder, `False` none. Default: what `args` says.

        Raises:
            TrainingInterruptedError: if the run was asked to stop; it has saved a checkpoint.
            NonFiniteError: if too many steps were skipped.
            ValueError: if another run is writing to the output folder, or has left there what may not be replaced; or
                if this trainer has trained before, and is not told from which checkpoint to go on.
        """
        self._choose_checkpoint(resume_from_checkpoint)
        self.stop_request = StopRequest()
        with self._process.borrowed(), self.stop_request, self._own_output(), self._busy_cores:
            if self.accelerator.is_main_process:
                remove_unfinished(self.output_dir)
            self._resume()
            first_step = self.reached.log[-1]["step"] + 1 if self.reached.log else None
            start_tracker(self.accelerator, self.args, first_step)
            self._report.open(self.output_dir, len(self.epoch_steps(0)[0]), self.show_progress)
            started = perf_counter()
            try:
                self._train_epochs()
            finally:
                self._report.close()
                stop_trackers(self.accelerator)
            result = self._finish(perf_counter() - started)
            self._report.call("on_train_end")
            return result

    def evaluate(self, eval_dataset: DocumentSource | None = None) -> EvaluationResult:
        """Score the model as it is, in whatever processes there are, on the data's own tokens.

        Args:
            eval_dataset: documents in any form that the trainer takes; of a data set its dev split. Default: those that
                are scored while training.

        Raises:
            ValueError: if there are no documents, or they are not valid.
        """
        if eval_dataset is None:
            documents = self.splits.dev
            if not documents:
                raise ValueError(must_be("eval_dataset", "given, as the trainer has none", "none"))
        else:
            check_source("eval_dataset", eval_dataset)
            documents = load_documents(eval_dataset, "dev", types=self.splits.schema)
        with self._process.borrowed():
            return self._score(documents)

    def save_model(self, output_dir: str | PathLike[str] | None = None) -> None:
        """Save the model as it is, with its tokenizer, and after training with the record of the run.

        Args:
            output_dir: a folder. Default: that of `args`, where `train` has saved it already.

        Raises:
            ValueError: if another model is there that may not be replaced (`overwrite`).
        """
        folder = self.output_dir if output_dir is None else Path(output_dir)
        if self.accelerator.is_main_process:
            own = self.output_dir if self._record else None
            with model_output("output_dir", folder, overwrite=self.args.overwrite, own=own):
                write_model(folder, partial(self._save, self._own_model()))
        self.accelerator.wait_for_everyone()

    def push_to_hub(self, repo_id: str | None = None, *, token: str | None = None, private: bool | None = None) -> str:
        """Upload the trained model in `args.output_dir` as one commit, with its card and the code that it needs.

        Args:
            repo_id: repository on the Hub, made if there is none. Default: `hub_model_id` of `args`, else the output
                folder's name.
            token: for the Hub. Default: `hub_token` of `args`, else that of `hf auth login`.
            private: make a new repository private. Default: `hub_private_repo` of `args`.

        Returns:
            The repository's address; nothing in other processes than the main one, which alone uploads.

        Raises:
            ValueError: if nothing was trained yet.
            PublishingError: if the Hub refuses or can't be reached; the model stays saved.
        """
        from ..hub.publishing import publish_model

        if not self._record:
            raise ValueError("push_to_hub must come after train(): the model is not trained")
        if not self.accelerator.is_main_process:
            return ""
        return publish_model(
            self.output_dir,
            repo_id or self.args.hub_model_id or self.output_dir.name,
            token=token or self.args.hub_token,
            private=self.args.hub_private_repo if private is None else private,
        )

    def close(self) -> None:
        """Let go of the model in training, and take leave of the other processes; nothing can be done after that.

        Processes that leave without may crash. And a group that a wrapped model is the last to hold is freed with
        Python's lock held, which then waits for a thread that may wait for that lock: so the model goes first.
        """
        del self.model, self.optimizer, self.take_step, self._embedding_rows, self._callbacks, self._report
        self.accelerator.free_memory()
        self.accelerator.end_training()

    def epoch_steps(self, epoch: int) -> list[list[int]]:
        """Examples of each step of an epoch.

        They do not depend on how a step is spread over processes and accumulation.
        """
        arguments, processes = self.args, self.accelerator.num_processes
        global_batch = arguments.per_device_train_batch_size * arguments.gradient_accumulation_steps * processes
        steps = epoch_batches(self.lengths, global_batch, arguments.seed, epoch, arguments.group_by_length, self.copies)
        if len(steps[0]) < processes:  # all that an epoch has
            raise ValueError(
                f"dataset: {len(steps[0])} training sentences are too few for {processes} processes, which need at "
                "least one each"
            )
        return steps

    def _prepare(self, given: GivenModel | None) -> None:
        """Make the model ready, and all that its steps need."""
        arguments = self.args
        threads = 1
        if self.accelerator.device.type == "cpu":
            threads = arguments.cpu_threads or share_of_cores(self.accelerator.num_processes)
            self._process.take_threads(threads)
        self._busy_cores = BusyCores(OpenMPWaits(threads))
        documents = training_documents(self.splits, arguments)
        check_teachers(arguments, self.splits.schema)
        self._start: Start = make_start(arguments, self.splits.schema, documents, given)
        self.tokenizer, model, self.reading, self.continuation = self._start
        self.processor = SpertProcessor.for_config(self.tokenizer, model.config)
        if self.accelerator.is_main_process:
            warn_of_long_entities(documents, arguments.max_span_size)
        self._scorer = Scorer(self.accelerator, self.tokenizer, self.processor, arguments)
        self.examples, self.copies = examples_to_train(documents, self.splits.schema, self.processor, arguments)
        self.batches = BatchMaker(self.examples, self.processor, arguments.sampling_settings(), arguments.seed)
        self.lengths = self.batches.lengths
        teachers = None
        if arguments.teachers:
            teachers = Teachers(self.accelerator, arguments, documents, self.splits.schema, self.examples)
        self._taught_by = teachers.describe() if teachers else []
        self.total_steps = len(self.epoch_steps(0)) * arguments.num_train_epochs
        optimizer = make_optimizer(model, arguments)
        # Accelerate steps a prepared schedule once a process; ours counts steps of the global batch.
        self.schedule = make_schedule(optimizer, arguments, self.total_steps)
        self.model, self.optimizer = self.accelerator.prepare(model, optimizer)
        embeddings = self._own_model().encoder.get_input_embeddings()
        self._embedding_rows = rows_to_train(
            self.accelerator, embeddings, self.optimizer, self.tokenizer, self.examples
        )
        self.take_step = OptimizerStep(
            self.accelerator,
            self.model,
            self.optimizer,
            self.schedule,
            self.batches,
            arguments.per_device_train_batch_size,
            arguments.max_grad_norm,
            Objective(arguments.consistency_weight, arguments.teacher_weight),
            self._embedding_rows,
            teachers,
        )
        if self.accelerator.process_index:  # each process draws dropout of its own
            torch.manual_seed(arguments.seed + self.accelerator.process_index)

    @contextmanager
    def _own_output(self) -> Iterator[None]:
        """Own the output folder, which the main process sees to; all of them leave if it can't be had."""
        with ExitStack() as stack:
            refusal: list[ValueError | OSError | None] = [None]
            if self.accelerator.is_main_process:
                try:
                    stack.enter_context(owned_folder("output_dir", self.output_dir))
                    make_room(self.output_dir, self.args, self.reached.run)
                except (ValueError, OSError) as error:
                    refusal = [error]
            (refused,) = broadcast_object_list(refusal)
            if refused is not None:
                raise refused
            yield

    def _own_model(self) -> SpertModel:
        """The model itself, which Accelerate may have wrapped."""
        model: SpertModel = self.accelerator.unwrap_model(self.model)
        return model

    def _choose_checkpoint(self, given: str | PathLike[str] | bool | None) -> None:
        """Have the settings say what to go on from.

        Raises:
            ValueError: if it is to be nothing, though this trainer has trained.
        """
        if given is not None:
            named = (LATEST if given else None) if isinstance(given, bool) else fspath(given)
            self.args = replace(self.args, resume_from_checkpoint=named)
        if self.reached.step and self.args.resume_from_checkpoint is None:
            raise ValueError(
                must_be(
                    "resume_from_checkpoint",
                    f"a checkpoint or 'latest', as this trainer has taken {self.reached.step} steps",
                    "none (a new trainer starts afresh)",
                )
            )

    def _resume(self) -> None:
        """Put the run back to the checkpoint that it is to go on from, if there is one."""
        named = self.args.resume_from_checkpoint
        folder = find_checkpoint(named, self.output_dir, self.reached.run) if named else None
        if folder is not None:
            self.reached = load_checkpoint(self.accelerator, self.model, self.optimizer, self.schedule, folder)
            if self._embedding_rows:
                self._embedding_rows.restore()
            self._callbacks.restore(self.reached.callbacks)
            self._saved = (self.reached.step, folder)
            self.resumed_at_step = self.reached.step
            self._forget_best_model_if_lost()
        self._report.begin(self.reached)

    def _forget_best_model_if_lost(self) -> None:
        reached = self.reached
        reason = forget_best_if_lost(reached, self.args.measure_of_best_model(), self.output_dir)
        if reason and self.accelerator.is_main_process:
            logger.warning(f"the best model of the epochs before step {reached.step} is not considered: {reason}")

    def _train_epochs(self) -> None:
        """Take the passes that are still to be taken, until the last or until a callback ends the run."""
        reached = self.reached
        self._report.call("on_train_begin")
        while reached.epoch < self.args.num_train_epochs and not (reached.stopped and not reached.step_in_epoch):
            self._train_epoch()
            self._callbacks.forget_requests()
            self._report.call("on_epoch_end")
            every = self.args.eval_every_epochs
            if self.control.should_evaluate or (every and (reached.epoch + 1) % every == 0):
                self._evaluate_dev()
            reached.epoch += 1
            reached.step_in_epoch, reached.epoch_stopped = 0, False
            if self.control.should_save:  # now, so that a run that goes on from it begins with the next pass
                self._save_checkpoint()

    def _train_epoch(self) -> None:
        """Take the steps of one pass that are still to be taken."""
        reached = self.reached
        self.control.should_epoch_stop = False
        self._report.call("on_epoch_begin")
        if reached.evaluation_due:
            self._evaluate_dev()
        self.model.train()
        for indices in self.epoch_steps(reached.epoch)[reached.step_in_epoch :]:
            if reached.stopped or reached.epoch_stopped:
                break
            self._take_step(indices)

    def _take_step(self, indices: Sequence[int]) -> None:
        """Take one step, log and save what is due, and leave if the run is asked to stop."""
        reached, every = self.reached, self.args.save_steps
        self._callbacks.forget_requests()
        self._report.call("on_step_begin")
        outcome = self.take_step(indices, reached.epoch, self.stop_request.signal_number > 0)
        reached.step += 1
        reached.step_in_epoch += 1
        self._report.call("on_step_end")
        names = list(dict.fromkeys(self.examples[index].name for index in outcome.suspects))
        self._report.add_step(outcome, names, float(self.schedule.get_last_lr()[0]))
        self._report.advance(len(indices), outcome)
        self._busy_cores.look()
        if self.control.should_evaluate:
            reached.evaluation_due = True
            self._evaluate_dev()
            self.model.train()
        reached.epoch_stopped = self.control.should_epoch_stop
        if self.control.should_save or (every and reached.step % every == 0):
            self._save_checkpoint()
        if outcome.stop_asked:
            self._stop()

    def _evaluate_dev(self) -> None:
        """Score the dev split, if there is one, and keep the model if it is the best so far."""
        reached, arguments = self.reached, self.args
        if self.splits.dev:
            scores = self._score(self.splits.dev).to_flat_dict()
            self._report.add({"step": reached.step, **{f"dev_{name}": value for name, value in scores.items()}})
            self._report.message(
                f"epoch {reached.epoch + 1}: dev NER F1 {scores['ner_f1']:.2f}, REL F1 {scores['rel_f1']:.2f}, "
                f"REL+ F1 {scores['rel_plus_f1']:.2f} (micro)"
            )
            score = scores[arguments.metric_for_best_model]
            metrics = {f"eval_{name}": value for name, value in scores.items()}
            self._report.call("on_evaluate", metrics={**metrics, "epoch": self._report.epoch_at(reached.step)})
            measure = arguments.measure_of_best_model() if arguments.load_best_model_at_end else None
            if note_score(reached, score, measure):
                if self.accelerator.is_main_process:
                    write_whole(self.output_dir / BEST_FOLDER, partial(save_weights, self._own_model()))
                self.state.best_model_checkpoint = str(self.output_dir / BEST_FOLDER)
                self.accelerator.wait_for_everyone()
        reached.evaluation_due = False

    def _score(self, documents: Sequence[Document]) -> EvaluationResult:
        """Score the model in training on documents.

        Raises:
            TrainingInterruptedError: if the run was asked to stop.
        """
        return self._unless_stopped(self._scorer.score(self._own_model(), documents, self.stop_request))

    def _unless_stopped(self, result: EvaluationResult | None) -> EvaluationResult:
        """A result, which there is unless the run was asked to stop."""
        if result is None:
            self._stop()
        return result

    def _stop(self) -> NoReturn:
        """Save a checkpoint, if this step has none yet, and leave."""
        step, folder = self._saved
        if step != self.reached.step or folder is None:
            folder = self._save_checkpoint()
        raise TrainingInterruptedError(self.stop_request.signal_number or signal.SIGTERM, folder)

    def _finish(self, seconds: float) -> TrainingResult:
        """Take the best model if asked to, score it once as those who load it will run it, and save it."""
        own: SpertModel = self.accelerator.unwrap_model(self.model, keep_fp32_wrapper=False)  # not in mixed precision
        has_best = self.args.load_best_model_at_end and self.reached.best_score is not None
        best = self.output_dir / BEST_FOLDER if has_best else None
        model = finished_model(own, best).to(self.accelerator.device)
        documents = getattr(self.splits, self.final_split)
        scores = self._unless_stopped(self._scorer.score(model, documents, self.stop_request))
        scores_as_text = self._unless_stopped(self._scorer.score_as_text(model, documents, self.stop_request))
        measured: dict[str, Any] = {"split": self.final_split, "seconds": round(seconds, 1)}
        measured["resumed_at_step"] = self.resumed_at_step  # from which on the seconds are counted
        measured["taught_by"] = self._taught_by
        measured["recipe"] = self.recipe.to_dict() if self.recipe else None
        self._record = describe_run(
            self.args, self.splits, self._start, self.reached, self.accelerator, (scores, scores_as_text), **measured
        )
        if best is not None:
            take_best(own, model, best)  # now that no checkpoint of the training is saved any more
            self.accelerator.wait_for_everyone()
        if self.accelerator.is_main_process:
            write_model(self.output_dir, partial(self._save, own))
            # Who resumes from a checkpoint may need the best model before it.
            if best is not None and not list_checkpoints(self.output_dir):
                shutil.rmtree(best, ignore_errors=True)
        self.accelerator.wait_for_everyone()
        usable = (model if has_adapters(own) else own).eval()
        return TrainingResult(usable, self.processor, self.output_dir, self.final_split, scores, scores_as_text)

    def _save(self, model: SpertModel, folder: Path) -> None:
        save_weights(model, folder)
        self.tokenizer.save_pretrained(folder)
        if self._record:
            (folder / RUN_FILE).write_text(json.dumps(self._record, indent=2) + "\n", encoding="utf-8")

    def _identify_run(self) -> dict[str, Any]:
        """What decides how the run goes."""
        return {
            **self.args.decisive_settings(),
            "processes": self.accelerator.num_processes,
            "training data": digest_examples(self.examples),
            **({"teachers": [teacher["sha256"] for teacher in self._taught_by]} if self._taught_by else {}),
        }

    def _save_checkpoint(self) -> Path:
        self.reached.callbacks = self._callbacks.to_dict()
        folder = save_checkpoint(
            self.accelerator,
            self.model,
            self.optimizer,
            self.schedule,
            self.reached,
            self.output_dir,
            self.args.save_total_limit,
        )
        self._saved = (self.reached.step, folder)
        self._report.call("on_save")
        return folder
