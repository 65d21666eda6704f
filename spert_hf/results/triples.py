"""Relations as triples of head, type and tail."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from .records import each_result


class Triple(NamedTuple):
    """A relation with the texts of head and tail; ``document`` is the index of its result, from 0."""

    head: str
    relation: str
    tail: str
    head_type: str
    tail_type: str
    score: float
    document: int


def triples(found: Any) -> Iterator[Triple]:
    """Convert the relations of results to triples, in order; results of a generator are converted lazily.

    Args:
        found: A result of the pipeline, or several.

    Returns:
        The triples.

    Raises:
        ValueError: ``found`` is neither.
    """
    results = each_result(found)
    return (
        Triple(head["text"], relation["type"], tail["text"], head["type"], tail["type"], relation["score"], document)
        for document, result in enumerate(results)
        for relation in result["relations"]
        for head, tail in [(result["entities"][relation["head"]], result["entities"][relation["tail"]])]
    )
