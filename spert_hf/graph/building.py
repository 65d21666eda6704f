"""From files of what was found to a folder with a knowledge graph."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from ..files.new_folder import new_folder
from ..files.outputs import hidden_beside, real_target
from ..files.ownership import sole_owner
from ..model.messages import did_you_mean, either, integer, must_be, number
from .aliases import read_aliases
from .database import check_memory, duckdb_module, open_database
from .evidence import write_tables
from .formats import FORMATS, RDF_VERSIONS, WriterOptions, check_formats, writer_of
from .found_files import list_found
from .iris import check_base_iri
from .merging import merge_mentions
from .reading import read_found
from .rules import MERGES, in_order
from .summary import GraphSummary, summarise
from .triples import make_triples

_WORK = ".work"


@dataclass(frozen=True)
class GraphOptions:
    """How a graph is made; see [`build_graph`], whose arguments these are."""

    formats: tuple[str, ...] = ()
    merge: tuple[str, ...] = tuple(MERGES)
    aliases: Path | None = None
    surname_types: tuple[str, ...] | None = None
    symmetric: tuple[str, ...] = ()
    one_way: tuple[str, ...] = ()
    min_score: float = 0.0
    min_support: int = 1
    evidence: int = 3
    id_column: str | None = None
    title: str | None = None
    base_iri: str | None = None
    rdf_version: str | None = None
    memory_limit: str | None = None
    threads: int | None = None

    def checked(self) -> GraphOptions:
        """Check the options, and return them with the formats and rules in their order.

        Raises:
            ValueError: one is wrong, or a library that it needs is not installed.
        """
        for rule in self.merge:
            if rule not in MERGES:
                raise ValueError(must_be("--merge", either(MERGES), f"{rule!r}{did_you_mean(rule, MERGES)}"))
        if not 0 <= self.min_score <= 1:
            raise ValueError(must_be("--min-score", number(0, 1), str(self.min_score)))
        for name in ("min_support", "evidence"):
            value = getattr(self, name)
            if value < 1:
                raise ValueError(must_be(f"--{name.replace('_', '-')}", integer(1), str(value)))
        both = sorted({*self.symmetric} & {*self.one_way})
        if both:
            raise ValueError(must_be("--one-way", "other types than --symmetric", repr(both[0])))
        if self.rdf_version not in (None, *RDF_VERSIONS):
            raise ValueError(must_be("--rdf-version", either(RDF_VERSIONS), repr(self.rdf_version)))
        if self.base_iri is not None:
            check_base_iri(self.base_iri)
        if self.memory_limit is not None:
            check_memory("--memory-limit", self.memory_limit)
        duckdb_module()
        return replace(self, formats=tuple(check_formats(self.formats)), merge=tuple(in_order(self.merge)))


def build_graph(
    found: str | Path | Sequence[str | Path],
    output: str | Path,
    *,
    formats: Sequence[str] = (),
    merge: Sequence[str] = tuple(MERGES),
    aliases: str | Path | None = None,
    surname_types: Sequence[str] | None = None,
    symmetric: Sequence[str] = (),
    one_way: Sequence[str] = (),
    min_score: float = 0.0,
    min_support: int = 1,
    evidence: int = 3,
    id_column: str | None = None,
    title: str | None = None,
    base_iri: str | None = None,
    rdf_version: str | None = None,
    memory_limit: str | None = None,
    threads: int | None = None,
) -> GraphSummary:
    """Make a knowledge graph of what `spert-hf extract` found, as `spert-hf graph` does.

    Args:
        found: Parquet or JSON Lines files, folders of them, or glob patterns; one or several.
        output: A folder that is not there yet, or an empty one. It gets `entities.parquet`, `relations.parquet` and
            `evidence.parquet`, and what the formats are written to; all of it, or nothing.
        formats: Names of [`spert_hf.graph.FORMATS`] to be written besides Parquet.
        merge: The rules by which mentions are merged, of [`spert_hf.graph.MERGES`].
        aliases: A table of aliases, CSV or JSON.
        surname_types: Entity types whose names have surnames; default: those that are called like persons.
        symmetric: Relation types without a direction: both directions are one triple.
        one_way: Relation types that hold in one direction only: of a triple and its inverse, the better one is kept.
        min_score: Relations with a lower score are dropped.
        min_support: Triples in fewer documents are dropped.
        evidence: How many sentences stand beside each relation at most; all are in `evidence.parquet`.
        id_column: The column that names documents; default: `id`, `doc_id` or `orig_id`, else file and row.
        title: Of the graph; default: the folder's name.
        base_iri: What the IRIs of RDF begin with.
        rdf_version: Of RDF; `"1.1"` for readers that do not know `rdf:reifies`.
        memory_limit: What DuckDB may take, such as `"4GB"`; default: 500 MB for each thread. Beyond it, it works on
            disk, beside the output.
        threads: Of DuckDB; default: all cores.

    Returns:
        Counts of what was read, merged, dropped and written.

    Raises:
        ValueError: The input or an option is wrong, an optional library is not installed, or another run is writing to
            the output.
        OSError: A file cannot be read or written, or there is something in the output folder already.
    """
    options = GraphOptions(
        formats=tuple(formats),
        merge=tuple(merge),
        aliases=None if aliases is None else Path(aliases),
        surname_types=None if surname_types is None else tuple(surname_types),
        symmetric=tuple(symmetric),
        one_way=tuple(one_way),
        min_score=min_score,
        min_support=min_support,
        evidence=evidence,
        id_column=id_column,
        title=title,
        base_iri=base_iri,
        rdf_version=rdf_version,
        memory_limit=memory_limit,
        threads=threads,
    ).checked()
    inputs = [found] if isinstance(found, str | Path) else list(found)
    files = list_found(inputs)
    _check_outside(Path(output), inputs)
    rows = [] if options.aliases is None else read_aliases(options.aliases, options.merge)
    with _own_output(Path(output)) as folder, _memory_in_words():
        work = folder / _WORK
        work.mkdir()
        with open_database(work, options.memory_limit, options.threads) as connection:
            read = read_found(connection, files, work, options.id_column)
            _check_not_empty(read, inputs)
            unused = merge_mentions(connection, options.merge, rows, options.surname_types)
            summary = summarise(connection, read, unused)
            dropped = make_triples(
                connection, options.min_score, options.min_support, options.symmetric, options.one_way
            )
            summary = summary.with_relations(connection, dropped)
            write_tables(connection, folder, work, options.evidence, options.symmetric)
        shutil.rmtree(work)
        _write_formats(folder, options, Path(output).name)
    return summary


def _write_formats(folder: Path, options: GraphOptions, name: str) -> None:
    given = {key: getattr(options, key) for key in ("base_iri", "rdf_version", "memory_limit", "threads")}
    chosen = {key: value for key, value in given.items() if value is not None}
    for format_ in options.formats:
        writing = WriterOptions(format=format_, title=options.title or name, **chosen)
        writer_of(format_)(folder, folder / FORMATS[format_].target, writing)


@contextmanager
def _own_output(output: Path) -> Iterator[Path]:
    """A folder that becomes the output, which no other run writes to meanwhile.

    Raises:
        ValueError: another run does.
        OSError: it cannot be made, or something else is there.
    """
    target = real_target(output)
    target.parent.mkdir(parents=True, exist_ok=True)
    with sole_owner(hidden_beside(target, "lock")) as is_ours:
        if not is_ours:
            raise ValueError(f"--output: another run is writing {output}; name another folder")
        with new_folder(output) as folder:
            yield folder


@contextmanager
def _memory_in_words() -> Iterator[None]:
    """Say in one line that the memory does not suffice.

    Raises:
        ValueError: instead of DuckDB's error.
    """
    duckdb = duckdb_module()
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        said = " ".join(str(error).partition("\n")[0].split())
        raise ValueError(f"--memory-limit must be higher, or --threads lower: {said}") from error


def _check_outside(output: Path, inputs: Sequence[str | Path]) -> None:
    """Check that the output is below no input folder: the next run would take its tables for input.

    Raises:
        ValueError: it is.
    """
    below = os.path.realpath(output)
    for given in inputs:
        if Path(given).is_dir() and Path(os.path.realpath(given)) in (Path(below), *Path(below).parents):
            raise ValueError(must_be("--output", f"a folder outside of the input folder {given}", str(output)))


def _check_not_empty(read: Mapping[str, int], inputs: Sequence[str | Path]) -> None:
    """Check that there is anything to make a graph of."""
    if read["records"] == read["skipped"]:
        what = f"{read['records']:,} rows, each with an error" if read["records"] else "no rows"
        raise ValueError(must_be("FOUND", "files with something found", f"{', '.join(map(str, inputs))}, with {what}"))
