"""Type constraints of relations, learned from annotated documents."""

from collections.abc import Iterable

from .documents import Document


def find_signatures(documents: Iterable[Document], relation_types: Iterable[str]) -> dict[str, list[list[str]]]:
    """Find the pairs of head and tail types that each relation type joins, as `SpertConfig` expects them.

    A relation type without examples has no entry, and so may join any types.
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
