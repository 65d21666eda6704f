"""Which entity types a relation type joins, as far as annotated documents show."""

from collections.abc import Iterable

from .documents import Document


def find_signatures(documents: Iterable[Document], relation_types: Iterable[str]) -> dict[str, list[list[str]]]:
    """Find the pairs of entity types, head and tail, that each relation type joins, as `SpertConfig` takes them.

    A relation type of which there is no example is not bound to any: it has no entry.
    """
    seen = {
        (relation.type, document.entities[relation.head].type, document.entities[relation.tail].type)
        for document in documents
        for relation in document.relations
    }
    signatures = {
        name: [[head, tail] for relation, head, tail in sorted(seen) if relation == name] for name in relation_types
    }
    return {name: pairs for name, pairs in signatures.items() if pairs}
