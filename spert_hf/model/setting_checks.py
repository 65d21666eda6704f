"""Checks of settings, which may be a stranger's: each names the field, what was given and what is allowed."""

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

MOST_NAMES = 10_000
"""Entity or relation types of a model."""

LONGEST_NAME = 1_000
"""Characters of a type's name."""

MOST_MODULES = 1_000
"""Layers, attention heads, experts and the like of an encoder, of each kind: each one is an object, or many."""

LARGEST_SIZE = 100_000_000
"""Of all other whole numbers in an encoder's config. What they ask for together is compared with the weights' file."""

LONGEST_LIST = 10_000
"""Items of a list or mapping in an encoder's config."""

_COUNTS_MODULES = re.compile(
    r"^(num|n)_\w*(layer|group|head|expert|block|stage)|(layers|groups|heads|experts|blocks|depths?|group_num|block_sizes)$"
)


def check_names(field: str, names: Any, least: int = 0) -> list[str]:
    """Take a list of different, non-empty names; `least` is how many there must be."""
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) and name for name in names):
        raise ValueError(f"{field}: given {shown(names)}, allowed a list of non-empty names")
    if len(names) > MOST_NAMES:
        raise ValueError(f"{field}: given {len(names)} names, allowed at most {MOST_NAMES}")
    longest = max(map(len, names), default=0)
    if longest > LONGEST_NAME:
        raise ValueError(f"{field}: given a name of {longest} characters, allowed at most {LONGEST_NAME}")
    if len(set(names)) != len(names):
        raise ValueError(f"{field}: given {shown(list(names))}, allowed each name once")
    if len(names) < least:
        raise ValueError(f"{field}: given {shown(list(names))}, allowed at least {least} name")
    return list(names)


def check_signatures(signatures: Any, entity_types: Collection[str], relation_types: Collection[str]) -> None:
    """Refuse what is no mapping of relation types to lists of pairs of entity types."""
    if not isinstance(signatures, dict):
        raise ValueError(f"relation_signatures: given {shown(signatures)}, allowed a mapping or None")
    for name, pairs in signatures.items():
        if not isinstance(name, str) or name not in relation_types:
            raise ValueError(f"relation_signatures: given {shown(name)}, allowed a relation type")
        for pair in pairs if isinstance(pairs, (list, tuple)) else [pairs]:
            if not _is_pair_of(pair, entity_types):
                raise ValueError(
                    f"relation_signatures.{shown(name)}: given {shown(pair)}, allowed pairs of entity types"
                )


def _is_pair_of(pair: Any, names: Collection[str]) -> bool:
    return (
        isinstance(pair, (list, tuple))
        and len(pair) == 2
        and all(isinstance(name, str) and name in names for name in pair)
    )


def check_choice(field: str, value: object, allowed: Collection[str]) -> None:
    """Refuse what is not among the allowed names."""
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(f"{field}: given {shown(value)}, allowed {', '.join(map(repr, allowed))}")


def check_flag(field: str, value: object) -> None:
    """Refuse what is neither true nor false."""
    if not isinstance(value, bool):
        raise ValueError(f"{field}: given {shown(value)}, allowed True or False")


def check_text(field: str, value: object) -> None:
    """Refuse what is no text."""
    if not isinstance(value, str):
        raise ValueError(f"{field}: given {shown(value)}, allowed a text")


def check_whole_number(field: str, value: object, least: float, most: float | None = None) -> None:
    """Refuse what is no whole number, or is beyond the bounds, of which the upper one may be none."""
    if isinstance(value, bool) or not isinstance(value, int) or not _is_within(value, least, most):
        raise ValueError(f"{field}: given {shown(value)}, allowed a whole number{_bounds(least, most)}")


def check_number(field: str, value: object, least: float, most: float | None = None) -> None:
    """Refuse what is no finite number, or is beyond the bounds, of which the upper one may be none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not _is_within(value, least, most):
        raise ValueError(f"{field}: given {shown(value)}, allowed a number{_bounds(least, most)}")


def _is_within(value: float, least: float, most: float | None) -> bool:
    return least <= value <= most if most is not None else least <= value < math.inf


def _bounds(least: float, most: float | None) -> str:
    return f", {least} or more" if most is None else f" from {least} to {most}"


def check_fraction(field: str, value: object) -> None:
    """Refuse what is no number from 0 to 1."""
    check_number(field, value, 0, 1)


def check_keywords(given: Iterable[str], known: Collection[str], of: str) -> None:
    """Refuse keywords that nobody would read, as Python does, and name the nearest that are allowed.

    Raises:
        TypeError: on the first unknown one.
    """
    for name in given:
        if name not in known:
            raise TypeError(f"{name}: is no setting of {of}{nearest(name, known)}; allowed {', '.join(sorted(known))}")


def nearest(name: object, known: Collection[str]) -> str:
    """Say which names a misspelt one is likely to stand for; empty where there is none like it."""
    similar = get_close_matches(str(name), list(known), n=2, cutoff=0.6)
    return f" (did you mean {' or '.join(similar)}?)" if similar else ""


def check_keys(given: Mapping[str, Any], known: Collection[str], needed: Sequence[str]) -> None:
    """Refuse settings that nobody would read, and files without those that no default can stand for."""
    unknown = sorted(set(given) - set(known))
    if unknown:
        meant = nearest(unknown[0], known)
        raise ValueError(f"{shown(unknown[0])}: is no setting of SpERT{meant}; allowed {', '.join(sorted(known))}")
    missing = [name for name in needed if given.get(name) is None]
    if missing:
        raise ValueError(f"{missing[0]}: given none, allowed a file that has it")


def check_encoder_settings(value: Any, field: str = "encoder_config") -> None:
    """Refuse settings of an encoder under which no computer could make it; the names differ from family to family.

    Args:
        value: a setting, as JSON has it; those in lists and mappings are checked, too.
        field: its path, from the top of the config.

    Raises:
        ValueError: on the first number that is too large, infinite or not a number, on lists that are too long, and on
            a `dtype` that transformers could not write.
    """
    if isinstance(value, (list, tuple, dict)):
        if len(value) > LONGEST_LIST:
            raise ValueError(f"{field}: given {len(value)} items, allowed at most {LONGEST_LIST}")
        if isinstance(value, dict):
            check_dtype(f"{field}.dtype", value.get("dtype"))
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            check_encoder_settings(item, f"{field}.{str(key)[:LONGEST_NAME]}")
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{field}: given {value!r}, allowed a finite number")
    elif isinstance(value, int) and not isinstance(value, bool):
        name = next((part for part in reversed(field.split(".")) if not part.isdecimal()), field)
        most = MOST_MODULES if _COUNTS_MODULES.search(name) else LARGEST_SIZE
        if abs(value) > most:
            raise ValueError(f"{field}: given {shown(value)}, allowed a whole number up to {most}")


def check_dtype(field: str, value: object) -> None:
    """Refuse what is neither a precision nor something else of that name, such as a word's number in a vocabulary."""
    import torch  # heavy, and no other check needs it

    if value is not None and not isinstance(value, (str, int, dict, torch.dtype)):
        raise ValueError(f"{field}: given {shown(value)}, allowed the name of a precision, such as 'float32'")


def shown(value: object) -> str:
    """A value as an error message shows it: cut short where it is long."""
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}…"
