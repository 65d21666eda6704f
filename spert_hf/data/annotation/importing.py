"""From files of annotation tools to a folder that is a data set: its splits and its types."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile, gettempdir
from typing import IO

from ...files.model_folder import write_whole
from ...files.ownership import owned_folder
from ...model.messages import must_be
from ...progress import Progress
from ..documents import Document
from ..faults import list_names
from ..schema import TypeSchema
from ..sources import DatasetError
from ..textfiles import to_json_line
from .alignment import Aligner
from .formats import AnnotationFormat
from .options import ReadingOptions
from .reading import choose_format, iter_annotations
from .report import Report
from .splitting import check_shares, digest_of, draw_splits

_SHORTEST = 4
"""Letters of a type's short name."""


@dataclass(slots=True)
class Imported:
    """What was written.

    Attributes:
        formats: For each file, what it was taken for.
        documents: How many documents each split has.
        entities: How many entities of each type there are, by type.
        relations: The same of relations.
    """

    formats: list[AnnotationFormat] = field(default_factory=list)
    documents: Counter[str] = field(default_factory=Counter)
    entities: Counter[str] = field(default_factory=Counter)
    relations: Counter[str] = field(default_factory=Counter)


def import_annotations(
    paths: Sequence[Path],
    output: Path,
    *,
    format: str | None,
    options: ReadingOptions,
    align: Aligner,
    dev: float = 0.1,
    test: float = 0.1,
    seed: int = 42,
    overwrite: bool = False,
) -> Imported:
    """Read files of annotation tools, and write `train.jsonl`, `dev.jsonl`, `test.jsonl` and `types.json`.

    Documents wait on disk until all is read, so that memory does not grow with the files and nothing is written if
    there is a fault.

    Args:
        paths: Files and folders.
        output: The folder.
        format: Of all of them; by default it is told from the content of each.
        options: For the readers.
        align: Turns texts into documents; its report has the faults and counts.
        dev: Share of the texts for the dev split.
        test: Share for the test split.
        seed: Of the draw.
        overwrite: Replace a data set that is in the folder.

    Raises:
        DatasetError: A format can't be told, there is no annotation at all, or the folder has a data set.
        DocumentError: With every fault of all files.
        ValueError: A setting is not allowed, or another run is writing to the folder.
        OSError: A file cannot be read or written.
    """
    check_shares(dev, test)
    _check_output(output, overwrite)
    imported = Imported([choose_format(path, format) for path in paths])
    report = align.report
    digests: list[bytes] = []
    with owned_folder("output", output), TemporaryFile("w+", encoding="utf-8") as waiting:
        _check_output(output, overwrite)  # again: another run may have ended meanwhile
        for path, each in zip(paths, imported.formats, strict=True):
            digests += _spool(path, each, options, align, imported, waiting)
        report.raise_faults()
        if not imported.entities:
            raise no_entity(paths, report)
        splits = draw_splits(digests, dev, test, seed)
        schema = make_types(sorted(imported.entities), sorted(imported.relations))
        write_whole(output, lambda folder: _write(folder, waiting, splits, schema, imported))
        _remove_old(output, {"train", *splits})  # behind the writing, which a full disk may end
    return imported


def no_entity(paths: Sequence[Path], report: Report) -> DatasetError:
    """The error that there is nothing to learn from in files, with why things were left out."""
    reasons = report.reasons()
    given = "no entity that can be used" + (f" (left out: {'; '.join(reasons)})" if reasons else "")
    named = str(paths[0]) if len(paths) == 1 else f"one of the {len(paths):,} files"
    return DatasetError(must_be(named, "annotated", given))


def make_types(entity_types: Sequence[str], relation_types: Sequence[str]) -> TypeSchema:
    """The types of a data set, each with a short name and one for people to read, made of its name."""
    return TypeSchema.from_dict(
        {
            kind: {
                name: {"short": short, "verbose": name.replace("_", " ").strip() or name}
                for name, short in zip(names, _short_names(names), strict=True)
            }
            for kind, names in (("entities", entity_types), ("relations", relation_types))
        }
    )


def _short_names(names: Sequence[str]) -> list[str]:
    """For each name its shortest beginning that no other one has, of four letters or more."""
    shortened = []
    for name in names:
        lengths = range(min(_SHORTEST, len(name)), len(name))
        others = [other for other in names if other != name]
        unique = (name[:length] for length in lengths if not any(other.startswith(name[:length]) for other in others))
        shortened.append(next((short for short in unique if short.strip()), name))
    return shortened


def _spool(
    path: Path, format: AnnotationFormat, options: ReadingOptions, align: Aligner, imported: Imported, out: IO[str]
) -> Iterator[bytes]:
    """Write the documents of each text as a line; give the text's digest."""
    progress = Progress(f"reading {path.name}", "texts")
    for text in progress.follow(iter_annotations(path, format, options, align.report)):
        documents = align(text)
        if not documents:
            continue
        line = to_json_line([document.to_record() for document in documents])
        try:
            out.write(f"{line}\n")
        except OSError as error:
            raise OSError(f"{gettempdir()}: {error} (TMPDIR names another folder to work in)") from error
        _count(documents, imported)
        yield digest_of(text.text)


def _count(documents: Sequence[Document], imported: Imported) -> None:
    for document in documents:
        imported.entities.update(entity.type for entity in document.entities)
        imported.relations.update(relation.type for relation in document.relations)


def _write(folder: Path, waiting: IO[str], splits: Sequence[str], schema: TypeSchema, imported: Imported) -> None:
    schema.save(folder / "types.json")
    waiting.seek(0)
    with ExitStack() as opened:
        files = {
            split: opened.enter_context((folder / f"{split}.jsonl").open("w", encoding="utf-8", newline="\n"))
            for split in dict.fromkeys(["train", *splits])
        }
        for split, line in zip(splits, waiting, strict=True):
            records = json.loads(line)
            imported.documents[split] += len(records)
            files[split].writelines(f"{to_json_line(record)}\n" for record in records)


_FILES = tuple(f"{split}.jsonl" for split in ("train", "dev", "test"))


def _check_output(output: Path, overwrite: bool) -> None:
    """Refuse a folder in which there is a data set, or where something else than a folder is."""
    if output.exists() and not output.is_dir():
        raise DatasetError(must_be("output", "a folder", f"the file {output}"))
    there = [path.name for path in sorted(output.glob("*")) if path.suffix in (".json", ".jsonl", ".ndjson")]
    if there and not (overwrite and set(there) <= {*_FILES, "types.json"}):
        allowed = "an empty folder, or one that is not there yet"
        hint = "" if set(there) - {*_FILES, "types.json"} else " (--overwrite replaces it)"
        raise DatasetError(must_be("output", allowed, f"{output} with {list_names(there)}{hint}"))


def _remove_old(output: Path, splits: set[str]) -> None:
    """Remove the splits of a data set that is replaced by one without them."""
    for name in _FILES:
        if name.removesuffix(".jsonl") not in splits:
            (output / name).unlink(missing_ok=True)
