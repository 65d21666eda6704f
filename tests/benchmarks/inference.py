"""Inference: the pipeline and the model alone over the encoder's own forward on the same batches, and the reference."""

import copy
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from itertools import product

import torch

from spert_hf import SpertModel, SpertPipeline

from .agreement import check_same_predictions
from .options import Options, progress
from .published import PublishedCode
from .recording import record_calls, replay
from .reference import ReferenceSpert, as_transformers_has_it
from .report import Figure, Group, Section, Target, at_least, at_most
from .timing import interleave
from .workloads import FEW_ENTITIES, MANY_ENTITIES, Subject, Workload, make_workload, newspaper_texts, texts_of_length

BATCH_SIZES = (1, 8, 32)
LONG_SUB_WORDS = 400
OVER_REFERENCE = at_least(5)
HALF_OVER_REFERENCE = at_least(12)


def overhead_target(batch_size: int, entities: int) -> Target:
    """What end-to-end time may be at most, as a multiple of the encoder's."""
    if entities >= MANY_ENTITIES:
        return at_most(1.35)
    return at_most(1.2 if batch_size == 1 else 1.1)


def measure_inference(subject: Subject, options: Options) -> Section:
    """Measure all workloads."""
    section = Section(
        "inference",
        "end-to-end (strings in, records out) and the model alone, as multiples of the encoder's forward",
        [
            "Encoder: transformers' own, on the batches that the pipeline forms, tensors ready; quick encoder: the "
            "same with the package's linear layers. Reference: one sentence at a time, tokenising included."
        ],
    )
    news = newspaper_texts(subject, 16 if options.quick else 64)
    long = texts_of_length(subject, LONG_SUB_WORDS, 2 if options.quick else 32)
    # Of the long texts, which take their time, no more are run at once than a batch needs.
    for name, texts, enough in (("CoNLL04-like", news, len(news)), (f"{LONG_SUB_WORDS} sub-words", long, 8)):
        for entities in (FEW_ENTITIES, MANY_ENTITIES):
            title = f"{name}, {entities} entities"
            progress(f"inference: {title}")
            workload = make_workload(subject, texts, entities)
            section.notes.append(f"{title}: {workload}")
            for size in (*BATCH_SIZES, None):
                some = workload.texts[: max(enough, size or 1)]
                section.groups.append(measure_overhead(title, workload, some, size, options.repeats))
    progress("inference: the reference")
    for entities in (FEW_ENTITIES, MANY_ENTITIES):
        workload = make_workload(subject, news[: 8 if options.quick else len(news)], entities)
        section.groups += measure_over_reference(f"CoNLL04-like, {entities} entities", workload, options)
        section.groups.append(measure_extras(f"CoNLL04-like, {entities} entities", workload, options.repeats))
    return section


def measure_overhead(
    title: str, workload: Workload, texts: Sequence[str], batch_size: int | None, repeats: int
) -> Group:
    """Time the pipeline, the model and the encoder on texts of a workload: in batches, or a call for each text."""
    pipeline = workload.pipeline

    def end_to_end() -> None:
        if batch_size is None:
            for text in texts:
                pipeline(text)
        else:
            pipeline(texts, batch_size=batch_size)

    model = pipeline.model
    encoder_calls = record_calls(model.encoder, end_to_end)
    seconds = interleave(
        {
            "encoder": replay(as_transformers_has_it(model.encoder), encoder_calls),
            "quick encoder": replay(model.encoder, encoder_calls),
            "model": replay(model, record_calls(model, end_to_end)),
            "pipeline": end_to_end,
        },
        repeats,
    )
    target = overhead_target(batch_size or 1, round(workload.entities))
    figures = [
        Figure("end-to-end", seconds["pipeline"].over(seconds["encoder"]), target=target),
        Figure("model", seconds["model"].over(seconds["encoder"])),
        Figure("end-to-end over quick encoder", seconds["pipeline"].over(seconds["quick encoder"])),
        Figure("pipeline", seconds["pipeline"].rate(len(texts)), "/s"),
        Figure("encoder", seconds["encoder"].rate(len(texts)), "/s"),
    ]
    return Group(f"{title}, {f'batch {batch_size}' if batch_size else 'one a call'}", figures)


def measure_over_reference(title: str, workload: Workload, options: Options) -> Sequence[Group]:
    """Time the pipeline at its default, in bfloat16 and one text a call beside the reference.

    In single precision the reference must predict the same.

    Raises:
        RuntimeError: if it doesn't.
    """
    pipeline, texts = workload.pipeline, workload.texts
    reference = ReferenceSpert(pipeline.model).eval()
    check_same_predictions(workload, reference)
    half = in_half_precision(pipeline)
    contenders: dict[str, Callable[[], object]] = {
        "default": lambda: pipeline(texts),
        "bfloat16": lambda: half(texts),
        "one a call": lambda: [pipeline(text) for text in texts],
        "reference": lambda: reference.predict(pipeline.spert_processor, workload.words),
    }
    with ExitStack() as stack:
        if options.reference_checkout:
            contenders["published"] = stack.enter_context(PublishedCode(workload, options)).run
        seconds = interleave(contenders, options.repeats)
    slower = [name for name in ("reference", "published") if name in seconds]
    return [
        Group(
            f"{title}, {name}",
            [
                Figure("pipeline", seconds[name].rate(len(texts)), "/s"),
                *(
                    figure
                    for other in slower
                    for figure in (
                        Figure(f"over {other}", seconds[other].over(seconds[name]), "×", target),
                        Figure(other, seconds[other].rate(len(texts)), "/s"),
                    )
                ),
            ],
        )
        for name, target in (
            ("default", OVER_REFERENCE),
            ("bfloat16", HALF_OVER_REFERENCE),
            ("one a call", OVER_REFERENCE),
        )
    ]


def measure_extras(title: str, workload: Workload, repeats: int) -> Group:
    """Time the pipeline with what the recommended recipe adds to the paper's model."""
    plain, texts = workload.pipeline, workload.texts
    richer = with_extras(plain)
    seconds = interleave({"plain": lambda: plain(texts), "extras": lambda: richer(texts)}, repeats)
    return Group(
        f"{title}, letter case, signatures, best of overlapping",
        [
            Figure("over the paper's model", seconds["extras"].over(seconds["plain"])),
            Figure("pipeline", seconds["extras"].rate(len(texts)), "/s"),
        ],
    )


def with_extras(pipeline: SpertPipeline) -> SpertPipeline:
    """The pipeline with embeddings of letter case, signatures of all relations, and overlaps resolved.

    The embeddings are fresh and the signatures allow everything, so that entities and relations stay as many but for
    those that overlap.
    """
    config = copy.deepcopy(pipeline.model.config)
    config.letter_case_embeddings, config.overlap = True, "best"
    every = [list(pair) for pair in product(config.entity_types, repeat=2)]
    config.relation_signatures = dict.fromkeys(config.relation_types, every)
    model = SpertModel(config).eval()
    model.load_state_dict(pipeline.model.state_dict(), strict=False)
    torch.nn.init.zeros_(model.letter_case_embeddings.weight)
    return SpertPipeline(model=model, tokenizer=pipeline.tokenizer)


def in_half_precision(pipeline: SpertPipeline) -> SpertPipeline:
    """The pipeline as `pipeline(..., dtype=torch.bfloat16)` loads it: only the classifiers stay in single precision."""
    with tempfile.TemporaryDirectory() as folder:
        pipeline.save_pretrained(folder)
        model = SpertModel.from_pretrained(folder, dtype=torch.bfloat16)
    return SpertPipeline(model=model, tokenizer=pipeline.tokenizer)
