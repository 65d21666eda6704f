"""`spert-hf graph`: a knowledge graph of what was found."""

import argparse
import sys
from collections.abc import Sequence
from itertools import chain

from ..graph.building import build_graph
from ..graph.formats import FORMATS
from ..graph.rules import MERGES
from ..model.messages import did_you_mean, either, must_be


def run(options: argparse.Namespace) -> int:
    """Run the command; return its exit code."""
    formats = list(chain.from_iterable(options.formats))
    summary = build_graph(
        options.found,
        options.output,
        formats=formats,
        merge=_rules(options.merge, list(chain.from_iterable(options.no_merge))),
        aliases=options.aliases,
        surname_types=options.surname_types,
        symmetric=list(chain.from_iterable(options.symmetric)),
        one_way=list(chain.from_iterable(options.one_way)),
        min_score=options.min_score,
        min_support=options.min_support,
        evidence=options.evidence,
        id_column=options.id_column,
        title=options.title,
        base_iri=options.base_iri,
        rdf_version=options.rdf_version,
        memory_limit=options.memory_limit,
        threads=options.threads,
    )
    written = ", ".join(["Parquet", *(FORMATS[name].target for name in dict.fromkeys(formats) if FORMATS[name].module)])
    sys.stdout.write("".join(f"{line}\n" for line in [*summary.lines(), f"Written to {options.output}: {written}"]))
    return 0


def _rules(chosen: Sequence[str], without: Sequence[str]) -> list[str]:
    """The rules that are left.

    Raises:
        ValueError: one is unknown.
    """
    for option, rules in (("--merge", chosen), ("--no-merge", without)):
        for rule in rules:
            if rule not in MERGES and rule != "all":
                raise ValueError(must_be(option, f"all, {either(MERGES)}", f"{rule!r}{did_you_mean(rule, MERGES)}"))
    asked = list(MERGES) if "all" in chosen else chosen
    return [rule for rule in asked if rule not in without and "all" not in without]
