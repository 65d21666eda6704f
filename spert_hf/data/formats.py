"""Reading and writing of annotated documents in files and rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..files.atomic import write_atomically
from .documents import Document, build_document, check_record
from .faults import DocumentError, Fault, LocatedFault, Location, list_names, short_repr
from .found_records import AnnotatedRecord, choose_words, is_found_record, name_token_offsets, to_annotated
from .schema import TypeSchema
from .textfiles import Line, parse_json, read_lines, read_text, to_json_line

JSON_SUFFIXES = (".json",)
JSON_LINES_SUFFIXES = (".jsonl", ".ndjson")
DOCUMENT_SUFFIXES = JSON_SUFFIXES + JSON_LINES_SUFFIXES

_LIST = "a JSON list of records"
_ANNOTATIONS = ("entities", "relations")


def read_documents(path: str | Path, schema: TypeSchema | None = None, self_relations: str = "error") -> list[Document]:
    """Read a file of annotated documents.

    Args:
        path: ``.json`` (a list of records in SpERT's JSON form, or as ``extract`` writes them) or
            ``.jsonl``/``.ndjson`` (a record per line).
        schema: The allowed types. Default: any.
        self_relations: Whether a relation of an entity to itself is a fault (``error``) or left out (``drop``).

    Raises:
        DocumentError: If the file is not valid; the error lists all faults.
        OSError: If the file can't be read.
    """
    documents, faults = examine_file(path, schema, self_relations)
    if faults:
        raise DocumentError(faults)
    return documents


def check_file(path: str | Path, schema: TypeSchema | None = None) -> list[LocatedFault]:
    """Return all faults of a file of annotated documents; an empty list if ``read_documents`` can read it.

    Args:
        path: See ``read_documents``.
        schema: The allowed types. Default: any.

    Raises:
        OSError: If the file can't be read.
    """
    return examine_file(path, schema)[1]


def examine_file(
    path: str | Path, schema: TypeSchema | None = None, self_relations: str = "error"
) -> tuple[list[Document], list[LocatedFault]]:
    """Return the documents of a file's valid records, and all faults of the others; see ``read_documents``.

    Raises:
        OSError: If the file can't be read.
    """
    return _build(_scan_file(Path(path)), schema, self_relations)


def documents_from_rows(
    rows: Iterable[Mapping[str, Any]], name: str, schema: TypeSchema | None = None, self_relations: str = "error"
) -> list[Document]:
    """Make documents from a ``datasets`` split or any mappings with the fields of SpERT's JSON form.

    Also accepted is what ``datasets`` may turn that form into: ``None`` for missing annotations, and annotations by
    column (``{"type": […], "start": […], "end": […]}``). Types are strings.

    Args:
        rows: The rows.
        name: Their name in error messages.
        schema: The allowed types. Default: any.
        self_relations: Whether a relation of an entity to itself is a fault (``error``) or left out (``drop``).

    Raises:
        DocumentError: If rows are not valid; the error lists all faults.
    """
    records = ((Location(name, record=number), _record_of(row)) for number, row in enumerate(rows, start=1))
    documents, faults = _build(records, schema, self_relations)
    if faults:
        raise DocumentError(faults)
    return documents


def write_documents(path: str | Path, documents: Iterable[Document]) -> None:
    """Write documents to a file for ``read_documents``, atomically.

    Args:
        path: The file. Its suffix decides the format: ``.json``, ``.jsonl`` or ``.ndjson``. An existing file is
            replaced.
        documents: The documents.

    Raises:
        DocumentError: If a document is not valid, or the suffix is not supported; nothing is written.
        OSError: If the file can't be written.
    """
    path = Path(path)
    fault = wrong_suffix(path, DOCUMENT_SUFFIXES)
    if fault is not None:
        raise DocumentError([LocatedFault(Location(str(path)), fault)])
    lines = _to_json(path, documents)
    write_atomically(path, _as_list(lines) if is_json(path) else (f"{line}\n" for line in lines))


def is_json(path: Path) -> bool:
    """Return whether the suffix says that the file is one JSON value, not JSON Lines."""
    return path.suffix.lower() in JSON_SUFFIXES


def wrong_suffix(path: Path, allowed: tuple[str, ...]) -> Fault | None:
    """Return the fault of a file name without an allowed suffix, or `None`."""
    if path.suffix.lower() in allowed:
        return None
    return Fault("", f"a file name ending in {short_repr(path.suffix)}", f"a file of {list_names(allowed)}")


def load_json_list(path: Path, allowed: str, exact: bool = False) -> list[Any] | LocatedFault:
    """Return the list in a ``.json`` file, or the fault of the file as a whole.

    Args:
        path: The file.
        allowed: What must be in the file, for the fault.
        exact: See ``parse_json``.

    Raises:
        OSError: If the file can't be read.
    """
    location = Location(str(path))
    text = read_text(path)
    if isinstance(text, Fault):
        return LocatedFault(location, text)
    value = parse_json(text, location, allowed, exact=exact)
    if isinstance(value, LocatedFault):
        return LocatedFault(location, _json_lines_fault(allowed)) if _is_json_lines(text) else value
    if isinstance(value, list):
        return value
    return LocatedFault(location, _no_list_fault(value, allowed))


def is_list_text(line: Line) -> bool:
    """Return whether a line begins a JSON list, which no line of a JSON Lines file does."""
    return isinstance(line.content, str) and line.content.lstrip().startswith("[")


def json_list_fault(allowed: str) -> Fault:
    """Return the fault of a file that is named as JSON Lines but contains a JSON list."""
    return Fault("", "a JSON list; to read a JSON list, name the file .json", allowed)


def _scan_file(path: Path) -> Iterator[tuple[Location, Any]]:
    """Yield each record with its location, or a ``LocatedFault`` where the file's text is invalid."""
    fault = wrong_suffix(path, DOCUMENT_SUFFIXES)
    if fault is not None:
        yield Location(str(path)), LocatedFault(Location(str(path)), fault)
    elif is_json(path):
        yield from _scan_json(path)
    else:
        yield from _scan_json_lines(path)


def _scan_json(path: Path) -> Iterator[tuple[Location, Any]]:
    records = load_json_list(path, _LIST)
    if isinstance(records, LocatedFault):
        yield records.location, records
        return
    for number, record in enumerate(records, start=1):
        yield Location(str(path), record=number), record


def _scan_json_lines(path: Path) -> Iterator[tuple[Location, Any]]:
    number = 0
    with path.open("rb") as stream:
        for line in read_lines(stream):
            if isinstance(line.content, str) and not line.content.strip():
                continue
            number += 1
            location = Location(str(path), number, line.number)
            if number == 1 and is_list_text(line):
                fault = json_list_fault("JSON Lines, a record a line")
                yield location, LocatedFault(Location(str(path)), fault)
                return
            if isinstance(line.content, Fault):
                yield location, LocatedFault(Location(str(path), line=line.number), line.content)
            else:
                yield location, parse_json(line.content, location, "a record as one JSON object")
    if number == 0:
        fault = Fault("", "an empty file", "JSON Lines, a record a line")
        yield Location(str(path)), LocatedFault(Location(str(path)), fault)


def _build(
    records: Iterable[tuple[Location, Any]], schema: TypeSchema | None, self_relations: str
) -> tuple[list[Document], list[LocatedFault]]:
    """Return the documents of the valid records, and the faults of the others."""
    documents: list[Document] = []
    faults: list[LocatedFault] = []
    located = list(records)
    split = choose_words([record for _, record in located if is_found_record(record)])
    for location, record in located:
        if isinstance(record, LocatedFault):
            faults.append(record)
            continue
        annotated, wrong, changes = (
            to_annotated(record, split) if is_found_record(record) else AnnotatedRecord(record, [])
        )
        # If offsets are invalid, it is unknown which entities are the same.
        found = check_record(annotated, schema, "drop" if wrong else self_relations)
        if annotated is not record:
            found = wrong + [name_token_offsets(record, fault) for fault in found]
        faults += (LocatedFault(location, fault) for fault in found)
        if not found:
            documents.append(build_document(annotated, changes))
    return documents, faults


def _no_list_fault(value: object, allowed: str) -> Fault:
    if not isinstance(value, dict):
        return Fault("", short_repr(value), allowed)
    if "tokens" in value or "text" in value:
        return Fault("", "a single JSON object; put the object between [ and ]", allowed)
    if all(isinstance(value.get(kind), dict) for kind in _ANNOTATIONS):
        return Fault("", "a types file; give the documents file that belongs to it", allowed)
    names = [short_repr(name) for name in value]
    return Fault("", f"a JSON object with {list_names(names) or 'no fields'}", allowed)


def _is_json_lines(text: str) -> bool:
    """Return whether each of the first two lines that are not blank is a JSON object."""
    lines = [line for line in text.split("\n", 200)[:200] if line.strip()][:2]
    where = Location("")
    return len(lines) == 2 and all(isinstance(parse_json(line, where, ""), dict) for line in lines)


def _json_lines_fault(allowed: str) -> Fault:
    return Fault("", "JSON Lines; to read JSON Lines, name the file .jsonl", allowed)


def _record_of(row: Any) -> Any:
    """Convert a row to SpERT's JSON form as far as its shape allows; ``check_record`` reports the rest."""
    if not isinstance(row, Mapping):
        return row
    record = {name: _to_plain(value) for name, value in row.items()}
    for kind in _ANNOTATIONS:
        if record.get(kind, ()) is None:
            del record[kind]
        elif isinstance(record.get(kind), Mapping):
            record[kind] = _items_of_columns(record[kind])
        elif isinstance(record.get(kind), list):
            record[kind] = [_item_of(item) for item in record[kind]]
    return record


def _item_of(item: Any) -> Any:
    return {name: _to_plain(value) for name, value in item.items()} if isinstance(item, Mapping) else item


def _to_plain(value: Any) -> Any:
    """Return an array or its element (from rows in a NumPy or torch format) as plain Python, other values unchanged."""
    return value.tolist() if hasattr(value, "tolist") else value


def _items_of_columns(columns: Mapping[str, Any]) -> Any:
    """Return one object per row of columns of the same length; other columns are returned unchanged."""
    lists = [_to_plain(column) for column in columns.values()]
    if not all(isinstance(column, list) for column in lists) or len({len(column) for column in lists}) != 1:
        return columns
    return [dict(zip(columns, values, strict=True)) for values in zip(*lists, strict=True)]


def _to_json(path: Path, documents: Iterable[Document]) -> Iterator[str]:
    for number, document in enumerate(documents, start=1):
        record = document.to_record()
        location = Location(str(path), record=number)
        faults = [LocatedFault(location, fault) for fault in check_record(record)]
        if faults:
            raise DocumentError(faults)
        yield to_json_line(record)


def _as_list(lines: Iterable[str]) -> Iterator[str]:
    """Yield the parts of a JSON list with one element per line."""
    before = "[\n"
    for line in lines:
        yield before + line
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"
