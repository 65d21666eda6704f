"""The formats of a graph: what each is called, what is written, and which module writes it.

A module of a format has `write(folder, target, options)`: it reads the three Parquet files of `folder`
(`schema.py`), a batch of rows at a time where its library allows, and writes `target`, a file or a new folder inside
a hidden folder that gets its name when all formats are written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from ..model.messages import did_you_mean, either, must_be
from ..model.words import import_extra

PARQUET = "parquet"
"""The format that the others are made of."""


@dataclass(frozen=True)
class WriterOptions:
    """What a writer may be told.

    Args:
        format: the name of the format, for a module that writes several.
        title: of the graph.
        base_iri: what the IRIs of RDF begin with.
        rdf_version: `"1.2"` has what is known of a statement on `rdf:reifies`; `"1.1"`, for older readers, on an
            `rdf:Statement`.
        memory_limit: of DuckDB, such as `"1GB"`; see `open_database`.
        threads: of DuckDB; default: all cores.
    """

    format: str
    title: str = "Knowledge graph"
    base_iri: str = "urn:spert-hf:"
    rdf_version: str = "1.2"
    memory_limit: str | None = None
    threads: int | None = None


RDF_VERSIONS = ("1.2", "1.1")
"""That statements can be spoken of in; see [`WriterOptions`]."""


class Write(Protocol):
    """Writes a graph in a format."""

    def __call__(self, folder: Path, target: Path, options: WriterOptions) -> None:
        """Write.

        Args:
            folder: has the three Parquet files.
            target: a file or folder that is not there yet.
            options: see there.
        """


@dataclass(frozen=True)
class Format:
    """A format of a graph.

    Args:
        description: for `--help`.
        target: the file or folder in the output folder.
        module: of this package, which has `write`.
        extra_module: the module of an optional library that it needs besides DuckDB.
        package: what pip calls that.
    """

    description: str
    target: str
    module: str
    extra_module: str | None = None
    package: str | None = None


FORMATS = {
    PARQUET: Format("entities, relations and evidence, for DuckDB, pandas, datasets (always written)", ".", ""),
    "html": Format("one page to look at and to send, with search, filters and sentences", "graph.html", "html_page"),
    "graphml": Format("GraphML, for networkx, Gephi, Cytoscape, yEd", "graph.graphml", "graphml"),
    "gexf": Format("GEXF, for Gephi", "graph.gexf", "gexf"),
    "turtle": Format("RDF 1.2 as Turtle", "graph.ttl", "rdf", "pyoxigraph"),
    "nquads": Format("RDF 1.2 as N-Quads", "graph.nq", "rdf", "pyoxigraph"),
    "neo4j": Format("CSV files for `neo4j-admin database import`", "neo4j", "neo4j"),
    "ladybug": Format("a data base file of Ladybug, Kùzu's successor", "graph.lbug", "ladybug", "ladybug"),
}
"""By name. `--format` and its help take them from here."""


def check_formats(names: Sequence[str]) -> list[str]:
    """Check that formats are known and that what they need is installed, before long work.

    Args:
        names: of formats.

    Returns:
        Those that are to be written besides Parquet, each once, in their order.

    Raises:
        ValueError: one is unknown, or its library is not installed.
    """
    wanted = [name for name in dict.fromkeys(names) if name != PARQUET]
    for name in wanted:
        if name not in FORMATS:
            given = f"{name!r}{did_you_mean(name, FORMATS)}"
            raise ValueError(must_be("--format", either(FORMATS), given))
        needed = FORMATS[name]
        if needed.extra_module is not None:
            import_extra(needed.extra_module, f"--format {name}", "graph", needed.package)
    return wanted


def writer_of(name: str) -> Write:
    """The function that writes a format."""
    return cast(Write, import_module(f".{FORMATS[name].module}", __package__).write)
