"""Texts with what a model found in them, written in the form that an annotation tool imports."""

import argparse
from collections.abc import Iterable
from pathlib import Path

from ..data.annotation.annotated_text import AnnotatedText
from ..data.annotation.formats import FORMATS
from ..data.annotation.options import WritingOptions
from ..data.annotation.report import Report
from ..model.configuration_spert import SpertConfig
from ..model.messages import must_be
from .options import write_notes

_FOLDERS = ("brat",)
"""Formats that are a folder of files."""


def check_output(options: argparse.Namespace) -> None:
    """Check `--output` before the model is loaded.

    Raises:
        ValueError: if it cannot be written to, or is what is read.
    """
    output = Path(options.output)
    if options.format in _FOLDERS:
        if output.exists() and (not output.is_dir() or any(output.iterdir())):
            raise ValueError(must_be("--output", "an empty folder, or one that is not there yet", repr(options.output)))
    elif output.is_dir() or not output.absolute().parent.is_dir():
        raise ValueError(must_be("--output", "a file in a folder that exists", repr(options.output)))
    elif output.exists() and Path(options.input).exists() and output.samefile(options.input):
        raise ValueError(must_be("--output", "another file than the input", repr(options.output)))


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
