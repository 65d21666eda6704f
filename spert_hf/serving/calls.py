"""Calls of the API, predicted together."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .selecting import select_entities

logger = logging.getLogger(__name__)

Extract = Callable[..., Any]
"""A pipeline, or another extractor with the same call."""


@dataclass(frozen=True, slots=True)
class Call:
    """A valid call of the API.

    Attributes:
        text: the text.
        relation_threshold: minimum score of a relation; the model's if `None`.
        entity_score: minimum score of an entity.
        overlap: overlap policy; the model's if `None`.
    """

    text: str
    relation_threshold: float | None = None
    entity_score: float = 0.0
    overlap: str | None = None

    @classmethod
    def of(cls, parameters: Mapping[str, Any]) -> Call:
        """Make one of checked parameters, of which those that are `None` have their defaults."""
        given = {name: value for name, value in parameters.items() if value is not None}
        return cls(**given)

    @property
    def settings(self) -> dict[str, Any]:
        """The arguments of the extractor's call."""
        named = {"relation_threshold": self.relation_threshold, "overlap": self.overlap}
        return {name: value for name, value in named.items() if value is not None}


def extract_calls(extract: Extract, calls: Sequence[Call]) -> list[dict[str, Any] | None]:
    """Extract from the texts of several calls; those with the same settings are predicted together.

    Args:
        extract: the extractor.
        calls: the calls.

    Returns:
        The result of each call, in order: `None` if its text fails when it is predicted alone.
    """
    groups: dict[tuple[tuple[str, Any], ...], list[int]] = {}
    for place, call in enumerate(calls):
        groups.setdefault(tuple(call.settings.items()), []).append(place)
    results: list[dict[str, Any] | None] = [None] * len(calls)
    for settings, places in groups.items():
        found = _extract_or_find_culprit(extract, [calls[place].text for place in places], dict(settings))
        for place, prediction in zip(places, found, strict=True):
            if prediction is not None:
                results[place] = select_entities(prediction, calls[place].entity_score)
    return results


def _extract_or_find_culprit(extract: Extract, texts: list[str], settings: dict[str, Any]) -> list[Any]:
    """Extract from texts; if that fails, from each by itself, so that only those that fail alone have no result."""
    try:
        return list(extract(texts, **settings))
    except Exception:
        if len(texts) == 1:
            logger.exception("a text of %d characters could not be predicted", len(texts[0]))
            return [None]
    return [one for text in texts for one in _extract_or_find_culprit(extract, [text], settings)]
