"""The graph as RDF: Turtle and N-Quads, with scores and evidence on the statements that they speak of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..files.atomic import replacing
from ..files.outputs import open_named
from ..model.words import import_extra
from .formats import WriterOptions
from .graph_rows import each_batch, each_row, read_columns, types_of
from .iris import OWL, RDF, RDFS, SKOS, Names
from .schema import ENTITIES, RELATIONS

if TYPE_CHECKING:
    import pyoxigraph

_COUNTS_AND_SCORES = {
    "documents": "documents",
    "mentions": "mentions",
    "mean_score": "meanScore",
    "best_score": "bestScore",
}
_OF_EVIDENCE = {
    "document": "document",
    "sentence": "sentence",
    "score": "score",
    "head_start": "headStart",
    "head_end": "headEnd",
    "tail_start": "tailStart",
    "tail_end": "tailEnd",
}
"""Names of the vocabulary, by column."""

Statement = tuple[Any, Any, Any]


def write(folder: Path, target: Path, options: WriterOptions) -> None:
    """Write Turtle or N-Quads, a row at a time.

    Args:
        folder: with the graph's Parquet files.
        target: the file; it appears whole or not at all.
        options: `format` is `"turtle"` or `"nquads"`, whose statements are in the default graph; `base_iri` begins the
            IRIs that are made up here; `rdf_version` says how statements are spoken of.

    Raises:
        ValueError: pyoxigraph is not installed.
        OSError: the files cannot be read, or the target not be written.
    """
    library = import_extra("pyoxigraph", f"--format {options.format}", "graph")
    writer = _Writer(library, folder, options)
    statements = writer.statements()
    if options.format == "turtle":
        items: Iterator[Any] = (library.Triple(*statement) for statement in statements)
        settings = {"format": library.RdfFormat.TURTLE, "prefixes": writer.names.prefixes()}
    else:
        items = (library.Quad(*statement) for statement in statements)
        settings = {"format": library.RdfFormat.N_QUADS}
    with replacing(target) as beside, open_named(beside, "wb", target) as stream:
        library.serialize(items, stream, **settings)


class _Writer:
    def __init__(self, library: Any, folder: Path, options: WriterOptions) -> None:
        self._library = library
        self._folder = folder
        self._reifies = options.rdf_version == "1.2"
        self._types = {name: types_of(folder, name) for name in (ENTITIES, RELATIONS)}
        self.names = Names(options.base_iri, self._types[ENTITIES], self._types[RELATIONS])
        self._known = self._known_nodes()

    def _known_nodes(self) -> dict[str, pyoxigraph.NamedNode]:
        """Nodes of the vocabulary, by their names."""
        node = self._library.NamedNode
        own = (*_COUNTS_AND_SCORES.values(), *_OF_EVIDENCE.values(), "evidence")
        standard = {
            **{f"rdf:{name}": RDF + name for name in ("type", "reifies", "Property", "Statement")},
            **{f"rdf:{name}": RDF + name for name in ("subject", "predicate", "object")},
            **{f"rdfs:{name}": RDFS + name for name in ("Class", "label")},
            "owl:SymmetricProperty": f"{OWL}SymmetricProperty",
            "skos:altLabel": f"{SKOS}altLabel",
        }
        iris = standard | {f"kg:{name}": self.names.vocabulary(name) for name in own}
        return {name: node(iri) for name, iri in iris.items()}

    def statements(self) -> Iterator[Statement]:
        """All of the graph."""
        yield from self._declarations()
        yield from self._entities()
        yield from self._relations()

    def _declarations(self) -> Iterator[Statement]:
        """Types as classes and properties, with their names."""
        known, node, literal = self._known, self._library.NamedNode, self._library.Literal
        for name in self._types[ENTITIES]:
            yield node(self.names.entity_type(name)), known["rdf:type"], known["rdfs:Class"]
            yield node(self.names.entity_type(name)), known["rdfs:label"], literal(name)
        symmetric = self._symmetric_types()
        for name in self._types[RELATIONS]:
            own = node(self.names.relation_type(name))
            yield own, known["rdf:type"], known["rdf:Property"]
            if name in symmetric:
                yield own, known["rdf:type"], known["owl:SymmetricProperty"]
            yield own, known["rdfs:label"], literal(name)

    def _symmetric_types(self) -> set[str]:
        table = read_columns(self._folder, RELATIONS, ["type", "symmetric"])
        return set(table.filter(table["symmetric"])["type"].unique().to_pylist())

    def _entities(self) -> Iterator[Statement]:
        known, node, literal = self._known, self._library.NamedNode, self._library.Literal
        repeated = self._repeated()
        types = {name: node(self.names.entity_type(name)) for name in self._types[ENTITIES]}
        for row in each_row(self._folder, ENTITIES):
            number = row["id"]
            entity = node(self.names.entity(row["type"], row["name"], number if number in repeated else None))
            yield entity, known["rdf:type"], types[row["type"]]
            yield entity, known["rdfs:label"], literal(row["name"])
            for alias in row["aliases"] or ():
                yield entity, known["skos:altLabel"], literal(alias["text"])
            yield from self._values(entity, row, _COUNTS_AND_SCORES)

    def _relations(self) -> Iterator[Statement]:
        node = self._library.NamedNode
        types = {name: node(self.names.relation_type(name)) for name in self._types[RELATIONS]}
        entities = read_columns(self._folder, ENTITIES, ["type", "name"])  # row by id
        repeated = self._repeated()
        for batch in each_batch(self._folder, RELATIONS):
            ends = [entities.take(batch[end]).to_pylist() for end in ("head", "tail")]
            for row, head, tail in zip(batch.to_pylist(), *ends, strict=True):
                subject, target = (
                    node(self.names.entity(end["type"], end["name"], number if number in repeated else None))
                    for end, number in ((head, row["head"]), (tail, row["tail"]))
                )
                statement = (subject, types[row["type"]], target)
                yield statement
                yield from self._about(statement, row)

    def _about(self, statement: Statement, row: Mapping[str, Any]) -> Iterator[Statement]:
        """What is known of a statement."""
        known, blank = self._known, self._library.BlankNode
        reifier = blank(f"r{row['id']}")
        if self._reifies:
            yield reifier, known["rdf:reifies"], self._library.Triple(*statement)
        else:
            yield reifier, known["rdf:type"], known["rdf:Statement"]
            for role, node in zip(("subject", "predicate", "object"), statement, strict=True):
                yield reifier, known[f"rdf:{role}"], node
        yield from self._values(reifier, row, _COUNTS_AND_SCORES)
        evidence = [(blank(f"r{row['id']}e{number}"), one) for number, one in enumerate(row["evidence"] or ())]
        for node, _ in evidence:  # together, as Turtle has one line for them
            yield reifier, known["kg:evidence"], node
        for node, one in evidence:
            yield from self._values(node, one, _OF_EVIDENCE)

    def _values(self, node: Any, row: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[Statement]:
        for column, name in names.items():
            if row[column] is not None:
                yield node, self._known[f"kg:{name}"], self._library.Literal(row[column])

    def _repeated(self) -> set[int]:
        """Ids of entities whose IRI others of their type would have, too."""
        from pyarrow import compute

        table = read_columns(self._folder, ENTITIES, ["type", "name", "id"])
        names = compute.replace_substring(table["name"], "_", " ")
        groups = (
            table.set_column(1, "name", names).group_by(["type", "name"]).aggregate([("id", "count"), ("id", "list")])
        )
        repeated = groups.filter(compute.greater(groups["id_count"], 1))
        return {number for numbers in repeated["id_list"].to_pylist() for number in numbers}
