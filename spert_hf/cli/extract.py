"""`spert-hf extract`: extract entities and relations from a text or a file of texts."""

import argparse
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Any

from ..data.found import TRIPLE_COLUMNS, to_csv_row, triple_rows, with_found
from ..data.inputs import check_input_suffix, read_inputs
from ..data.textfiles import to_json_line
from ..data.white_space import blank_note, count_blank
from ..files.atomic import digest_of_file
from ..files.outputs import is_stream, open_stream, real_target
from ..model.extraction import BATCHES_READ_AHEAD, read_ahead
from ..model.messages import must_be
from ..model.selection import check_selection
from ..progress import Progress
from ..scale.digests import digest_of_model
from ..scale.manifest import setting_as_text
from .extract_corpus import is_corpus, run_corpus
from .options import (
    STANDARD_STREAM,
    dtype_of,
    load_pipeline,
    reading_settings,
    selection_settings,
    write_notes,
)
from .resumable import LineOutput, StandardOutput, UnfinishedFile, check_free, unfinished_output

_OTHER_FORMATS = (
    *(".json", ".tsv", ".txt", ".xml", ".html", ".xlsx", ".xls", ".ods", ".arrow", ".parq", ".pq"),
    *(".gz", ".bz2", ".xz", ".zst", ".zip"),
)
"""Suffixes of unsupported formats; other suffixes may be part of a name (`found.v2`)."""


def run(options: argparse.Namespace) -> int:
    """Run the command; return its exit code."""
    if is_corpus(options):
        return run_corpus(options)
    _check_files(options)
    reading, wanted = reading_settings(options), selection_settings(options)
    pipe = load_pipeline(options, reading)
    settings = {"batch_size": options.batch_size, "overlap": options.overlap}
    settings |= check_selection(pipe.model_settings, wanted)
    if options.text is not None and options.output == STANDARD_STREAM:
        _show_text(pipe, options, settings, reading)
        return 0
    records = read_inputs(options.input) if options.text is None else iter([{"text": options.text}])
    as_csv = _is_csv(options.output)
    if options.output == STANDARD_STREAM:
        lines = StandardOutput()
        _write(lines, pipe, records, settings)
        lines.flush()
        return 0
    if is_stream(options.output):
        with open_stream(options.output) as stream:
            _write(LineOutput(stream), pipe, records, settings, as_csv)
        return 0
    target = Path(options.output)
    begun = False
    try:
        with unfinished_output(target, _job(options, pipe, settings | reading), options.resume) as output:
            begun = True
            if as_csv:
                _write(output, pipe, records, settings, as_csv)
            else:
                _write_rest(output, pipe, records, settings)
    except ValueError:
        raise
    except BaseException:
        if begun and not as_csv:
            sys.stderr.write(f"\nThe results so far are kept next to {target}; --resume continues from there.\n")
        raise
    return 0


def _show_text(pipe: Any, options: argparse.Namespace, settings: dict[str, Any], reading: dict[str, Any]) -> None:
    """Write the result for one text: formatted on a terminal, else as a line of JSON."""
    (record,) = extract(pipe, [{"text": options.text}], **settings)
    if options.json or not sys.stdout.isatty() or find_spec("rich") is None:
        output = StandardOutput()
        output.write(to_json_line(record))
        output.flush()
    else:
        from rich.console import Console

        from .console import print_found_in_text

        words = pipe.text_reader(**reading)(options.text).words
        print_found_in_text(Console(), options.text, words, record, pipe.model_settings.entity_types)
        sys.stdout.flush()


def extract(pipe: Any, records: Iterable[dict[str, Any]], **settings: Any) -> Iterator[dict[str, Any]]:
    """Add `entities` and `relations` to records of texts or tokens, in order and as a stream.

    Token offsets include tokens of whitespace, which are not read; a note at the end counts them.
    """
    waiting: deque[dict[str, Any]] = deque()
    blank = 0

    def inputs() -> Iterator[dict[str, Any]]:
        for record in records:
            waiting.append(record)
            yield record

    for prediction in pipe(inputs(), batches_ahead=BATCHES_READ_AHEAD, **settings):
        record = waiting.popleft()
        blank += count_blank(record.get("tokens", ()))
        yield with_found(record, prediction)
    if blank:
        write_notes([f"{blank_note(blank)} of what is read; offsets count the tokens as they were given"])


def _is_csv(output: str) -> bool:
    return Path(output).suffix.lower() == ".csv"


def _write(
    output: LineOutput,
    pipe: Any,
    records: Iterable[dict[str, Any]],
    settings: dict[str, Any],
    as_csv: bool = False,
    done: int = 0,
) -> None:
    found = Progress("extracting", "texts", done=done).follow(extract(pipe, records, **settings))
    if as_csv:
        output.write(to_csv_row(list(TRIPLE_COLUMNS)))
        for number, record in enumerate(found, start=1):
            for row in triple_rows(number, record):
                output.write(to_csv_row(row))
        return
    for record in found:
        output.write(to_json_line(record))


def _write_rest(output: UnfinishedFile, pipe: Any, records: Iterator[dict[str, Any]], settings: dict[str, Any]) -> None:
    """Write the results that an interrupted run has not written.

    It continues at the start of a group that the pipeline reads ahead: with the same texts in each batch, scores are
    identical.
    """
    kept = 0
    for group in read_ahead(enumerate(records), settings["batch_size"]) if output.done else ():
        if kept + len(group) > output.done:
            records = chain((record for _, record in group), records)
            break
        kept += len(group)
    output.keep(kept)
    _write(output, pipe, records, settings, done=kept)


def _check_files(options: argparse.Namespace) -> None:
    """Check the files before the model is loaded, which is slow."""
    if options.resume and options.text is not None:
        raise ValueError("--resume needs files for --input and --output, got a text")
    if options.resume and STANDARD_STREAM in (options.input, options.output):
        raise ValueError("--resume needs files for --input and --output, got a standard stream")
    if options.resume and _is_csv(options.output):
        raise ValueError(must_be("--output", "a JSON Lines file with --resume", repr(options.output)))
    if options.text is None:
        check_input(options.input)
    if options.output == STANDARD_STREAM:
        _ = sys.stdout.buffer
        return
    if is_stream(options.output):
        if options.resume:
            raise ValueError(must_be("--output", "a regular file with --resume", repr(options.output)))
        return
    output = real_target(options.output)
    if output.is_dir() or not output.parent.is_dir():
        raise ValueError(must_be("--output", "a file in a folder that exists", repr(options.output)))
    if options.input not in (None, STANDARD_STREAM) and output.exists() and output.samefile(options.input):
        raise ValueError(must_be("--output", "another file than the input", repr(options.output)))
    _check_suffix(options.output)
    check_free(output)


def check_input(path: str) -> None:
    """Check that the input file can be read, or that standard input is open."""
    if path != STANDARD_STREAM and not Path(path).is_file():
        raise FileNotFoundError(must_be("--input", "a file", repr(path)))
    check_input_suffix(path)
    if path == STANDARD_STREAM:
        _ = sys.stdin.buffer  # raises if it is closed


def _check_suffix(output: str) -> None:
    """Check that the suffix of the output, if there is one, is that of a supported format.

    Raises:
        ValueError: it is not; the message lists the supported ones.
    """
    if Path(output).suffix.lower() in _OTHER_FORMATS:
        allowed = "a .jsonl or .ndjson file (JSON Lines), a .parquet file, or a .csv file (triples)"
        raise ValueError(must_be("--output", allowed, repr(output)))


def _job(options: argparse.Namespace, pipe: Any, settings: dict[str, Any]) -> dict[str, str]:
    """Return everything that affects the output, by the names used in messages about changes."""
    return {
        "input": "" if options.input in (None, STANDARD_STREAM) else digest_of_file(Path(options.input)),
        "model": digest_of_model(pipe),
        **{name: setting_as_text(value) for name, value in settings.items() if value is not None},
        "device": "cpu" if options.backend == "onnx" else pipe.device.type,
        "backend": options.backend,
        "dtype": dtype_of(options, pipe),
    }
