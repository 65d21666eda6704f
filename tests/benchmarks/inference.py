"""Inference: the pipeline and the model alone over the encoder's own forward on the same batches, and the reference."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from importlib.util import find_spec

from torch import Tensor

from spert_hf.model.cpu_scheduling import BATCH_COST, LEAST_SHARED
from spert_hf.model.cpu_workers import count_workers
from spert_hf.openvino import PRECISIONS

from .agreement import check_same_predictions
from .options import Options, progress
from .published import PublishedCode
from .recording import record_batches, record_calls, replay
from .reference import ReferenceSpert, as_transformers_has_it
from .report import Figure, Group, Section, Target, at_least, at_most
from .timing import interleave
from .variants import by_openvino, in_half_precision, quantize, with_extras
from .workloads import FEW_ENTITIES, MANY_ENTITIES, Subject, Workload, make_workload, newspaper_texts, texts_of_length

BATCH_SIZES = (1, 8, 32)
LONG_SUB_WORDS = 400
OVER_REFERENCE = {"default": at_least(5), "OpenVINO, int8": at_least(12)}
TEST_SPLIT = 288
"""Sentences that the reference is compared on: as many as CoNLL04's test split has."""

WITH_MANY_ENTITIES = 64
"""Of those, where they have many entities: the reference takes long."""


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
            "same as the package computes them: its linear layers, no padding, batches side by side. Reference: one "
            "sentence at a time, tokenising included."
        ],
    )
    news = newspaper_texts(subject, 4 if options.quick else 64)
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
    split = newspaper_texts(subject, 4 if options.quick else TEST_SPLIT)
    subjects = {"default": subject, "bfloat16": in_half_precision(subject)}
    if find_spec("openvino") and find_spec("nncf"):
        progress("inference: quantizing the encoder")
        quantized = quantize(subject, 16 if options.quick else None)
        for precision in PRECISIONS:
            subjects[f"OpenVINO, {precision}"] = by_openvino(subject, precision, quantized, options.threads)
    else:
        section.notes.append('OpenVINO: not measured, as it is not installed: pip install "spert-hf[openvino]".')
    for entities in (FEW_ENTITIES, MANY_ENTITIES):
        title = f"CoNLL04-like, {entities} entities"
        progress(f"inference: the reference, {entities} entities")
        texts = split[:WITH_MANY_ENTITIES] if entities == MANY_ENTITIES else split
        workloads = {name: make_workload(one, texts, entities) for name, one in subjects.items()}
        section.groups += measure_over_reference(title, workloads, options)
        section.groups.append(measure_extras(title, workloads["default"], options.repeats))
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
    batches = record_batches(model, end_to_end)
    seconds = interleave(
        {
            "encoder": replay(as_transformers_has_it(model), batches),
            "quick encoder": replay(model.encode, batches, _count_workers(batches, batch_size)),
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


def _count_workers(batches: Sequence[Mapping[str, Tensor]], batch_size: int | None) -> int:
    """How many workers the pipeline has for the batches of a call; without a batch size each is a call of its own."""
    cost = sum(BATCH_COST + batch["input_ids"].numel() for batch in batches)
    return 1 if batch_size is None or cost < LEAST_SHARED * len(batches) else count_workers()


def measure_over_reference(title: str, workloads: Mapping[str, Workload], options: Options) -> Sequence[Group]:
    """Time the pipeline in several precisions, and one text a call, beside the reference.

    In single precision the reference must predict the same.

    Args:
        title: of the workloads.
        workloads: the same texts for each way of computing the model; `"default"` is that of the reference.
        options: of the run.

    Raises:
        RuntimeError: if it doesn't.
    """
    workload = workloads["default"]
    pipeline, texts = workload.pipeline, workload.texts
    reference = ReferenceSpert(pipeline.model).eval()
    check_same_predictions(workload, reference)
    contenders: dict[str, Callable[[], object]] = {
        name: partial(one.pipeline, one.texts) for name, one in workloads.items()
    }
    contenders["one a call"] = lambda: [pipeline(text) for text in texts]
    ways = list(contenders)
    contenders["reference"] = lambda: reference.predict(pipeline.spert_processor, workload.words)
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
                        Figure(f"over {other}", seconds[other].over(seconds[name]), "×", OVER_REFERENCE.get(name)),
                        Figure(other, seconds[other].rate(len(texts)), "/s"),
                    )
                ),
            ],
        )
        for name in ways
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
