"""The options of `spert-hf graph`."""

import argparse

from ...graph.formats import FORMATS, RDF_VERSIONS
from ...graph.rules import MERGES
from ...model.messages import must_be
from ..options import fraction, positive
from .command_parser import CommandParser

_EPILOG = "\n".join(
    [
        "formats:",
        *(f"  {name:<14}{each.description}" for name, each in FORMATS.items()),
        "",
        "rules of --merge:",
        *(f"  {name:<14}{text}" for name, text in MERGES.items()),
    ]
)


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of the options."""
    parser = CommandParser(
        prog="spert-hf graph",
        description="Make a knowledge graph of what `spert-hf extract` found: mentions are merged to entities,\n"
        "relations to triples with their evidence. The output folder is written whole or not at all.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "found",
        nargs="+",
        metavar="FOUND",
        help="Parquet or JSON Lines files that `extract` wrote, folders of them, or glob patterns",
    )
    parser.add_argument("--output", required=True, metavar="DIR", help="a new folder")
    parser.add_argument(
        "--format",
        dest="formats",
        action="append",
        type=_names,
        default=[],
        metavar="NAME[,NAME]",
        help="what is written besides Parquet, see below; may be repeated",
    )
    parser.add_argument("--title", help="of the graph, for formats that show one (default: the folder's name)")
    parser.add_argument(
        "--base-iri", metavar="IRI", help="what the IRIs of RDF begin with, such as https://example.org/kg/"
    )
    parser.add_argument(
        "--rdf-version",
        choices=RDF_VERSIONS,
        help="of RDF; 1.1 for readers that do not know rdf:reifies (default: 1.2)",
    )
    _add_entity_options(parser.add_argument_group("entities"))
    _add_relation_options(parser.add_argument_group("relations"))
    group = parser.add_argument_group("resources")
    group.add_argument(
        "--memory-limit",
        metavar="SIZE",
        help="what DuckDB may take, such as 4GB (default: 500 MB for each thread); beyond it, it works on disk, beside "
        "the output",
    )
    group.add_argument("--threads", type=positive, metavar="N", help="of DuckDB (default: all cores)")
    return parser


def _add_entity_options(group: "argparse._ArgumentGroup") -> None:
    group.add_argument(
        "--merge",
        type=_names,
        default=list(MERGES),
        metavar="RULE[,RULE]",
        help="the rules by which mentions of a type become one entity, see below (default: all)",
    )
    group.add_argument(
        "--no-merge",
        action="append",
        type=_names,
        default=[],
        metavar="RULE[,RULE]",
        help="all but these rules; `--no-merge all` merges equal texts only",
    )
    group.add_argument(
        "--aliases",
        metavar="FILE",
        help="names that mean one entity: CSV with the columns alias, name and perhaps type, or the same as JSON",
    )
    group.add_argument(
        "--surname-types",
        type=_names,
        metavar="TYPE[,TYPE]",
        help="entity types whose names have surnames (default: Peop, Per, Person and the like)",
    )
    group.add_argument(
        "--id-column",
        metavar="NAME",
        help="what names a document; rows with the same name are one (default: id, doc_id or orig_id, else file and "
        "row)",
    )


def _add_relation_options(group: "argparse._ArgumentGroup") -> None:
    group.add_argument(
        "--min-score", type=fraction, default=0.0, metavar="S", help="drop relations with a lower score (default: 0)"
    )
    group.add_argument(
        "--min-support",
        type=positive,
        default=1,
        metavar="N",
        help="drop triples that are in fewer documents (default: 1)",
    )
    group.add_argument(
        "--symmetric",
        type=_names,
        action="append",
        default=[],
        metavar="TYPE[,TYPE]",
        help="relation types without a direction: both directions are one triple",
    )
    group.add_argument(
        "--one-way",
        type=_names,
        action="append",
        default=[],
        metavar="TYPE[,TYPE]",
        help="relation types that hold in one direction only: of a triple and its inverse, the better one is kept",
    )
    group.add_argument(
        "--evidence",
        type=positive,
        default=3,
        metavar="N",
        help="sentences beside each relation; all are in evidence.parquet (default: %(default)s)",
    )


def _names(text: str) -> list[str]:
    """Parse names with commas between them."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise argparse.ArgumentTypeError(must_be("", "one or more names, with commas between them", repr(text)))
    return names
