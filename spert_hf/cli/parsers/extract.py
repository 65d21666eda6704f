"""The options of `spert-hf extract`."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from ...data.textfiles import LARGEST_JSON_LIST
from ...model.choices import OVERLAP_POLICIES
from ..options import STANDARD_STREAM, add_model_options, add_reading_options, add_threshold_options, add_type_options


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the options; of `text` and `input` one is set, and the other is None.

    Raises:
        ValueError: if what is given as a text or a file may be neither.
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
    """Whether an argument that is a text or a file is a file.

    Raises:
        ValueError: if it is neither a file nor a text of several words: most likely a misspelt file name.
    """
    try:
        exists = given == STANDARD_STREAM or Path(given).exists()
    except (OSError, ValueError):  # longer than a name may be
        exists = False
    if not exists and len(given.split()) < 2:
        raise ValueError(f"{given!r} is not a file; name a file, give a text of several words, or use --text {given!r}")
    return exists


def make_parser() -> argparse.ArgumentParser:
    """Describe the options."""
    parser = argparse.ArgumentParser(
        prog="spert-hf extract",
        description="Extract entities and relations. Results are written as JSON Lines in the order of the input, "
        "with the input's other fields, as a stream: memory does not grow with the input. The output file is complete "
        "or absent; what an interrupted run has extracted is kept beside it for --resume.",
    )
    add_model_options(parser)
    _add_input_options(parser)
    parser.add_argument(
        "--output",
        default=STANDARD_STREAM,
        metavar="FILE",
        help="JSON Lines (default: on standard output), each input with `entities` and `relations` (fields of its own "
        "by these names become `given_entities` and `given_relations`); to a `.csv`: triples, a row a relation",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on where an interrupted run with this output stopped, with the same result as if it had not; refused "
        "where input, model or settings are others; with nothing to go on with, begin anew",
    )
    add_reading_options(parser)
    add_threshold_options(parser)
    add_type_options(parser)
    parser.add_argument(
        "--overlap",
        choices=OVERLAP_POLICIES,
        help="entities that overlap are all kept, all dropped, or thinned out to the best (default: the model's own)",
    )
    return parser


def _add_input_options(parser: argparse.ArgumentParser) -> None:
    """Add what is extracted from, in one of three forms."""
    parser.add_argument(
        "text_or_file",
        nargs="?",
        metavar="TEXT_OR_FILE",
        help="a file, as --input, if there is one of this name; else a text of several words, as --text",
    )
    parser.add_argument(
        "--text",
        metavar="TEXT",
        help="a text. What is found in it is shown readably at a terminal, and written as a line of JSON elsewhere",
    )
    parser.add_argument(
        "--input",
        metavar="FILE",
        help="`.txt` (a text a line), `.csv` (with a column `text`), or objects with `text` or `tokens` in `.jsonl` "
        f"(one a line) or `.json` (a list, read whole and so of at most {LARGEST_JSON_LIST // 10**6} MB); - reads "
        "standard input (text lines, or JSON Lines)",
    )
    parser.add_argument("--json", action="store_true", help="write JSON of a text at a terminal, too")
