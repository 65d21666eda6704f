"""Data sets in memory: lists of documents or records, and data sets that ``datasets`` has loaded."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from os import PathLike
from typing import Any, TypeAlias

from ..model.messages import kind_of, must_be
from .documents import Document
from .faults import plain_name
from .sources import Origin, Source, row_readers, split_of

Documents: TypeAlias = Iterable[Document | Mapping[str, Any]]
"""Documents in memory: a list of ``Document`` or of mappings in SpERT's JSON form, or a ``datasets.Dataset``."""

DocumentSource: TypeAlias = str | PathLike[str] | Documents | Mapping[str, Documents]
"""Any source of documents: a name, a file, a folder, documents in memory, or a mapping of splits to these."""

NAME = "documents"
"""The name of a data set without a name."""

_ALLOWED = (
    "the name of a data set, a file, a folder, a list of Document or of mappings in SpERT's JSON form, a "
    "datasets.Dataset, or a mapping of train, dev and test to such lists"
)
_DIGITS_SHOWN = 12


def check_source(field: str, source: object) -> None:
    """Check that documents can be loaded from a source, before anything is read.

    Args:
        field: Name of the argument, for the message.
        source: Any value.

    Raises:
        TypeError: If it is not a source of documents.
    """
    if isinstance(source, Mapping):
        for name, documents in source.items():
            if split_of(str(name)) is None:
                raise TypeError(must_be(field, _ALLOWED, f"a mapping with {plain_name(name)}"))
            if isinstance(documents, (str, bytes, PathLike, Mapping)) or not isinstance(documents, Iterable):
                raise TypeError(must_be(f"{field}[{name!r}]", "a list of documents", kind_of(documents)))
    elif isinstance(source, (bytes, bytearray)) or not isinstance(source, (str, PathLike, Iterable)):
        raise TypeError(must_be(field, _ALLOWED, kind_of(source)))


def is_in_memory(source: object) -> bool:
    """Return whether a source is documents in memory, rather than a name or path."""
    return not isinstance(source, (str, PathLike))


def open_in_memory(source: Documents | Mapping[str, Documents]) -> Source:
    """Open documents in memory as a data set; they are all for training unless given by split.

    The revision of its origin is a digest of the documents.
    """
    by_split = source if isinstance(source, Mapping) else {"train": source}
    records = {str(name): [*_records(documents)] for name, documents in by_split.items()}
    name = _name_of(next(iter(by_split.values()), None))
    readers = row_readers(name, records)
    return Source(name, None, readers, Origin("memory", None, _digest(records)))


def _records(documents: Documents) -> Iterator[Any]:
    """Yield the documents as records; other values are unchanged, so that the checks report them."""
    for document in documents:
        yield document.to_record() if isinstance(document, Document) else document


def _name_of(documents: object) -> str:
    """Return the name that ``datasets`` has for the data, if any."""
    info = getattr(documents, "info", None)
    return getattr(info, "dataset_name", None) or NAME


def _digest(records: Mapping[str, list[Any]]) -> str:
    digest = hashlib.sha256()
    for name, of_split in sorted(records.items()):
        digest.update(name.encode())
        for record in of_split:
            digest.update(json.dumps(record, sort_keys=True, default=repr).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:_DIGITS_SHOWN]
