"""`spert-hf extract`: from a file of texts to JSON Lines of entities and relations."""

import argparse
import json
import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from tqdm.auto import tqdm

from ..data.inputs import read_inputs
from ..model.decoding_spert import OVERLAP_POLICIES
from .options import STANDARD_STREAM, add_model_options, fraction, load_pipeline, open_output


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    options = _parser().parse_args(arguments)
    if options.input != STANDARD_STREAM and not os.path.isfile(options.input):  # noqa: PTH113
        raise FileNotFoundError(f"--input: given {options.input!r}, which is no file")
    pipe = load_pipeline(options)
    settings = {"batch_size": options.batch_size, "overlap": options.overlap}
    if options.relation_threshold is not None:
        settings["relation_threshold"] = options.relation_threshold
    with open_output(options.output) as output:
        progress = tqdm(extract(pipe, read_inputs(options.input), **settings), desc="extracting", unit=" texts")
        for record in progress:
            output.write(json.dumps(record, ensure_ascii=False) + "\n")
    return 0


def extract(pipe: Any, records: Iterable[dict[str, Any]], **settings: Any) -> Iterator[dict[str, Any]]:
    """Add `entities` and `relations` to records of texts or tokens, in order and as a stream."""
    waiting: deque[dict[str, Any]] = deque()

    def inputs() -> Iterator[dict[str, Any]]:
        for record in records:
            waiting.append(record)
            yield record

    for prediction in pipe(inputs(), **settings):
        yield waiting.popleft() | prediction


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="spert-hf extract",
        description="Extract entities and relations. Results are written as JSON Lines in the order of the input, "
        "with the input's other fields; the output file is complete or absent.",
    )
    add_model_options(parser)
    parser.add_argument(
        "--input",
        required=True,
        metavar="FILE",
        help="`.txt` (a text a line), `.json` (a list) or `.jsonl` of objects with `text` or `tokens`; - reads "
        "standard input (text lines, or JSON Lines)",
    )
    parser.add_argument(
        "--output", default=STANDARD_STREAM, metavar="FILE", help="JSON Lines (default: standard output)"
    )
    parser.add_argument("--relation-threshold", type=fraction, metavar="S", help="lowest score of a relation, 0 to 1")
    parser.add_argument(
        "--overlap",
        choices=OVERLAP_POLICIES,
        default="keep",
        help="entities that overlap are all kept, all dropped, or thinned out to the best (default: %(default)s)",
    )
    return parser
