"""The options of `spert-hf import`."""

import argparse

from ...data.annotation.alignment import DISCONTINUOUS, DOCUMENTS, MISALIGNED
from ...data.annotation.formats import FORMATS
from ...data.annotation.offsets import UNITS
from .command_parser import CommandParser


def make_parser() -> argparse.ArgumentParser:
    """Describe the options."""
    parser = CommandParser(
        prog="spert-hf import",
        description="Turn what an annotation tool exports into a data set: a folder with train.jsonl, dev.jsonl, "
        "test.jsonl and types.json. What does not fit is told, with what was done about it.",
        epilog="formats:\n" + "\n".join(f"  {each.name:<14}{each.title}" for each in FORMATS.values()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="an export: a file, or of brat a folder")
    parser.add_argument("--output", required=True, metavar="DIR", help="folder of the data set")
    parser.add_argument("--overwrite", action="store_true", help="replace the data set that is in the folder")
    parser.add_argument(
        "--format", choices=list(FORMATS), metavar="FORMAT", help="see below (default: told from the content)"
    )
    _add_reading(parser.add_argument_group("what the files do not say"))
    _add_alignment(parser.add_argument_group("what does not fit"))
    _add_splits(parser.add_argument_group("splits, by text"))
    return parser


def _add_reading(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--annotations",
        default="latest",
        metavar="WHICH",
        help="of a text that several people have annotated: latest, all, or 'by USER' (default: %(default)s)",
    )
    group.add_argument("--offsets", choices=UNITS, help="what the offsets count (default: the tool's, or as detected)")
    group.add_argument("--text-key", metavar="KEY", help="of Label Studio, the field of a task with the text")
    group.add_argument("--entity-layer", metavar="NAME", help="layer with the entities, where there are several")
    group.add_argument("--relation-layer", metavar="NAME", help="layer with the relations, where there are several")


def _add_alignment(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--documents",
        choices=DOCUMENTS,
        default="sentences",
        help="a document is a sentence, or a whole text, which keeps relations across sentences (default: %(default)s)",
    )
    group.add_argument(
        "--misaligned",
        choices=MISALIGNED,
        default="split",
        help="mentions that begin or end inside a token: split the token, expand the mention, or drop it "
        "(default: %(default)s)",
    )
    group.add_argument(
        "--discontinuous",
        choices=DISCONTINUOUS,
        default="cover",
        help="mentions in several parts: one from first to last, or none (default: %(default)s)",
    )
    group.add_argument("--unlabelled-entity", metavar="TYPE", help="type of mentions without label (default: drop)")
    group.add_argument("--unlabelled-relation", metavar="TYPE", help="of relations without label (default: drop)")
    group.add_argument("--strict", action="store_true", help="have everything that does not fit be an error")


def _add_splits(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--dev", type=float, default=0.1, metavar="SHARE", help="(default: %(default)s)")
    group.add_argument("--test", type=float, default=0.1, metavar="SHARE", help="(default: %(default)s)")
    group.add_argument("--seed", type=int, default=42, metavar="N", help="of the draw (default: %(default)s)")
