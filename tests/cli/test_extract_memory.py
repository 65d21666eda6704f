"""`spert-hf extract` as a process that reads a large input: its memory, seen from outside, stays."""

import json
import os
import subprocess
import sys
import time
from itertools import cycle, islice, product
from pathlib import Path

import pytest

from tests.support import growth
from tests.support.mixed_documents import SENTENCES
from tests.support.tiny_models import make_tiny_checkpoint

ROOT = Path(__file__).parents[2]
MEGABYTES = float(os.environ.get("SPERT_SOAK_MEGABYTES", "50"))
MEASUREMENTS = 100
GROWTH_ALLOWED = 16_000_000
"""Bytes between any two of the shares compared: a third of the input at its default size."""

WARM_UP = 25
"""Percent of the input before memory is compared: the allocator keeps what the largest group of texts so far took, and
the first groups of long documents raise that."""


def short_lines():
    """A sentence a line."""
    return cycle(f"{sentence}\n".encode() for sentence in SENTENCES)


def long_lines():
    """Documents of some 100 kB, as JSON Lines."""
    text = " ".join(SENTENCES) + " "
    return cycle([json.dumps({"text": text * (100_000 // len(text))}, ensure_ascii=False).encode() + b"\n"])


def lines_of_long_words():
    """A sentence a line in long words of two bytes a letter: most bytes a second, for inputs of a gigabyte."""
    sentences = (
        "Государственное машиностроительное предприятие Днепропетровской области приостановило производство.",
        "Представительство Екатеринбургского металлургического объединения зарегистрировано в Архангельске.",
        "Железнодорожное сообщение Благовещенска с Петропавловском восстанавливается.",
        "Корреспонденты правительственной газеты интервьюировали сельскохозяйственных кооператоров Новосибирска.",
    )
    return cycle(f"{' '.join(pair)}\n".encode() for pair in product(sentences, sentences))


@pytest.fixture(scope="module")
def fast_checkpoint(tmp_path_factory):
    """A tiny model of single words and no relations: it reads more text in the time than any that finds more."""
    nothing = {"relation_types": [], "symmetric_relation_types": []}
    return make_tiny_checkpoint("bert", tmp_path_factory.mktemp("fast"), max_span_size=1, **nothing)


def extract(checkpoint, lines, size, output):
    """Extract from `size` bytes of lines on standard input; return their number and the memory after every share."""
    command = [sys.executable, "-m", "spert_hf.cli.main", "extract", f"--model={checkpoint}", "--input=-"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "2"}
    with (output.parent / "messages").open("wb") as messages:
        process = subprocess.Popen(
            [*command, f"--output={output}"], stdin=subprocess.PIPE, stderr=messages, env=environment
        )
        try:
            count, resident = _feed(process, lines, size)
            process.stdin.close()
            assert process.wait(600) == 0, (output.parent / "messages").read_text(encoding="utf-8")[-2000:]
        finally:
            process.kill()
            process.wait()
    return count, resident


def _feed(process, lines, size):
    """Write the lines; measure after every hundredth of them."""
    count = written = 0
    resident = []
    while written < size:
        line = next(lines)
        process.stdin.write(line)  # waits until the process has read what came before
        count, written = count + 1, written + len(line)
        while written * MEASUREMENTS >= size * (len(resident) + 1) and len(resident) < MEASUREMENTS:
            resident.append(growth.resident_bytes(process.pid))
    return count, resident


def assert_every_line_has_its_result(output, lines, count):
    with output.open(encoding="utf-8") as results:
        for result, line in zip(results, islice(lines, count), strict=True):
            given = line.decode().rstrip("\n")
            assert json.loads(result)["text"] == (json.loads(given)["text"] if given.startswith("{") else given)


@pytest.mark.e2e
def test_memory_is_the_same_in_the_second_half_of_an_input(fast_checkpoint, tmp_path):
    count, resident = extract(fast_checkpoint, short_lines(), 300_000, tmp_path / "found.jsonl")
    assert resident[-1] < resident[MEASUREMENTS // 2] + GROWTH_ALLOWED
    assert_every_line_has_its_result(tmp_path / "found.jsonl", short_lines(), count)


@pytest.mark.nightly
@pytest.mark.parametrize("lines", [short_lines, long_lines, lines_of_long_words])
def test_memory_is_the_same_all_through_a_large_input(fast_checkpoint, tmp_path, lines):
    start = time.monotonic()
    count, resident = extract(fast_checkpoint, lines(), MEGABYTES * 1e6, tmp_path / "found.jsonl")
    shares = {percent: resident[percent * MEASUREMENTS // 100 - 1] for percent in (10, 25, 50, 75, 100)}
    print(
        f"{lines.__name__}: {MEGABYTES:.0f} MB in {count} lines, {time.monotonic() - start:.0f} s; resident MB at "
        f"{', '.join(f'{percent} %: {value / 1e6:.1f}' for percent, value in shares.items())}; "
        f"most: {max(resident) / 1e6:.1f}"
    )
    settled = [value for percent, value in shares.items() if percent >= WARM_UP]
    assert max(settled) - min(settled) < GROWTH_ALLOWED
    assert_every_line_has_its_result(tmp_path / "found.jsonl", lines(), count)
