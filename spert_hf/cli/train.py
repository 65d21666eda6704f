"""`spert-hf train` and `train.py`: train, evaluate and save a model, and show predictions."""

import argparse
import sys
from collections.abc import Collection, Sequence
from typing import Any

from rich.console import Console
from transformers.utils import logging as transformers_logging

from ..data.advice import advise, advise_on_dev, suggest_settings
from ..evaluation import format_table
from ..evaluation.report import compare_with_text
from ..model.decoding import in_text_order, to_records
from ..model.inference import predict
from ..training.adapters import describe_adapters, has_adapters
from ..training.arguments import SpertTrainingArguments
from ..training.interruption import TrainingInterruptedError
from ..training.launching import is_first_process, missing_processes, start_processes
from ..training.output_folder import check_training_folder
from ..training.trainer import SpertTrainer, TrainingResult
from .console import print_extraction
from .options import check_output, write_notes

EXAMPLE_COUNT = 4
EXAMPLE_LENGTH = 30


def run(options: argparse.Namespace) -> int:
    """Run the command; return its exit code."""
    settings = options.settings
    check_output("output_dir", settings.output_dir, is_folder=True)
    replaces = _replaces_model(settings)
    if missing := missing_processes():
        return start_processes(missing)
    if replaces:
        sys.stderr.write(
            f"The model in {settings.output_dir}, trained with the same settings, is replaced at the end\n"
        )
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    console = Console(soft_wrap=True)
    trainer = SpertTrainer(args=settings, train_dataset=options.splits, recipe=options.recipe)
    is_main = trainer.accelerator.is_main_process
    if is_main:
        _announce(console, trainer, options.given)
    try:
        result = trainer.train()
    except TrainingInterruptedError as interruption:
        trainer.close()
        if is_main:
            sys.stderr.write(f"\nspert-hf train: {interruption}\n")
        return 128 + interruption.signal_number  # the convention of shells
    if is_main:
        _show(console, result, getattr(trainer.splits, result.split))
    if settings.push_to_hub and is_main:
        _publish(console, trainer)
    trainer.close()
    return 0


def _announce(console: Console, trainer: SpertTrainer, given: Collection[str]) -> None:
    """Print data set and starting point of the run, and notes on the data.

    Args:
        console: the console; notes go to standard error.
        trainer: the trainer of the run.
        given: names of explicitly given settings, for which no other values are suggested.
    """
    settings, splits = trainer.args, trainer.splits
    train, dev = (splits.train + splits.dev, []) if settings.train_on_dev else (splits.train, splits.dev)
    write_notes([*splits.notes, *advise([*splits.train, *splits.dev, *splits.test]), *advise_on_dev(dev)])
    types = splits.schema.relation_names
    open_settings = {name: getattr(settings, name) for name in ("overlap", "learn_signatures")}
    if trainer.recipe is None:
        write_notes(suggest_settings(train, types, given=given, **open_settings))
    start = f"encoder {settings.encoder}" if settings.model is None else f"from {settings.model}"
    counts = f"({len(splits.dev)} dev, {len(splits.test)} test)"
    console.print(f"Training on {len(splits.train)} documents of {splits.name} {counts}, {start}", markup=False)
    if trainer.recipe:
        console.print(trainer.recipe.describe(), markup=False, highlight=False)
    model = trainer.accelerator.unwrap_model(trainer.model)
    if has_adapters(model):
        console.print(describe_adapters(model), markup=False, highlight=False)
    if trainer.continuation:
        console.print(trainer.continuation.describe(), markup=False, highlight=False)
    if settings.teachers:
        names = ", ".join(settings.teacher_names())
        line = f"Learns from the mean predictions of {names}, with weight {settings.teacher_weight:g}"
        console.print(line, markup=False, highlight=False)
    console.print(trainer.reading.describe(), markup=False, highlight=False)


def _publish(console: Console, trainer: SpertTrainer) -> None:
    """Upload the trained model.

    Raises:
        PublishingError: the upload failed; the message contains the command to repeat it.
    """
    from huggingface_hub.utils import disable_progress_bars

    from ..hub.publishing import PublishingError

    disable_progress_bars()
    settings = trainer.args
    try:
        url = trainer.push_to_hub()
    except PublishingError as error:
        private = " --private" if settings.hub_private_repo else ""
        again = f"spert-hf publish model {settings.output_dir} {settings.hub_model_id}{private}"
        raise PublishingError(f"{error} (the model is saved; to publish it: {again})") from error
    console.print(f"Published at {url}", markup=False)


def _replaces_model(settings: SpertTrainingArguments) -> bool:
    """Check the output folder in the main process only, as it may be written to when other processes start."""
    return is_first_process() and check_training_folder(settings)


def _show(console: Console, result: TrainingResult, documents: Sequence[Any]) -> None:
    """Print the scores, predictions for a few sentences, and commands to use the model."""
    console.print(f"\nScores on the {result.split} split ({len(documents)} documents)\n")
    console.print(format_table(result.scores), highlight=False, markup=False)
    console.print(compare_with_text(result.scores, result.scores_as_text), highlight=False, markup=False)
    console.print(f"\nPredictions for sentences of the {result.split} split\n")
    short = [document for document in documents if document.relations and len(document.tokens) <= EXAMPLE_LENGTH]
    tokens = [document.tokens for document in (short or documents)[:EXAMPLE_COUNT]]
    for sentence, prediction in zip(tokens, predict(result.model, result.processor, tokens), strict=True):
        record = to_records(in_text_order(prediction))
        print_extraction(console, sentence, record, result.model.config.entity_types)
    console.print(f"Saved in {result.output_dir}. Use it:\n", markup=False)
    console.print(
        f"  spert-hf extract --model {result.output_dir} --input texts.txt --output found.jsonl\n",
        highlight=False,
        markup=False,
    )
