"""`python -m tests.benchmarks.annotation_reading`: how fast, and in how much memory, a large export is read.

The export is made of varied tasks of Label Studio's, about 10 kB each, in a folder that is removed afterwards. Speed
counts processor time (user and system), so that other processes beside it change little.
"""

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from spert_hf.data.annotation.formats import format_named
from spert_hf.data.annotation.options import ReadingOptions
from spert_hf.data.annotation.reading import iter_annotations
from spert_hf.data.annotation.report import Report as Counts

from . import peak_memory
from .report import Figure, Group, Report, Section, at_least, at_most
from .timing import Measurement

MEGABYTE = 1_000_000
SPEED = at_least(20)
GROWTH = at_most(50)
"""A document times a constant: ijson's buffers, the largest task, and what Python keeps for reuse."""

NAMES = ("Mira Voss", "Kestrel Labs", "Zoë Tarn", "Café Brume", "Ilan Brock", "Fernwick Mill", "🪐 Orbit", "Oldhaven")
WORDS = ("the", "office", "of", "that", "mill", "was", "sold", "to", "her", "brother", "who", "left", "in", "spring")
SENTENCES = 90
"""Of a task: with them it has about 10 kB."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.annotation_reading", description=__doc__)
    parser.add_argument("--megabytes", type=int, default=100, metavar="N", help="size of the export (%(default)s)")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="where it is made (default: for temporary files)")
    parsed = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(dir=parsed.folder) as folder:
        path = Path(folder) / "export.json"
        tasks = write_export(path, parsed.megabytes * MEGABYTE)
        group, texts, size = measure(path)
    title = f"an export of Label Studio's of {size / MEGABYTE:,.0f} MB, {tasks:,} tasks, {texts:,} texts"
    conditions = {"format": "label-studio", "processor time": "user and system"}
    print(Report(conditions, [Section("annotation reading", title, groups=[group])]).to_text())


def measure(path: Path) -> tuple[Group, int, int]:
    """The figures of reading an export, the number of its texts, and its size in bytes."""
    texts, seconds = 0, 0.0

    def run() -> None:
        nonlocal texts, seconds
        start = time.process_time()
        counts = Counts()
        texts = sum(1 for _ in iter_annotations(path, format_named("label-studio"), ReadingOptions(), counts))
        counts.raise_faults()
        seconds = time.process_time() - start

    warm_up(path.with_name("small.json"))
    growth = _growth(run)
    size = path.stat().st_size
    figures = [Figure("speed", Measurement((size / MEGABYTE / seconds,)), "MB/s of processor time", SPEED)]
    if growth is not None:
        figures.append(Figure("growth", Measurement((growth / MEGABYTE,)), "MB", GROWTH))
    return Group("read", figures), texts, size


def warm_up(path: Path) -> None:
    """Read a small export, so that imports are not measured."""
    write_export(path, MEGABYTE)
    for _ in iter_annotations(path, format_named("label-studio"), ReadingOptions(), Counts()):
        pass


def write_export(path: Path, size: int) -> int:
    """Write an export of at least so many bytes; how many tasks it has."""
    number, written = 0, 0
    with path.open("w", encoding="utf-8") as stream:
        for task in tasks():
            number += 1
            part = ("[\n" if number == 1 else ",\n") + json.dumps(task, ensure_ascii=number % 2 == 0)
            written += len(part)
            stream.write(part)
            if written >= size:
                break
        stream.write("\n]\n")
    return number


def tasks() -> Iterator[dict[str, Any]]:
    """Tasks without end: regions and relations, some with emoji, line ends, several annotators, or skipped."""
    chance, number = random.Random(20), 0
    while True:
        number += 1
        text, regions = _text(chance)
        results = [_region(text, *place, identifier=f"{number}-{index}") for index, place in enumerate(regions)]
        results += [_relation(results[index - 1], results[index], chance) for index in range(1, len(results), 2)]
        annotations = [_annotation(number, by, results, skipped=number % 50 == 0) for by in range(1 + number % 7 // 6)]
        yield {
            "id": number,
            "annotations": annotations,
            "drafts": [],
            "predictions": [],
            "data": {"text": text, "doc": f"document {number}"},
            "meta": {},
            "created_at": "2026-11-29T10:13:10.917593Z",
            "updated_at": "2026-11-29T10:17:29.539206Z",
            "inner_id": number,
            "total_annotations": len(annotations),
            "project": 1,
            "comment_authors": [],
        }


def _text(chance: random.Random) -> tuple[str, list[tuple[int, int, str]]]:
    """A text with the places and labels of names in it."""
    text, places = "", []
    for sentence in range(SENTENCES):
        if sentence % 5 == 0:
            name = chance.choice(NAMES)
            places.append((len(text), len(text) + len(name), chance.choice(("PER", "ORG", "LOC"))))
            text += name + " "
        text += " ".join(chance.choices(WORDS, k=chance.randint(4, 14))) + chance.choice((". ", ".\r\n"))
    return text, places


def _region(text: str, start: int, end: int, label: str, identifier: str) -> dict[str, Any]:
    value = {"start": start, "end": end, "text": text[start:end], "labels": [label]}
    return {"value": value, "id": identifier, "from_name": "label", "to_name": "text", "type": "labels"}


def _relation(head: dict[str, Any], tail: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    ends = {"from_id": head["id"], "to_id": tail["id"], "direction": chance.choice(("right", "left"))}
    return {**ends, "type": "relation", "labels": ["founded"]}


def _annotation(task: int, by: int, results: list[dict[str, Any]], skipped: bool) -> dict[str, Any]:
    return {
        "id": 10 * task + by,
        "completed_by": by,
        "result": results,
        "was_cancelled": skipped,
        "ground_truth": False,
        "created_at": "2026-11-29T10:17:29.407985Z",
        "updated_at": f"2026-11-29T10:18:2{by}.408022Z",
        "lead_time": 15.233,
        "prediction": {},
        "task": task,
        "parent_prediction": None,
    }


def _growth(run: Callable[[], object]) -> int | None:
    """The peak growth of memory in bytes; `None` where the system doesn't count it, and it is only run."""
    if peak_memory.is_available():
        return peak_memory.peak_growth(run)
    run()
    return None


if __name__ == "__main__":
    main()
