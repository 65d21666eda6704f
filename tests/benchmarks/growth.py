"""Growth: time against the length of a sentence and against the number of entities in it, as fitted exponents."""

from collections.abc import Callable, Hashable, Mapping, Sequence

import numpy as np

from .options import Options, progress
from .recording import record_batches, replay
from .reference import ReferenceSpert
from .report import Figure, Group, Section, at_most
from .timing import Measurement, interleave
from .workloads import FEW_ENTITIES, Subject, Workload, make_workload, texts_of_length

LENGTHS = (64, 128, 256, 512)
REFERENCE_LENGTHS = (64, 128, 256)
"""At 512 a single run of the reference takes many seconds; the section on memory has it."""

ENTITIES = (2, 4, 8, 16, 32, 64, 128)
REFERENCE_ENTITIES = (2, 4, 8, 16, 32, 64)
SUB_WORDS_WITH_ENTITIES = 128

STEEPER = at_most(0.05)
"""Exponents of the same code differ by as much from run to run."""
ADDED_BY_ENTITIES = at_most(30)


def fit_exponent(sizes: Sequence[float], seconds: Sequence[float]) -> float:
    """The `b` of `seconds = a · size ** b`, by least squares on logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def exponents(times: Mapping[int, Measurement]) -> Measurement:
    """The fitted exponent of each round.

    Args:
        times: by size.
    """
    rounds = zip(*(measured.values for measured in times.values()), strict=True)
    return Measurement(tuple(fit_exponent(list(times), seconds) for seconds in rounds))


def measure_growth(subject: Subject, options: Options) -> Section:
    """Measure both kinds of growth; the reference in a single round, after one that doesn't count."""
    section = Section(
        "growth",
        "exponent b of time = a · size^b for one text, and what entities add",
        ["The reference: one round, on the smaller sizes only."],
    )
    lengths, counts = (LENGTHS[:2], ENTITIES[::3]) if options.quick else (LENGTHS, ENTITIES)
    section.groups.append(_growth_with_length(subject, lengths, options.repeats))
    section.groups += _growth_with_entities(subject, counts, options.repeats)
    return section


def _growth_with_length(subject: Subject, lengths: Sequence[int], repeats: int) -> Group:
    progress("growth with length")
    workloads = {
        length: make_workload(subject, texts_of_length(subject, length, 1), FEW_ENTITIES) for length in lengths
    }
    runs: dict[Hashable, Callable[[], object]] = {}
    for length, workload in workloads.items():
        runs["pipeline", length] = _end_to_end(workload)
        model = workload.pipeline.model
        runs["encoder", length] = replay(model.encoder, record_batches(model, _end_to_end(workload)))
    seconds = interleave(runs, repeats)
    pipeline, encoder = (exponents({n: seconds[name, n] for n in lengths}) for name in ("pipeline", "encoder"))
    reference = interleave({n: _reference(workloads[n]) for n in lengths if n in REFERENCE_LENGTHS}, repeats=1)
    return Group(
        f"{lengths[0]}–{lengths[-1]} sub-words, {FEW_ENTITIES} entities",
        [
            Figure("pipeline", pipeline),
            Figure("encoder", encoder),
            Figure("steeper by", pipeline.minus(encoder), target=STEEPER),
            Figure(f"reference to {max(reference)}", exponents(reference)),
        ],
    )


def _growth_with_entities(subject: Subject, counts: Sequence[int], repeats: int) -> list[Group]:
    progress("growth with entities")
    texts = texts_of_length(subject, SUB_WORDS_WITH_ENTITIES, 1)
    workloads = {count: make_workload(subject, texts, count) for count in counts}
    seconds = interleave({count: _end_to_end(workload) for count, workload in workloads.items()}, repeats)
    reference = interleave({n: _reference(workloads[n]) for n in counts if n in REFERENCE_ENTITIES}, repeats=1)
    fewest, most, reference_most = counts[0], counts[-1], max(reference)
    added = seconds[most].minus(seconds[fewest]).scaled(1000)
    reference_added = reference[reference_most].minus(reference[fewest]).scaled(1000)
    return [
        Group(
            f"{fewest}–{most} entities, {SUB_WORDS_WITH_ENTITIES} sub-words",
            [
                Figure("pipeline", exponents(seconds)),
                Figure(f"reference to {reference_most}", exponents(reference)),
            ],
        ),
        Group(
            f"added by more than {fewest} entities",
            [
                Figure(f"pipeline, {most} entities", added, "ms", ADDED_BY_ENTITIES),
                Figure(f"reference, {reference_most} entities", reference_added, "ms"),
            ],
        ),
    ]


def _end_to_end(workload: Workload) -> Callable[[], object]:
    return lambda: workload.pipeline(workload.texts)


def _reference(workload: Workload) -> Callable[[], object]:
    reference = ReferenceSpert(workload.pipeline.model).eval()
    return lambda: reference.predict(workload.pipeline.spert_processor, workload.words)
