"""`python -m tests.benchmarks.graph`: processor time and memory of `spert-hf graph`, on corpora of growing size."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from .graph_corpus import write_corpus


class Cost(NamedTuple):
    """What a run took: seconds of processor time, user's and system's, and the peak of its resident memory in MB."""

    seconds: float
    megabytes: float


def main() -> None:
    """Measure, and print a row of a table for each size."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.graph", description=__doc__)
    parser.add_argument(
        "--mentions",
        type=int,
        nargs="+",
        default=[100_000, 1_000_000],
        metavar="N",
        help="sizes, with as many relations",
    )
    parser.add_argument("--option", nargs="*", default=[], metavar="NAME=VALUE", help="options of the command")
    parser.add_argument("--folder", type=Path, help="keeps corpora for the next run")
    given = parser.parse_args()
    options = [part for option in given.option for part in (f"--{option}".split("=", 1))]
    with tempfile.TemporaryDirectory() as temporary:
        for mentions in given.mentions:
            corpus = (given.folder or Path(temporary)) / str(mentions)
            if not corpus.exists():
                write_corpus(corpus, mentions)
            cost = measure(corpus, Path(temporary, f"graph-{mentions}"), options)
            print(f"| {mentions:,} | {cost.seconds:.1f} s | {cost.megabytes:.0f} MB |", flush=True)


def measure(corpus: Path, output: Path, options: list[str]) -> Cost:
    """Run the command in a process of its own.

    Args:
        corpus: what it reads.
        output: what it writes.
        options: more of its options.
    """
    command = [sys.executable, "-m", "spert_hf", "graph", str(corpus), "--output", str(output), *options]
    process = subprocess.Popen(command, stdout=sys.stderr)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


if __name__ == "__main__":
    main()
