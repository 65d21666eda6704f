"""`python -m tests.benchmarks`: measure, print one page, and write JSON if asked to."""

import argparse
import json
import platform
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers.utils import logging

from spert_hf.cli.global_state import restored_state
from spert_hf.cores import usable_cores
from spert_hf.encoders import QUICKSTART_ENCODER
from spert_hf.model.messages import integer, must_be

from .growth import measure_growth
from .inference import measure_inference
from .memory import measure_memory
from .options import Options
from .published import MODEL_FILE
from .report import Report, Section
from .training import measure_training
from .workloads import Subject, load_subject

DESCRIPTION = """\
Measures what SpERT costs beyond its encoder, and beside a reference: the published algorithm, written plainly from the
paper, with the same weights and the same predictions. Contenders take turns within one process; figures are medians,
with the quartiles of the rounds in brackets. The page goes to standard output, progress to standard error.

Run it in a checkout of the repository, on a quiet machine: pip install -c constraints.txt -e ".[test]"
"""

SECTIONS: dict[str, Callable[[Subject, Options], Section]] = {
    "inference": measure_inference,
    "training": measure_training,
    "memory": measure_memory,
    "growth": measure_growth,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parser = _parser()
    parsed = parser.parse_args(arguments)
    if parsed.reference_checkout and not (parsed.reference_checkout / MODEL_FILE).is_file():
        parser.error(must_be("--reference-checkout", f"a folder with {MODEL_FILE}", str(parsed.reference_checkout)))
    options = Options(
        encoder=parsed.encoder,
        threads=parsed.threads,
        repeats=parsed.repeats or (2 if parsed.quick else 5),
        quick=parsed.quick,
        data_dir=parsed.data_dir,
        reference_checkout=parsed.reference_checkout,
        reference_python=parsed.reference_python,
    )
    report = run(options, parsed.only or list(SECTIONS))
    print(report.to_text())
    if parsed.json:
        parsed.json.write_text(json.dumps(report.to_json(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def run(options: Options, names: Sequence[str]) -> Report:
    """Measure the sections of these names."""
    with restored_state():
        logging.set_verbosity_error()
        logging.disable_progress_bar()
        torch.set_num_threads(options.threads)
        subject = load_subject(options.encoder, options.data_dir)
        sections = [measure(subject, options) for name, measure in SECTIONS.items() if name in names]
    return Report(describe_conditions(subject, options), sections)


def describe_conditions(subject: Subject, options: Options) -> dict[str, Any]:
    """What the figures depend on besides the code."""
    return {
        "encoder": options.encoder,
        "precision": str(next(subject.model.parameters()).dtype).removeprefix("torch."),
        "threads": options.threads,
        "rounds": options.repeats,
        "corpus": subject.splits.name,
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "python": platform.python_version(),
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--only", action="append", choices=list(SECTIONS), help="measure this section only; may be repeated"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures, round by round, as JSON")
    parser.add_argument("--quick", action="store_true", help="small workloads and few rounds: only to see that it runs")
    parser.add_argument(
        "--encoder", default=QUICKSTART_ENCODER, metavar="DIR_OR_ID", help="the encoder (default: %(default)s)"
    )
    parser.add_argument(
        "--data-dir",
        type=Path,
        metavar="DIR",
        help="folder with CoNLL04's files: time its test sentences; by default sentences of as many words are made of "
        "the quickstart corpus",
    )
    parser.add_argument(
        "--threads",
        type=_positive,
        default=usable_cores(),
        metavar="N",
        help="threads (default: all cores, here %(default)s)",
    )
    parser.add_argument(
        "--repeats",
        type=_positive,
        metavar="N",
        help="rounds that count, after one that doesn't (default: 5; quick: 2)",
    )
    parser.add_argument(
        "--reference-checkout",
        type=Path,
        metavar="DIR",
        help="a checkout of the published code (github.com/lavis-nlp/spert): time its model, too, on the same weights",
    )
    parser.add_argument(
        "--reference-python",
        default=sys.executable,
        metavar="PYTHON",
        help="interpreter that has what the checkout needs (default: this one)",
    )
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(must_be("", integer(1), repr(text)))
    return int(text)
