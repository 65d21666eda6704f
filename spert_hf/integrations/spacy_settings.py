"""Settings of the component of spaCy's pipelines: checked when it is made, so that errors come before texts do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..loading import BACKENDS_OF_EXTRACTION
from ..model.choices import OVERLAP_POLICIES
from ..model.messages import must_be
from ..model.setting_checks import check_choice, check_fraction, check_integer, check_text, shown

ENTS = ("best", "none")
"""What becomes of `doc.ents`: entities that do not overlap are added, or nothing is."""

WORDS = ("model", "spacy")
"""Whose words and sentences the model reads."""

_CHOICES = {"backend": BACKENDS_OF_EXTRACTION, "words": WORDS, "ents": ENTS}
_NAMES = {
    "model": "the folder or Hub id of a checkpoint",
    "spans_key": "the name of a group",
    "attribute": "the name of an attribute",
}
_THRESHOLD = "relation_threshold"
_CUT_AT = (":", "=")
_NO_NAMES_BEGIN = ("#", ";", "[", "@")


def check_settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """Check what can be checked without the model.

    Args:
        given: All settings of [`SpertComponent`].

    Returns:
        The settings, with thresholds by type as a dictionary.

    Raises:
        ValueError: One is not allowed; the message names it.
    """
    for field, choices in _CHOICES.items():
        check_choice(field, given[field], choices)
    for field, allowed in _NAMES.items():
        if not isinstance(given[field], str) or not given[field]:
            raise ValueError(must_be(field, allowed, shown(given[field])))
    for field in ("dtype", "device", "revision"):
        if given[field] is not None:
            check_text(field, given[field])
    if given["overlap"] is not None:
        check_choice("overlap", given["overlap"], OVERLAP_POLICIES)
    if given["entity_threshold"] is not None:
        check_fraction("entity_threshold", given["entity_threshold"])
    if given["batch_size"] is not None:
        check_integer("batch_size", given["batch_size"], 1)
    return {**given, _THRESHOLD: _relation_threshold(given[_THRESHOLD])}


def _relation_threshold(given: Any) -> Any:
    if isinstance(given, Mapping):
        by_type = _of_mapping(given)
    elif isinstance(given, (list, tuple)):
        by_type = _of_list(given)
    else:
        if given is not None:
            check_fraction(_THRESHOLD, given)
        return given
    for name, score in by_type.items():
        check_fraction(f"{_THRESHOLD}.{name}", score)
    return by_type


def _of_mapping(given: Mapping[str, Any]) -> dict[str, Any]:
    """Thresholds by type, but for names that spaCy's config files would cut or take for something else."""
    for name, score in given.items():
        if any(each in name for each in _CUT_AT) or name.startswith(_NO_NAMES_BEGIN):
            raise ValueError(must_be(_THRESHOLD, f"a list, ['{name}={score}'], for this type", shown(name)))
    return dict(given)


def _of_list(given: list[Any] | tuple[Any, ...]) -> dict[str, Any]:
    by_type = {}
    for item in given:
        name, equals, value = item.rpartition("=") if isinstance(item, str) else ("", "", "")
        if not name or not equals:
            raise ValueError(must_be(_THRESHOLD, "a number, or 'TYPE=NUMBER' for each type", shown(item)))
        try:
            by_type[name] = float(value)
        except ValueError:
            check_fraction(f"{_THRESHOLD}.{name}", value)
    return by_type
