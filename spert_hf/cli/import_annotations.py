"""`spert-hf import`: from the export of an annotation tool to a data set."""

import argparse
import sys
from collections import Counter
from pathlib import Path

from ..data.annotation.alignment import Aligner, AlignmentSettings
from ..data.annotation.importing import Imported, import_annotations
from ..data.annotation.options import ReadingOptions
from ..data.annotation.report import KINDS, Report
from ..data.faults import plain_name
from ..model.messages import must_be
from .options import write_notes


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    if not options.output:
        raise ValueError(must_be("--output", "a folder", "an empty name"))
    report = Report(options.strict)
    settings = AlignmentSettings(
        documents=options.documents,
        misaligned=options.misaligned,
        discontinuous=options.discontinuous,
        unlabelled_entity=options.unlabelled_entity,
        unlabelled_relation=options.unlabelled_relation,
    )
    files = [Path(each) for each in options.files]
    imported = import_annotations(
        files,
        Path(options.output),
        format=options.format,
        options=ReadingOptions(
            annotations=options.annotations,
            offsets=options.offsets,
            entity_layer=options.entity_layer,
            relation_layer=options.relation_layer,
            text_key=options.text_key,
        ),
        align=Aligner(settings, report),
        dev=options.dev,
        test=options.test,
        seed=options.seed,
        overwrite=options.overwrite,
    )
    write_notes(f"{path}: read as {each.title}" for path, each in zip(files, imported.formats, strict=True))
    write_notes(report.lines())
    sys.stdout.write(_summary(imported, report, options.output))
    return 0


def _summary(imported: Imported, report: Report, output: str) -> str:
    lines = [f"{'':<12}{'read':>9}{'added':>9}{'left out':>10}{'written':>9}"]
    for kind in KINDS:
        counts = report.count_read(kind), report.count_added(kind), report.count_left_out(kind), report.written[kind]
        lines.append("{:<12}{:>9,}{:>9,}{:>10,}{:>9,}".format(kind, *counts))
    documents = ", ".join(f"{split} {count:,}" for split, count in _by_split(imported.documents))
    lines += [
        f"documents: {documents}",
        f"entity types: {_counted(imported.entities)}",
        f"relation types: {_counted(imported.relations) or 'none'}",
        f"Written to {output}. To train on it: accelerate launch train.py --dataset {output}",
    ]
    return "\n".join(lines) + "\n"


def _by_split(documents: Counter[str]) -> list[tuple[str, int]]:
    return [(split, documents[split]) for split in ("train", "dev", "test") if documents[split]]


def _counted(types: Counter[str]) -> str:
    return ", ".join(f"{plain_name(name)} {count:,}" for name, count in types.most_common())
