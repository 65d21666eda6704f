"""The options of `spert-hf extract`."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from ...data.textfiles import LARGEST_JSON_LIST
from ..options import STANDARD_STREAM, add_found_options, add_model_options


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the options; one of `text` and `input` is set, the other is `None`.

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
        name = "input" if _may_be_file(options.text_or_file) else "text"
        setattr(options, name, options.text_or_file)
    return options


def _may_be_file(given: str) -> bool:
    """Whether a positional argument is a file instead of a text.

    Raises:
        ValueError: it is neither a file nor a text of several words, so probably a misspelt file name.
    """
    try:
        exists = given == STANDARD_STREAM or Path(given).exists()
    except (OSError, ValueError):  # longer than a file name can be
        exists = False
    if not exists and len(given.split()) < 2:
        raise ValueError(f"{given!r} is not a file; name a file, give a text of several words, or use --text {given!r}")
    return exists


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of the options."""
    parser = argparse.ArgumentParser(
        prog="spert-hf extract",
        description="Extract entities and relations. Results are written as JSON Lines in the order of the input, "
        "with the other fields of the input, as a stream: memory does not grow with the input. The output file is "
        "either complete or absent; the results of an interrupted run are kept in a separate file for --resume.",
    )
    add_model_options(parser)
    _add_input_options(parser)
    parser.add_argument(
        "--output",
        default=STANDARD_STREAM,
        metavar="FILE",
        help="JSON Lines (default: on standard output): each input with `entities` and `relations` (existing fields "
        "of these names are renamed to `given_entities` and `given_relations`); for `.csv`: triples, one row per "
        "relation",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="continue an interrupted run with this output, with the same result as without the interruption; refused "
        "if "
        "input, model or settings have changed; without an interrupted run, start anew",
    )
    add_found_options(parser)
    return parser


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
        metavar="FILE",
        help="`.txt` (one text per line), `.csv` (with a column `text`), or objects with `text` or `tokens` in "
        "`.jsonl` "
        f"(one per line) or `.json` (a list of at most {LARGEST_JSON_LIST // 10**6} MB, which is read completely); - "
        "for standard input (lines of text, or JSON Lines)",
    )
    parser.add_argument("--json", action="store_true", help="write the result for a text as JSON on a terminal, too")
