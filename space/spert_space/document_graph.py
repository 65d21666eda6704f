"""The knowledge graph of many documents, merged by name."""

from __future__ import annotations

from typing import Any

from .shares import best_by_type

MOST_KNOWN = 50_000
"""The maximum number of distinct relations to keep, which bounds memory."""


class DocumentGraph:
    """Relations of documents, merged if their type and the names of head and tail are the same.

    Args:
        knowledge: the model's types and type constraints; see `Extractor`.
        sure: relations with at least this score take precedence over all others.
    """

    def __init__(self, knowledge: dict[str, Any], sure: float) -> None:
        self._knowledge = knowledge
        self._sure = sure
        self._entities: dict[str, dict[str, Any]] = {}
        self._relations: dict[tuple[str, str, str], float] = {}
        self._knows_all = True

    def add(self, prediction: dict[str, Any]) -> None:
        """Add the prediction for one document."""
        entities = prediction["entities"]
        for relation in prediction["relations"]:
            head, tail = (entities[relation[end]] for end in ("head", "tail"))
            key = (_name(head), relation["type"], _name(tail))
            if key not in self._relations and len(self._relations) >= MOST_KNOWN:
                self._knows_all = False
                continue
            self._relations[key] = max(self._relations.get(key, 0.0), relation["score"])
            for entity in (head, tail):
                known = self._entities.get(_name(entity))
                if known is None or known["score"] < entity["score"]:
                    self._entities[_name(entity)] = {name: entity[name] for name in ("text", "type", "score")}

    def view(self, most: int) -> dict[str, Any]:
        """Return what the page needs to draw the graph.

        Args:
            most: the maximum number of relations; see `best_by_type`.

        Returns:
            `entities` and `relations` as for one text, the model's types, `known`, the number of distinct relations
            that were kept, and `knows_all`, whether these are all.
        """
        relations: list[dict[str, Any]] = [
            {"type": kind, "score": score, "head": head, "tail": tail}
            for (head, kind, tail), score in self._relations.items()
        ]
        chosen = [relations[i] for i in best_by_type(relations, range(len(relations)), most, self._sure)]
        names = dict.fromkeys(name for relation in chosen for name in (relation["head"], relation["tail"]))
        place = {name: index for index, name in enumerate(names)}
        return {
            "entities": [self._entities[name] for name in names],
            "relations": [r | {"head": place[r["head"]], "tail": place[r["tail"]]} for r in chosen],
            "known": len(relations),
            "knows_all": self._knows_all,
            **self._knowledge,
        }


def _name(entity: dict[str, Any]) -> str:
    return " ".join(entity["text"].split()).lower()
