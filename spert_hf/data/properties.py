"""Properties of annotated documents that tell which settings of training suit them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from .documents import Document
from .signatures import find_signatures


@dataclass(frozen=True, slots=True)
class DataProperties:
    """Properties of documents; shares are from 0 to 1, and ``None`` if there is nothing to count.

    Attributes:
        documents: The number of documents.
        words: The mean number of words in a document, which tells sentences from longer texts.
        overlapping: The share of entities that overlap another one.
        joined: The share of all pairs of entity types that a relation type joins, on average.
        related: The share of pairs of entities, of types that a relation type joins, that are related by it.
        capitals: The share of entities that begin with a capital, of those that begin with a letter that has case.
    """

    documents: int
    words: float
    overlapping: float | None
    joined: float | None
    related: float | None
    capitals: float | None


def measure_properties(documents: Sequence[Document]) -> DataProperties:
    """Measure the properties of documents."""
    entities = [(document, entity) for document in documents for entity in document.entities]
    first = [document.tokens[entity.start][0] for document, entity in entities]
    cased = [letter for letter in first if letter.lower() != letter.upper()]
    types = {entity.type for _, entity in entities}
    signatures = find_signatures(documents, {one.type for document in documents for one in document.relations})
    relations = sum(len(document.relations) for document in documents)
    return DataProperties(
        documents=len(documents),
        words=sum(len(document.tokens) for document in documents) / max(len(documents), 1),
        overlapping=_share(sum(map(count_overlapping, documents)), len(entities)),
        joined=fmean(len(pairs) / len(types) ** 2 for pairs in signatures.values()) if signatures else None,
        related=_share(relations, sum(_count_joinable(document, signatures) for document in documents)),
        capitals=_share(sum(letter.isupper() for letter in cased), len(cased)),
    )


def count_overlapping(document: Document) -> int:
    """Count the entities that overlap another one."""
    spans = sorted((entity.start, entity.end) for entity in document.entities)
    following = [*(start for start, _ in spans[1:]), len(document.tokens)]
    count = reached = 0
    for (start, end), after in zip(spans, following, strict=False):
        count += start < reached or after < end
        reached = max(reached, end)
    return count


def _count_joinable(document: Document, signatures: dict[str, list[list[str]]]) -> int:
    """Count the pairs of entities that are of types that a relation type joins, once for each such relation type."""
    counts = Counter(entity.type for entity in document.entities)
    pairs = [pair for joined in signatures.values() for pair in joined]
    return sum(counts[head] * (counts[tail] - (head == tail)) for head, tail in pairs)


def _share(count: int, of: int) -> float | None:
    return count / of if of else None
