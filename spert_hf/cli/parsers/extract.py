"""The options of `spert-hf extract`."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from ...data.textfiles import LARGEST_JSON_LIST
from ...model.messages import integer, must_be
from ..options import STANDARD_STREAM, add_found_options, add_model_options, positive
from .command_parser import CommandParser


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the options; either `text` is set, or `inputs` has what the input is.

    Of one input, `input` is that one, and else `None`.

    Raises:
        ValueError: the positional argument is neither a file nor a text.
        SystemExit: on wrong usage.
    """
    parser = make_parser()
    options = parser.parse_args(arguments)
    given = [name for name in ("text_or_file", "text", "input") if getattr(options, name) is not None]
    if len(given) != 1:
        parser.error("give one of TEXT_OR_FILE, --text and --input")
    if options.text_or_file is not None:
        is_file = _may_be_file(options.text_or_file)
        setattr(options, *(("input", [options.text_or_file]) if is_file else ("text", options.text_or_file)))
    options.inputs = options.input or []
    options.input = options.inputs[0] if len(options.inputs) == 1 else None
    return options


def _may_be_file(given: str) -> bool:
    """Whether a positional argument is a file instead of a text.

    Raises:
        ValueError: it is neither a file nor a text of several words, so probably a misspelt file name.
    """
    try:
        exists = given == STANDARD_STREAM or (given != "" and Path(given).exists())
    except (OSError, ValueError):  # longer than a file name can be
        exists = False
    if not exists and len(given.split()) < 2:
        raise ValueError(f"{given!r} is not a file; name a file, give a text of several words, or use --text {given!r}")
    return exists


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of the options."""
    parser = CommandParser(
        prog="spert-hf extract",
        description="Extract entities and relations. Results are written in the order of the input, with its other "
        "fields, as a stream: memory does not grow with the input. An output file is either complete or absent. From "
        "one file to one file: the results of an interrupted run are kept in a separate file for --resume. From a "
        "corpus to a folder: the same command goes on where it was interrupted.",
    )
    add_model_options(parser, only_extracts=True)
    _add_input_options(parser)
    parser.add_argument(
        "--output",
        default=STANDARD_STREAM,
        metavar="FILE_OR_FOLDER",
        help="JSON Lines (default: on standard output): each input with `entities` and `relations` (existing fields "
        "of these names are renamed to `given_entities` and `given_relations`); for `.parquet`: the same with typed "
        "columns; for `.csv`: triples, one row per relation. For several files: a folder, here or in a store (a URL), "
        "which gets a file for each shard, and a hidden `.manifest.json` that says which run it is of",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="continue an interrupted run with this output file, with the same result as without the interruption; "
        "refused if input, model or settings have changed; without an interrupted run, start anew; folders do not "
        "need it, as runs always go on with what is there",
    )
    _add_corpus_options(parser)
    _add_engine_options(parser)
    add_found_options(parser)
    return parser


def _add_corpus_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for corpora."""
    group = parser.add_argument_group("corpora", "files, columns and shards; see docs/scale.md")
    group.add_argument("--format", choices=("parquet", "jsonl"), help="of an output folder (default: parquet)")
    group.add_argument(
        "--text-column",
        metavar="NAME",
        help="column of the texts, or of lists of words; written as `text` or `tokens` (default: `text`, or `tokens`)",
    )
    group.add_argument(
        "--id-column",
        metavar="NAME",
        help="column of ids, strings or integers, that each record must have; written as `id`",
    )
    group.add_argument("--dataset-config-name", metavar="NAME", help="configuration of a data set, if it has several")
    group.add_argument(
        "--shard-size",
        type=positive,
        metavar="N",
        help="cut large files into shards of about N rows (default: 10,000): Parquet, and .jsonl and .txt that are not "
        "compressed; other files are a shard each",
    )
    group.add_argument(
        "--shard",
        type=_part,
        metavar="I/N",
        help="extract from every N-th shard only, beginning with the I-th (from 1), for N processes or machines with "
        "the same output folder",
    )
    group.add_argument(
        "--max-errors",
        type=_count,
        metavar="N",
        help="stop when more than N records have an error (default: 100); up to then, a record that cannot be read or "
        "computed gets an `error` and no entities, and the exit code is 0",
    )


def _add_engine_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for what computes a corpus."""
    group = parser.add_argument_group("engines", "what computes a corpus; see docs/scale.md")
    group.add_argument(
        "--engine",
        choices=("local", "ray"),
        help="local: this process (default); ray: processes of Ray, on this machine or a cluster; they are replaced "
        "when they die, and a record that kills them gets an `error`",
    )
    group.add_argument(
        "--address",
        metavar="ADDRESS",
        help="of a Ray cluster, HOST:PORT, or `auto` on one of its machines (default: an instance of Ray on this "
        "machine, which ends with the run)",
    )
    group.add_argument(
        "--actors",
        type=positive,
        metavar="N",
        help="processes of Ray, each with the model; they share the CPUs (default: one for each GPU, or, without, for "
        "every four CPUs of a machine)",
    )
    group.add_argument(
        "--gpus-per-actor",
        type=_share,
        metavar="X",
        help="GPUs for each, or the share of one, such as 0.5 (default: 1 where there are GPUs)",
    )


def _share(text: str) -> float:
    """Parse a number of GPUs: 0, a share of one, or several."""
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not (0 <= share <= 1 or (share.is_integer() and share > 0)):
        raise argparse.ArgumentTypeError(must_be("", "a number from 0 to 1, or a whole number", repr(text)))
    return share


def _part(text: str) -> tuple[int, int]:
    """Parse `I/N`."""
    number, is_part, count = text.partition("/")
    if not (is_part and number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)):
        raise argparse.ArgumentTypeError(must_be("", "I/N with I from 1 to N, such as 1/8", repr(text)))
    return int(number), int(count)


def _count(text: str) -> int:
    """Parse an integer of 0 or more."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(must_be("", integer(0), repr(text)))
    return int(text)


def _add_input_options(parser: argparse.ArgumentParser) -> None:
    """Add the three ways to give the input."""
    parser.add_argument(
        "text_or_file",
        nargs="?",
        metavar="TEXT_OR_FILE",
        help="a file, like --input, if it exists; else a text of several words, like --text",
    )
    parser.add_argument(
        "--text",
        metavar="TEXT",
        help="a text; the result is formatted on a terminal, and else written as a line of JSON",
    )
    parser.add_argument(
        "--input",
        metavar="INPUT",
        nargs="+",
        action="extend",
        help="files, patterns, folders (all files in them and below), or data sets of the Hub (`USER/NAME`, "
        "`USER/NAME:SPLIT`, `hf://datasets/USER/NAME/PATH`): `.txt` (one text per line), `.csv` (with a column "
        "`text`), objects with `text` or `tokens` in `.jsonl` (one per line) or `.json` (a list of at most "
        f"{LARGEST_JSON_LIST // 10**6} MB, which is read completely), `.parquet`; `.jsonl`, `.csv` and `.txt` may be "
        "compressed (`.gz`, `.zst`); - for standard input (lines of text, or JSON Lines)",
    )
    parser.add_argument("--json", action="store_true", help="write the result for a text as JSON on a terminal, too")
