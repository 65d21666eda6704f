"""An index of entities and relations by the tokens of their mentions, to find those near an item without a match."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Generic, TypeVar

from .spert_metric.scoring import Entity, Relation

Item = TypeVar("Item", Entity, Relation)


class MentionIndex(Generic[Item]):
    """A set of items that finds those near another item without looking at all of them."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._by_token: defaultdict[int, set[Item]] = defaultdict(set)
        for item in items:
            for token in _tokens_of(item):
                self._by_token[token].add(item)

    def touching(self, item: Item) -> set[Item]:
        """Return the items with a mention that shares a token with a mention of this one."""
        return set().union(*(self._by_token.get(token, ()) for token in _tokens_of(item)))


def mentions_of(item: Any) -> tuple[Entity, ...]:
    """Return the entity itself, or the relation's head and tail."""
    return (item,) if isinstance(item[0], int) else item[:2]


def _tokens_of(item: Entity | Relation) -> set[int]:
    return {token for start, end, _ in mentions_of(item) for token in range(start, end)}
