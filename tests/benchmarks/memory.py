"""Memory: peak resident growth for one long sentence, each contender in a fresh process; and how long it takes.

In a process that has run anything like it before, memory that was kept for reuse would hide the growth.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from spert_hf.data.documents import Document, Entity, Relation

from . import peak_memory
from .options import Options, progress
from .report import Figure, Group, Section, at_least, at_most
from .timing import Measurement
from .workloads import (
    FEW_ENTITIES,
    Subject,
    as_one_sentence,
    make_workload,
    sub_word_budget,
    texts_of_length,
)

LONG_SUB_WORDS = 500
QUICK_SUB_WORDS = 128
CONTENDERS = ("package", "encoder", "reference")
GROWTH = at_most(100)
OVER_REFERENCE = at_least(80)
MEGABYTE = 1_000_000
ROOT = Path(__file__).parents[2]


def measure_memory(subject: Subject, options: Options) -> Section:
    """Measure inference and training.

    Raises:
        RuntimeError: if a process that measures fails.
    """
    length = QUICK_SUB_WORDS if options.quick else LONG_SUB_WORDS
    section = Section(
        "memory",
        f"peak resident growth for one sentence of {length} sub-words, after a short one; a fresh process each",
        ["Training: the optimizer's state is there before; the growth has the gradients of all weights in it."],
    )
    if not peak_memory.is_available():
        section.notes.append("Not measured: it takes Linux's /proc/self/status and /proc/self/clear_refs.")
        return section
    with tempfile.TemporaryDirectory() as folder:
        prepare_folder(Path(folder), subject, length)
        found = {
            (kind, contender): _measure(Path(folder), kind, contender, options)
            for kind in ("inference", "training")
            for contender in CONTENDERS
        }
    # The targets are set for the long sentence.
    targets = (None, None) if options.quick else (GROWTH, OVER_REFERENCE)
    for kind in ("inference", "training"):
        growth = [
            Figure(
                contender,
                Measurement((found[kind, contender]["growth"] / MEGABYTE,)),
                "MB",
                targets[0] if (kind, contender) == ("inference", "package") else None,
            )
            for contender in CONTENDERS
        ]
        section.groups.append(Group(f"{kind}, growth", growth))
        seconds = {name: Measurement(tuple(found[kind, name]["seconds"])) for name in CONTENDERS}
        times = [Figure(name, measured.scaled(1000), "ms") for name, measured in seconds.items()]
        over = Measurement((seconds["reference"].median / seconds["package"].median,))
        times.append(Figure("over reference", over, "×", targets[1] if kind == "inference" else None))
        section.groups.append(Group(f"{kind}, time", times))
    return section


def prepare_folder(folder: Path, subject: Subject, length: int) -> None:
    """Write what the fresh processes need: a calibrated model, a short and the long text, and documents to train on."""
    workload = make_workload(subject, texts_of_length(subject, length, 1), FEW_ENTITIES)
    workload.pipeline.save_pretrained(folder / "model")
    first = next(iter(fitting_documents(subject, length)))
    short = as_one_sentence(" ".join(first.tokens))
    (folder / "texts.json").write_text(json.dumps([short, *workload.texts]), encoding="utf-8")
    documents = folder / "documents"
    documents.mkdir()
    records = [first.to_record(), long_document(subject, length).to_record()]
    (documents / "train.json").write_text(json.dumps(records), encoding="utf-8")
    (documents / "types.json").write_text(json.dumps(subject.splits.schema.to_dict()), encoding="utf-8")


def fitting_documents(subject: Subject, length: int) -> Iterator[Document]:
    """Documents of the corpus that fit into so many sub-words together, from the first on."""
    left = sub_word_budget(subject.processor, length)
    for document in subject.splits.train:
        sub_words = len(subject.processor.encode([document.tokens])[0].input_ids)
        if sub_words <= left:
            left -= sub_words
            yield document


def long_document(subject: Subject, length: int) -> Document:
    """Annotated documents of the corpus, one after the other, as far as they fit into so many sub-words."""
    whole = Document(tokens=[], entities=[], relations=[])
    for document in fitting_documents(subject, length):
        tokens, entities = len(whole.tokens), len(whole.entities)
        whole.tokens.extend(document.tokens)
        whole.entities.extend(Entity(e.type, e.start + tokens, e.end + tokens) for e in document.entities)
        whole.relations.extend(Relation(r.type, r.head + entities, r.tail + entities) for r in document.relations)
    return whole


def _measure(folder: Path, kind: str, contender: str, options: Options) -> dict[str, Any]:
    patience = ", which takes long and gigabytes" if (contender, options.quick) == ("reference", False) else ""
    progress(f"memory: {kind}, {contender}{patience}")
    repeats = 0 if contender == "reference" else options.repeats
    command = [sys.executable, "-m", "tests.benchmarks.memory_process", str(folder), kind, contender, options.encoder]
    command += [str(options.threads), str(repeats)]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if process.returncode:
        raise RuntimeError(f"memory of {contender} in {kind}: {process.stderr.strip()[-2000:]}")
    found: dict[str, Any] = json.loads(process.stdout.splitlines()[-1])
    return found
