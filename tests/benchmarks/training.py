"""Training: the trainer's own step over the encoder's forward, backward and optimizer step, and the reference's."""

import copy
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import torch
from torch import Tensor

from spert_hf.data.loading import Splits
from spert_hf.training.allocator import free_memory_as_usual, keep_freed_memory
from spert_hf.training.arguments import SpertTrainingArguments
from spert_hf.training.optimization import make_optimizer
from spert_hf.training.trainer import SpertTrainer

from .options import Options, progress
from .reference import as_transformers_has_it
from .reference_training import ReferenceTrainer
from .report import Figure, Group, Section, at_least, at_most
from .timing import Measurement, interleave
from .workloads import Subject

DEFAULT_BATCH_SIZE, LARGE_BATCH_SIZE = 2, 16
PRECISIONS = {"package": "float32", "bfloat16": "bfloat16"}
OVERHEAD = at_most(1.15)
STEPS_OVER_REFERENCE = at_least(1.8)
SENTENCES_OVER_REFERENCE = at_least(3)


class TrainingContenders:
    """One step of each contender on one batch: the package's trainer, also in bfloat16, the encoder, the reference.

    All start from the same weights, and each trains its own copy.

    Args:
        splits: documents to train on.
        encoder: folder or Hub id.
        threads: of torch.
        batch_size: sentences a step.
    """

    def __init__(self, splits: Splits, encoder: str, threads: int, batch_size: int) -> None:
        # Nothing is written there before a run is at its end.
        arguments = SpertTrainingArguments(
            encoder=encoder,
            per_device_train_batch_size=batch_size,
            cpu_threads=threads,
            output_dir=tempfile.gettempdir(),
        )
        self._half_trainer = make_trainer(replace(arguments, bf16=True), splits)
        self._trainer = make_trainer(arguments, splits)  # last: the process keeps this one's precision
        self._encoder = as_transformers_has_it(copy.deepcopy(self._trainer.model.encoder))
        self._encoder_optimizer = make_optimizer(self._encoder, arguments)
        self._reference = ReferenceTrainer(self._trainer.model, arguments, self._trainer.total_steps)
        # As a run does while it lasts.
        torch.set_num_threads(threads)
        keep_freed_memory()

    def batches(self, count: int) -> list[Sequence[int]]:
        """The first batches of the first epoch, as indices of documents."""
        return self._trainer.epoch_steps(0)[:count]

    def package(self, indices: Sequence[int]) -> None:
        """The trainer's step: negatives drawn, batch made, forward, backward, gradients clipped, optimizer."""
        self._trainer.take_step(indices, epoch=0, stop_asked=False)

    def half(self, indices: Sequence[int]) -> None:
        """The same with `--bf16`: forward and backward in mixed precision."""
        self._half_trainer.take_step(indices, epoch=0, stop_asked=False)

    def reference(self, indices: Sequence[int]) -> None:
        """The same with the reference, in whose process nothing tunes the allocator."""
        with large_blocks_from_the_system():
            self._reference.step(self._trainer.batches(indices, epoch=0))

    def encoder(self, indices: Sequence[int]) -> Callable[[], None]:
        """The encoder's forward, backward and optimizer step on the batch's sub-words, whose tensors are ready."""
        batch = self._trainer.batches(indices, epoch=0)
        inputs: dict[str, Tensor] = {name: batch[name] for name in ("input_ids", "attention_mask")}

        def step() -> None:
            self._encoder(**inputs).last_hidden_state.pow(2).mean().backward()
            self._encoder_optimizer.step()
            self._encoder_optimizer.zero_grad()

        return step


@contextmanager
def large_blocks_from_the_system() -> Iterator[None]:
    """Have glibc take large blocks from the system and give them back.

    That it keeps smaller ones all the same, as the trainer has it do, is to the advantage of what is run here.
    """
    free_memory_as_usual()
    try:
        yield
    finally:
        keep_freed_memory()


def make_trainer(arguments: SpertTrainingArguments, splits: Splits) -> SpertTrainer:
    """A trainer whose model is in training mode."""
    trainer = SpertTrainer(args=arguments, train_dataset=splits, show_progress=False)
    trainer.model.train()
    return trainer


def measure_training(subject: Subject, options: Options) -> Section:
    """Measure steps at the paper's batch size and at a larger one."""
    section = Section(
        "training",
        "the trainer's step as a multiple of the encoder's forward, backward and optimizer step, and the reference's",
        [
            "Steps as in the trainer: negatives drawn, batches made, gradients clipped. The reference gets the same "
            "candidates."
        ],
    )
    sentences = 8 if options.quick else 32
    seconds = {
        size: time_steps(subject, options, size, max(1, sentences // size))
        for size in (DEFAULT_BATCH_SIZE, LARGE_BATCH_SIZE)
    }
    a_sentence = [times["reference"].scaled(1 / size) for size, times in seconds.items()]
    best = min(a_sentence, key=lambda measured: measured.median)
    for size, times in seconds.items():
        ratios = [
            Figure("over encoder", times["package"].over(times["encoder"]), target=OVERHEAD),
            Figure("reference", times["reference"].rate(size), "sentences/s"),
        ]
        section.groups.append(Group(f"batch {size}", ratios))
        for name in ("package", "bfloat16"):
            if size == DEFAULT_BATCH_SIZE:
                over = Figure("steps over reference's", times["reference"].over(times[name]), "×", STEPS_OVER_REFERENCE)
            else:
                faster = best.over(times[name].scaled(1 / size))
                over = Figure("over reference's best", faster, "×", SENTENCES_OVER_REFERENCE)
            rate = Figure(name, times[name].rate(size), "sentences/s")
            section.groups.append(Group(f"batch {size}, {PRECISIONS[name]}", [over, rate]))
    return section


def time_steps(subject: Subject, options: Options, batch_size: int, steps: int) -> dict[str, Measurement]:
    """Seconds a step of each contender, each round going over the same few batches."""
    progress(f"training: batch {batch_size}")
    contenders = TrainingContenders(subject.splits, options.encoder, options.threads, batch_size)
    batches = contenders.batches(steps)
    encoder_steps = [contenders.encoder(batch) for batch in batches]
    seconds = interleave(
        {
            "encoder": lambda: [step() for step in encoder_steps],
            "package": lambda: [contenders.package(batch) for batch in batches],
            "bfloat16": lambda: [contenders.half(batch) for batch in batches],
            "reference": lambda: [contenders.reference(batch) for batch in batches],
        },
        options.repeats,
    )
    torch.set_num_threads(options.threads)
    return {name: measured.scaled(1 / len(batches)) for name, measured in seconds.items()}
