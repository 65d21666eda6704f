"""The training loop, over Accelerate."""

import json
import os
import platform
import shutil
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from time import perf_counter
from typing import Any

import accelerate
import torch
import transformers
from accelerate import Accelerator
from accelerate.utils import gather_object, set_seed
from torch import Tensor
from transformers import AutoConfig, AutoTokenizer, PreTrainedTokenizerBase

from .. import __version__ as spert_hf_version
from ..data.documents import Document
from ..data.loading import Splits
from ..evaluation import EvaluationResult
from ..evaluation.model_evaluation import predict_documents, score_predictions
from ..model.configuration_spert import SpertConfig
from ..model.modeling_spert import SpertModel
from ..model.processing_spert import SpertProcessor
from .arguments import SpertTrainingArguments
from .batches import BatchMaker, TrainingExample, candidate_counts, epoch_batches, grouped, make_examples
from .checkpoints import TrainingState, find_checkpoint, load_checkpoint, save_checkpoint, write_whole
from .encoders import find_encoder
from .optimization import make_optimizer, make_schedule
from .training_log import ProgressBar, TrainingLog

RUN_FILE = "training_run.json"
BEST_FOLDER = "best"


@dataclass
class TrainingResult:
    """A finished run.

    Args:
        model: the trained model, in evaluation mode.
        processor: of its tokenizer.
        output_dir: where it is saved.
        split: what the final scores were measured on: `"test"`, or `"dev"` where there is no test split.
        scores: the final scores.
    """

    model: SpertModel
    processor: SpertProcessor
    output_dir: Path
    split: str
    scores: EvaluationResult


class Trainer:
    """Trains a [`SpertModel`] as the paper does, or as the arguments say otherwise.

    Args:
        arguments: all settings.
        splits: checked documents and their types.
        show_progress: draw a progress bar (on the main process).
    """

    def __init__(self, arguments: SpertTrainingArguments, splits: Splits, show_progress: bool = True) -> None:
        self.arguments = arguments
        self.splits = splits
        self.output_dir = Path(arguments.output_dir)
        self.accelerator = Accelerator(mixed_precision=arguments.mixed_precision)
        self.show_progress = show_progress and self.accelerator.is_main_process
        if self.accelerator.device.type == "cpu":
            torch.set_num_threads(arguments.cpu_threads or _share_of_cores(self.accelerator.num_processes))
        set_seed(arguments.seed)
        self.tokenizer, model = _make_model(arguments, splits)
        self.processor = SpertProcessor(self.tokenizer, model.config.max_sequence_length)
        examples = self._training_examples()
        self.batches = BatchMaker(examples, self.processor, arguments.sampling_settings(), arguments.seed)
        self.lengths = [len(example.words.input_ids) for example in examples]
        self.steps_per_epoch = len(self._epoch_groups(0))
        self.total_steps = self.steps_per_epoch * arguments.num_train_epochs
        optimizer = make_optimizer(model, arguments)
        # Accelerate steps a prepared schedule once a process; ours counts steps of the global batch.
        self.schedule = make_schedule(optimizer, arguments, self.total_steps)
        self.model, self.optimizer = self.accelerator.prepare(model, optimizer)
        self.state = TrainingState()

    def train(self) -> TrainingResult:
        """Train, evaluate, save."""
        if self.arguments.resume_from_checkpoint:
            folder = find_checkpoint(self.arguments.resume_from_checkpoint, self.output_dir)
            self.state = load_checkpoint(self.accelerator, self.model, self.optimizer, self.schedule, folder)
        log = TrainingLog(
            self.output_dir,
            self.state.log,
            tensorboard=self.arguments.report_to == "tensorboard",
            active=self.accelerator.is_main_process,
        )
        sentences_per_step = self._sentences_per_epoch() / self.steps_per_epoch
        bar = ProgressBar(
            self._sentences_per_epoch() * self.arguments.num_train_epochs,
            round(self.state.step * sentences_per_step),
            self.show_progress,
        )
        started = perf_counter()
        try:
            while self.state.epoch < self.arguments.num_train_epochs:
                self._train_epoch(log, bar)
                self._evaluate_epoch(log, bar)
        finally:
            bar.close()
            log.close()
        return self._finish(perf_counter() - started)

    def _train_epoch(self, log: TrainingLog, bar: ProgressBar) -> None:
        """Take the steps of one pass that are still to be taken."""
        state, every = self.state, self.arguments.save_steps
        self.model.train()
        for group in self._epoch_groups(state.epoch)[state.step_in_epoch :]:
            losses = self._step(group)
            state.step += 1
            state.step_in_epoch += 1
            bar.advance(sum(map(len, group)), losses["loss"])
            if state.step % self.arguments.logging_steps == 0 or state.step == self.total_steps:
                log.add({"step": state.step, **losses, "learning_rate": self.schedule.get_last_lr()[0]})
            if every and state.step % every == 0:
                self._save_checkpoint()
        state.epoch += 1
        state.step_in_epoch = 0

    def _step(self, group: Sequence[list[int]]) -> dict[str, float]:
        """Take one optimizer step over a group of batches: `gradient_accumulation_steps` of them on each process.

        Each batch's losses are weighted by its share of the group's candidates, so that the step is that of one large
        batch, however it is spread over processes and accumulation.
        """
        rank, processes = self.accelerator.process_index, self.accelerator.num_processes
        everywhere = [self.batches(indices, self.state.epoch) for indices in group]
        spans, pairs = (sum(counts) for counts in zip(*map(candidate_counts, everywhere), strict=True))
        mine = everywhere[rank::processes]
        totals = torch.zeros(2, device=self.accelerator.device)
        for number, batch in enumerate(mine):
            last = number == len(mine) - 1
            with nullcontext() if last else self.accelerator.no_sync(self.model):
                entity_loss, relation_loss = self._weighted_losses(batch, spans, pairs)
                # Gradients are averaged over the processes; the losses are shares of one sum.
                self.accelerator.backward((entity_loss + relation_loss) * processes)
            totals += torch.stack((entity_loss.detach(), relation_loss.detach()))
        if self.arguments.max_grad_norm:
            self.accelerator.clip_grad_norm_(self.model.parameters(), self.arguments.max_grad_norm)
        self.optimizer.step()
        if not self.accelerator.optimizer_step_was_skipped:
            self.schedule.step()
        self.optimizer.zero_grad()
        entity_loss, relation_loss = self.accelerator.reduce(totals, "sum").tolist()
        return {"loss": entity_loss + relation_loss, "entity_loss": entity_loss, "relation_loss": relation_loss}

    def _weighted_losses(self, batch: dict[str, Tensor], spans: int, pairs: int) -> tuple[Tensor, Tensor]:
        """A batch's losses as shares of the mean over `spans` and `pairs` candidates."""
        own_spans, own_pairs = candidate_counts(batch)
        output = self.model(**{name: tensor.to(self.accelerator.device) for name, tensor in batch.items()})
        entity_loss = output.entity_loss * (own_spans / spans)
        if output.relation_loss is None:
            # Without any pair; distributed training still waits for a gradient of every weight.
            logits = output.relation_logits
            return entity_loss, torch.zeros_like(entity_loss) if logits is None else logits.sum() * 0
        return entity_loss, output.relation_loss * (own_pairs / pairs)

    def _evaluate_epoch(self, log: TrainingLog, bar: ProgressBar) -> None:
        """Score the dev split if this epoch is one to do so, and keep the model if it is the best so far."""
        every = self.arguments.eval_every_epochs
        if not self.splits.dev or not every or self.state.epoch % every:
            return
        scores = self.evaluate(self.splits.dev).to_flat_dict()
        log.add({"step": self.state.step, **{f"dev_{name}": value for name, value in scores.items()}})
        bar.message(
            f"epoch {self.state.epoch}: dev NER F1 {scores['ner_f1']:.2f}, REL F1 {scores['rel_f1']:.2f}, "
            f"REL+ F1 {scores['rel_plus_f1']:.2f} (micro)"
        )
        score = scores[self.arguments.metric_for_best_model]
        if self.arguments.load_best_model_at_end and (self.state.best_score is None or score > self.state.best_score):
            self.state.best_score = score
            if self.accelerator.is_main_process:
                write_whole(self.output_dir / BEST_FOLDER, self.accelerator.unwrap_model(self.model).save_pretrained)
            self.accelerator.wait_for_everyone()

    def evaluate(self, documents: Sequence[Document]) -> EvaluationResult:
        """Score documents, each by one process."""
        model = self.accelerator.unwrap_model(self.model).eval()
        rank, processes = self.accelerator.process_index, self.accelerator.num_processes
        mine = range(rank, len(documents), processes)
        predictions = predict_documents(
            model, self.processor, [documents[index] for index in mine], self.arguments.per_device_eval_batch_size
        )
        numbered = list(zip(mine, predictions, strict=True))
        everyones = sorted(gather_object(numbered) if processes > 1 else numbered)
        return score_predictions(
            model, documents, [prediction for _, prediction in everyones], self.arguments.no_overlapping
        )

    def _finish(self, seconds: float) -> TrainingResult:
        """Take the best model if asked to, score it once, and save it."""
        model = self.accelerator.unwrap_model(self.model)
        best = self.output_dir / BEST_FOLDER
        if self.arguments.load_best_model_at_end and best.is_dir():
            model.load_state_dict(SpertModel.from_pretrained(best).state_dict())
        split = "test" if self.splits.test else "dev" if self.splits.dev else "train"
        scores = self.evaluate(getattr(self.splits, split))
        if self.accelerator.is_main_process:
            run = self._describe_run(split, scores, seconds)
            write_whole(self.output_dir, lambda folder: self._save(folder, run))
            shutil.rmtree(best, ignore_errors=True)
        self.accelerator.wait_for_everyone()
        return TrainingResult(model.eval(), self.processor, self.output_dir, split, scores)

    def _save(self, folder: Path, run: dict[str, Any]) -> None:
        self.accelerator.unwrap_model(self.model).save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)
        (folder / RUN_FILE).write_text(json.dumps(run, indent=2) + "\n", encoding="utf-8")

    def _describe_run(self, split: str, scores: EvaluationResult, seconds: float) -> dict[str, Any]:
        """What was done and measured, for the model card and for whoever repeats it."""
        settings = asdict(self.arguments)
        del settings["hub_token"]
        return {
            "settings": settings,
            "dataset": {"name": self.splits.name, **asdict(self.splits.origin)},
            "documents": {name: len(getattr(self.splits, name)) for name in ("train", "dev", "test")},
            "split": split,
            "scores": scores.to_dict(),
            "steps": self.state.step,
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

    def _training_examples(self) -> list[TrainingExample]:
        documents = [*self.splits.train, *(self.splits.dev if self.arguments.train_on_dev else [])]
        if not documents:
            raise ValueError(f"dataset: {self.splits.name} has no training documents")
        return make_examples(documents, self.splits.schema, self.processor)

    def _epoch_groups(self, epoch: int) -> list[Sequence[list[int]]]:
        """Batches of an epoch, grouped by optimizer step.

        A step has the same number of batches on each process; a last group that would not is left out, as the last
        incomplete batch is, unless it is the only one.
        """
        arguments, processes = self.arguments, self.accelerator.num_processes
        batches = epoch_batches(
            self.lengths, arguments.per_device_train_batch_size, arguments.seed, epoch, arguments.group_by_length
        )
        groups = list(grouped(batches, arguments.gradient_accumulation_steps * processes))
        whole = [group for group in groups if len(group) % processes == 0]
        if not whole:
            raise ValueError(
                f"{len(self.lengths)} training documents make {len(batches)} batches of "
                f"{arguments.per_device_train_batch_size}, too few for {processes} processes"
            )
        return whole

    def _sentences_per_epoch(self) -> int:
        return sum(len(batch) for group in self._epoch_groups(0) for batch in group)

    def _save_checkpoint(self) -> None:
        save_checkpoint(
            self.accelerator,
            self.model,
            self.optimizer,
            self.schedule,
            self.state,
            self.output_dir,
            self.arguments.save_total_limit,
        )


def _share_of_cores(processes: int) -> int:
    """Cores for each of a machine's processes; `accelerate launch` by itself leaves a process only one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores // processes)


def _make_model(arguments: SpertTrainingArguments, splits: Splits) -> tuple[PreTrainedTokenizerBase, SpertModel]:
    """Load the encoder and its tokenizer, and put fresh classifiers on top."""
    source = find_encoder(arguments.encoder)
    tokenizer = AutoTokenizer.from_pretrained(source)
    settings = {
        "entity_types": splits.schema.entity_names,
        "relation_types": splits.schema.relation_names,
        "symmetric_relation_types": splits.schema.symmetric_relation_names,
        **arguments.model_settings(),
    }
    if arguments.random_encoder:
        model = SpertModel(SpertConfig(encoder_config=AutoConfig.from_pretrained(source), **settings))
    else:
        model = SpertModel.from_encoder(source, **settings)
    if source != arguments.encoder:
        model.config.encoder_config.name_or_path = arguments.encoder
    if arguments.freeze_embeddings:
        model.encoder.get_input_embeddings().requires_grad_(False)
    if arguments.gradient_checkpointing:
        model.gradient_checkpointing_enable()
    return tokenizer, model
