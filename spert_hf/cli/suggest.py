"""`spert-hf suggest`: the texts of a pool that are worth most to annotate next, with what the model finds in them."""

import argparse
from typing import Any

from ..annotation.diversity import check_clustering
from ..annotation.near_duplicates import without_annotated
from ..annotation.predictions import annotate
from ..annotation.suggestion import check_seed, choose
from ..data.annotation.reading import read_annotations
from ..data.inputs import read_inputs
from ..model.messages import must_be
from ..model.selection import check_selection
from .annotated_output import check_output, write_annotated, write_summary
from .extract import check_input
from .options import load_pipeline, reading_settings, selection_settings, write_notes


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    check_input(options.input)
    check_output(options)
    check_seed(options.seed)
    if options.strategy in ("both", "diversity"):
        check_clustering(options.strategy)
    annotated = [text.text for file in options.annotated for text in read_annotations(file)]
    reading, wanted = reading_settings(options), selection_settings(options)
    pipe = load_pipeline(options, reading)
    settings: dict[str, Any] = {"batch_size": options.batch_size, **check_selection(pipe.model.config, wanted)}
    chosen = choose(
        pipe,
        without_annotated(read_inputs(options.input), annotated),
        options.budget,
        options.strategy,
        options.seed,
        batch_size=options.batch_size,
        relation_threshold=settings.get("relation_threshold"),
        show_progress=True,
    )
    if not chosen:
        wanted_texts = "a file with texts" + (" that --annotated does not have" if annotated else "")
        raise ValueError(must_be("--input", wanted_texts, f"{options.input}, which has none"))
    if len(chosen) < options.budget:
        write_notes([f"{len(chosen):,} texts: {options.input} has no more, or its best ones are near-duplicates"])
    report = write_annotated(annotate(pipe, [record for _, record in chosen], **settings), options, pipe.model.config)
    write_summary(report, options.output)
    return 0
