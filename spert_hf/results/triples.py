"""What is found, as triples: who, what, whom."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from .records import each_result


class Triple(NamedTuple):
    """A relation with the words of its ends.

    ``document`` counts results from 0, in the order given; it is 0 of one that is given alone.
    """

    head: str
    relation: str
    tail: str
    head_type: str
    tail_type: str
    score: float
    document: int


def triples(found: Any) -> Iterator[Triple]:
    """Give the relations of results as triples, in their order; of a generator as its results come.

    Args:
        found: A result of the pipeline, or several.

    Raises:
        ValueError: It is neither.
    """
    results = each_result(found)
    return (
        Triple(head["text"], relation["type"], tail["text"], head["type"], tail["type"], relation["score"], document)
        for document, result in enumerate(results)
        for relation in result["relations"]
        for head, tail in [(result["entities"][relation["head"]], result["entities"][relation["tail"]])]
    )
