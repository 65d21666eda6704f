"""Advice on documents that are valid but reduce scores, and on settings that suit them; one line each."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence

from .documents import Document
from .faults import plain_name
from .properties import count_overlapping
from .signatures import find_signatures
from .white_space import blank_note

FEWEST_DEV_ITEMS = 20
"""Number of relations (or else entities) in a dev split; with fewer, one of them moves recall by over 5 points."""

FEWEST_ENTITIES = 50
FEWEST_RELATIONS = 50
"""Numbers below which it may be chance that no entities overlap, or that relations join few types."""

MOST_PAIRS_JOINED = 0.25
"""The largest share of all pairs of entity types for relations that join few of them."""

_NOTHING = frozenset(
    ("o", "na", "nil", "none", "notype", "null", "noentity", "norel", "norelation", "norelationship", "unrelated")
)
"""Names that stand for no entity or no relation, in lower case and without spaces and punctuation."""


def advise(documents: Sequence[Document]) -> list[str]:
    """Return notes on documents: what was changed in them, spans with several types, types that stand for nothing."""
    return [*_changes(documents), *_spans_with_types(documents), *_types_for_nothing(documents)]


def advise_on_dev(documents: Sequence[Document]) -> list[str]:
    """Return a note if a dev split is too small for meaningful scores; none if it is empty."""
    relations = sum(len(document.relations) for document in documents)
    entities = sum(len(document.entities) for document in documents)
    count, name = (relations, "relation") if relations else (entities, "entity")
    if not documents or count >= FEWEST_DEV_ITEMS:
        return []
    of = f"the dev split has {len(documents)} document{_s(len(documents))}"
    if not count:
        return [f"{of} without an entity: its scores, and what is chosen by them, are meaningless"]
    names = name if count == 1 else "relations" if name == "relation" else "entities"
    return [
        f"{of} with {count} {names}: each one moves recall by {100 / count:.0f} points, so that a best epoch, "
        "threshold or temperature chosen on it is a matter of chance"
    ]


def suggest_settings(
    documents: Sequence[Document],
    relation_types: Sequence[str],
    *,
    overlap: str = "keep",
    learn_signatures: bool = False,
    given: Collection[str] = (),
) -> list[str]:
    """Suggest settings of training that suit documents, in one line each with the reason.

    Args:
        documents: The training documents.
        relation_types: The types of their relations.
        overlap: The current setting.
        learn_signatures: The current setting.
        given: Names of settings that the user has chosen, which are not suggested.
    """
    entities = sum(len(document.entities) for document in documents)
    suggestions = []
    is_open = overlap == "keep" and "overlap" not in given
    if is_open and entities >= FEWEST_ENTITIES and not any(map(count_overlapping, documents)):
        suggestions.append(
            f"none of {entities:,} entities overlaps another: --overlap best, which keeps those with the best "
            "scores among predictions that do, is worth a try"
        )
    joined = find_signatures(documents, relation_types)
    relations = sum(len(document.relations) for document in documents)
    possible = len({entity.type for document in documents for entity in document.entities}) ** 2
    most = max(map(len, joined.values()), default=0)
    is_open = not learn_signatures and "learn_signatures" not in given
    if is_open and relations >= FEWEST_RELATIONS and most <= possible * MOST_PAIRS_JOINED:
        suggestions.append(
            f"each relation type joins at most {most} of {possible} pairs of entity types: --learn-signatures, which "
            "predicts relations only between these, is worth a try"
        )
    return suggestions


def _changes(documents: Iterable[Document]) -> Iterator[str]:
    changes = [document.changes for document in documents]
    if tokens := sum(one.blank_tokens for one in changes):
        yield f"{blank_note(tokens)}; offsets of entities are adapted"
    if entities := sum(one.trimmed_entities for one in changes):
        ends = "entity begins or ends" if entities == 1 else "entities begin or end"
        yield f"{entities} {ends} at characters of no word, which are left out"
    if words := sum(one.split_words for one in changes):
        yield f"{words} word{_s(words)} split where an entity begins or ends inside"
    if relations := sum(one.self_relations for one in changes):
        yield f"{relations} relation{_s(relations)} of an entity to itself left out: SpERT relates two entities"


def _spans_with_types(documents: Sequence[Document]) -> Iterator[str]:
    spans: dict[tuple[int, int, int], set[str]] = defaultdict(set)
    for number, document in enumerate(documents):
        for entity in document.entities:
            spans[number, entity.start, entity.end].add(entity.type)
    several = [tuple(sorted(types)) for types in spans.values() if len(types) > 1]
    if not several:
        return
    (types, count), *_ = Counter(several).most_common(1)
    entities = sum(map(len, spans.values()))
    lost = entities - len(spans)
    names = " and ".join(map(plain_name, types))
    yield (
        f"{len(several)} span{_s(len(several))} with more than one type, most often {names} ({count}): the model "
        f"predicts one type per span, so that {lost} of {entities} entities can never be found, nor their relations; "
        f"recall of entities is {100 * (entities - lost) / entities:.1f} % at best"
    )


def _types_for_nothing(documents: Sequence[Document]) -> Iterator[str]:
    counts = {
        "relation": Counter(relation.type for document in documents for relation in document.relations),
        "entity": Counter(entity.type for document in documents for entity in document.entities),
    }
    for kind, types in counts.items():
        for name, count in types.items():
            if re.sub(r"[\W_]+", "", name).casefold() in _NOTHING:
                yield (
                    f"{kind} type {plain_name(name)}, {count} time{_s(count)}: if it stands for no {kind}, leave it "
                    "out of the documents; what is not annotated is none, while a type is learned, predicted and "
                    "scored"
                )


def _s(count: int) -> str:
    return "" if count == 1 else "s"
