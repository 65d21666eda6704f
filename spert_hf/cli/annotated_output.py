"""Texts with what a model found in them, written in the form that an annotation tool imports."""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from ..data.annotation.annotated_text import AnnotatedText
from ..data.annotation.formats import FORMATS
from ..data.annotation.options import WritingOptions
from ..data.annotation.report import KINDS, Report, counted
from ..model.configuration_spert import SpertConfig
from ..model.messages import must_be
from .options import STANDARD_STREAM, write_notes

_CAS_FILES = (".json", ".xmi", ".zip")
"""Endings of what the format `inception` writes as a file."""


def check_output(options: argparse.Namespace) -> None:
    """Check `--output` before the model is loaded.

    Raises:
        ValueError: if it cannot be written to, or is what is read.
    """
    output = Path(options.output)
    if options.output == STANDARD_STREAM:
        raise ValueError(must_be("--output", "a file or folder", "-, the standard output"))
    if _is_folder(options.format, output):
        if output.exists() and (not output.is_dir() or any(output.iterdir())):
            raise ValueError(must_be("--output", "an empty folder, or one that is not there yet", repr(options.output)))
    elif output.is_dir() or not output.absolute().parent.is_dir():
        raise ValueError(must_be("--output", "a file in a folder that exists", repr(options.output)))
    elif output.exists() and Path(options.input).exists() and output.samefile(options.input):
        raise ValueError(must_be("--output", "another file than the input", repr(options.output)))


def _is_folder(format: str, output: Path) -> bool:
    """Whether what is written is a folder of files."""
    return format == "brat" or (format == "inception" and output.suffix.lower() not in _CAS_FILES)


def write_summary(report: Report, output: str) -> None:
    """Tell on standard output what was written."""
    written = ", ".join(counted(kind, report.written[kind]) for kind in KINDS)
    sys.stdout.write(f"Written to {output}: {written}\n")


def write_annotated(texts: Iterable[AnnotatedText], options: argparse.Namespace, config: SpertConfig) -> Report:
    """Write texts to `--output` in `--format`, and tell on standard error what did not fit.

    Args:
        texts: With entities and relations.
        options: Those of the command.
        config: Of the model; an annotator can choose from its types.

    Returns:
        The counts.
    """
    report = Report()
    writing = WritingOptions(
        entity_types=tuple(config.entity_types),
        relation_types=tuple(config.relation_types),
        model_version=options.model_version or Path(options.model).name,
        offsets=options.offsets,
    )
    FORMATS[options.format].write(texts, Path(options.output), writing, report)
    write_notes(report.lines())
    return report
