"""How long each format of a graph takes to write, how large it is and how much memory it needs.

Run with `python -m tests.benchmarks.graph_writers --relations 100000`. Each format is written by a process of its own.
"""

import argparse
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from spert_hf.graph.formats import FORMATS, PARQUET, WriterOptions, writer_of

_ENTITIES = """
SELECT i AS id, ['Person', 'Organization', 'Place'][1 + i % 3] AS type, 'Name of entity ' || i AS name,
    greatest(1, {count} // (i + 1)) AS mentions, 1::BIGINT AS documents, 0.9::DOUBLE AS mean_score,
    0.95::DOUBLE AS best_score, [{{text: 'name ' || i, mentions: 1::BIGINT, rule: 'case'}}] AS aliases
FROM range({count}) AS t(i)
"""
_RELATIONS = """
SELECT i AS id, ['works for', 'located in', 'owns'][1 + i % 3] AS type, (i * 7919) % {entities} AS head,
    (i * 104729 + 1) % {entities} AS tail, greatest(1, 1000 // (i + 1)) AS documents, 1::BIGINT AS mentions,
    0.9::DOUBLE AS mean_score, 0.95::DOUBLE AS best_score, false AS symmetric, [{{
        document: 'corpus/document-' || i || '.txt',
        sentence: 'Name of entity ' || i || ' did what people in sentences do, as one of usual length would have it.',
        score: 0.9::DOUBLE, head_start: 0::BIGINT, head_end: 15::BIGINT, tail_start: 30::BIGINT, tail_end: 36::BIGINT
    }}] AS evidence
FROM range({count}) AS t(i)
"""


def make_tables(folder: Path, relations: int) -> None:
    """Write a graph of so many relations with a piece of evidence each, and half as many entities."""
    import duckdb

    entities = relations // 2
    for name, query in (
        ("entities", _ENTITIES.format(count=entities)),
        ("relations", _RELATIONS.format(count=relations, entities=entities)),
    ):
        duckdb.sql(f"COPY ({query}) TO '{folder}/{name}.parquet'")


def measure(name: str, folder: Path) -> None:
    """Write one format, and print what it took."""
    import resource

    writer_of(name)
    before = resource.getrusage(resource.RUSAGE_SELF)
    target = folder / FORMATS[name].target
    writer_of(name)(folder, target, WriterOptions(name, threads=1))
    after = resource.getrusage(resource.RUSAGE_SELF)
    files = [target] if target.is_file() else [path for path in target.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files) / 1e6
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"| `{name}` | {size:.0f} MB | {seconds:.1f} s | {after.ru_maxrss / 1024:.0f} MB |", flush=True)


def main() -> None:
    """Print a table with a row a format."""
    parser = _parser()
    arguments = parser.parse_args()
    if arguments.write:
        measure(arguments.write, arguments.folder)
        return
    print("| format | size | processor time | memory |\n|---|--:|--:|--:|", flush=True)
    with TemporaryDirectory() as folder:
        make_tables(Path(folder), arguments.relations)
        for name in FORMATS:
            if name != PARQUET:
                command = [sys.executable, "-m", __spec__.name, "--write", name, "--folder", folder]
                subprocess.run(command, check=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--relations", type=int, default=100_000, help="how many (default: %(default)s)")
    parser.add_argument("--write", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    main()
