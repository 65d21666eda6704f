"""A corpus: its files, its shards and the columns that are passed through."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from ..data.faults import DocumentError
from .job import Job
from .parquet_input import Footer, read_footers
from .rows import id_fault, read_records, with_id
from .shards import SHARD_SIZE, Shard, list_shards
from .sources import Source, list_sources

if TYPE_CHECKING:
    import pyarrow as pa

_FIRST_RECORDS = 1000
"""Records of the first file of each format that has any, by which the types of columns are decided."""


@dataclass(frozen=True)
class Corpus:
    """The files of a corpus.

    Attributes:
        sources: The files.
        ignored: How many other files were passed over in folders.
        footers: Those of the Parquet files, `None` for the others.
        token: For the Hub.
    """

    sources: list[Source]
    ignored: int
    footers: list[Footer | None]
    token: str | None = None

    def shards(self, shard_size: int = SHARD_SIZE) -> list[Shard]:
        """Its shards, see `list_shards`."""
        return list_shards(self.sources, shard_size, self.token, self.footers)

    def check_columns(self, text_column: str | None, id_column: str | None) -> None:
        """Check that the columns that were asked for are there: in all Parquet files, and in the first records of the
        first file of each other format that has any.

        Raises:
            ValueError: One is missing, or holds something else; the message names the file, the column and what it has.
            OSError: A file cannot be read.
        """
        self._table_columns(text_column, id_column)
        for source in self._samples(text_column):
            record = next(self._first_records(source, text_column), None)
            fault = None if record is None or id_column is None else id_fault(record, id_column)
            if fault is not None:
                raise ValueError(f"{source.path}: {fault}")

    def schema(self, text_column: str | None, id_column: str | None) -> pa.Schema:
        """The schema of the output in Parquet.

        The columns of Parquet files keep their types. Those of other files are inferred from the first 1,000 records
        of the first file of each format that has any; what does not fit them later is kept in a column
        `other_fields`.

        Raises:
            ValueError: A column is missing, or its types in two files do not go together.
            OSError: A file cannot be read.
        """
        from .columns import infer_columns, output_schema, unify_columns

        columns = unify_columns(self._table_columns(text_column, id_column))
        samples = self._samples(text_column)
        if samples:
            records = [
                record if id_column is None else with_id(record, id_column)
                for source in samples
                for record in self._first_records(source, text_column)
            ]
            for field in infer_columns(records):
                if field.name not in columns.names:
                    columns = columns.append(field)
        return output_schema(columns)

    def _table_columns(self, text_column: str | None, id_column: str | None) -> dict[str, pa.Schema]:
        """The columns of the Parquet files by their paths, as the output calls them."""
        footers = zip(self.sources, self.footers, strict=True)
        schemas = {source.path: footer.schema for source, footer in footers if footer is not None}
        if not schemas:
            return {}  # which needs no pyarrow
        from .columns import rename_columns

        return {path: rename_columns(schema, text_column, id_column, path) for path, schema in schemas.items()}

    def _samples(self, text_column: str | None) -> list[Source]:
        """The first file with records of each format that does not tell its columns.

        Raises:
            DocumentError: None of the first records of a file can be read.
        """
        samples: dict[str, Source] = {}
        for source in self.sources:
            if source.kind == "parquet" or source.kind in samples:
                continue
            with closing(self._first_records(source, text_column)) as records:
                if next(records, None) is not None:
                    samples[source.kind] = source
        return list(samples.values())

    def _first_records(self, source: Source, text_column: str | None) -> Generator[dict[str, Any], None, None]:
        """The readable ones among the first records of a file.

        Raises:
            DocumentError: There are only others.
        """
        job = Job("", "", token=self.token, text_column=text_column)
        records = read_records(job, Shard("", source.path, source.kind, source.compression))
        fault, are_there = None, False
        with closing(records):
            for record in islice(records, _FIRST_RECORDS):
                if isinstance(record, list):
                    fault = fault or record[0]
                else:
                    are_there = True
                    yield record
        if fault is not None and not are_there:
            raise DocumentError([fault])


def open_corpus(inputs: Sequence[str], config_name: str | None = None, token: str | None = None) -> Corpus:
    """Find the files of a corpus, and read the footers of those in Parquet.

    Args:
        inputs: Files, patterns and folders, here or in stores, and data sets of the Hub.
        config_name: Configuration of the data sets.
        token: For the Hub.

    Raises:
        ValueError: An input has no files to read, or a file is damaged.
        OSError: A file cannot be read.
    """
    sources, ignored = list_sources(inputs, config_name, token)
    return Corpus(sources, ignored, read_footers(sources, token), token)
