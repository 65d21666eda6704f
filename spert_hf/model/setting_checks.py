"""Validation of settings, which may be untrusted: messages name the field, what was given and what is allowed."""

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from .messages import did_you_mean, either, integer, must, must_be, number

MOST_NAMES = 10_000
"""The maximum number of entity or relation types."""

LONGEST_NAME = 1_000
"""The maximum length of a type's name, in characters."""

MOST_MODULES = 1_000
"""The maximum number of layers, attention heads, experts and similar parts of an encoder, which are objects."""

LARGEST_SIZE = 100_000_000
"""The maximum of other integers in an encoder's config. The resulting shapes are compared with the weights."""

LONGEST_LIST = 10_000
"""The maximum number of items of a list or mapping in an encoder's config."""

_ONE_INTEGER = ("hidden_size", "num_hidden_layers", "vocab_size")
"""Settings that are a single integer in every family that has them."""

_COUNTS_MODULES = re.compile(
    r"^(num|n)_\w*(layer|group|head|expert|block|stage)|(layers|groups|heads|experts|blocks|depths?|group_num|block_sizes)$"
)


def check_names(field: str, names: Any, least: int = 0) -> list[str]:
    """Check a list of distinct, non-empty names.

    Args:
        field: name of the setting.
        names: its value.
        least: the minimum number of names.

    Returns:
        The names.

    Raises:
        ValueError: they are invalid.
    """
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) and name for name in names):
        raise ValueError(must_be(field, "a list of non-empty names", shown(names)))
    if len(names) > MOST_NAMES:
        raise ValueError(must_be(field, f"at most {MOST_NAMES} names", f"{len(names)}"))
    longest = max(map(len, names), default=0)
    if longest > LONGEST_NAME:
        raise ValueError(must_be(field, f"names of at most {LONGEST_NAME} characters", f"one of {longest}"))
    if len(set(names)) != len(names):
        raise ValueError(must_be(field, "names without repetition", shown(list(names))))
    if len(names) < least:
        raise ValueError(must_be(field, f"at least {least} name", shown(list(names))))
    return list(names)


def check_signatures(signatures: Any, entity_types: Collection[str], relation_types: Collection[str]) -> None:
    """Check type constraints: `None` or a mapping of relation types to lists of pairs of entity types."""
    if not isinstance(signatures, dict):
        raise ValueError(must_be("relation_signatures", "a mapping or None", shown(signatures)))
    for name, pairs in signatures.items():
        if not isinstance(name, str) or name not in relation_types:
            raise ValueError(must("relation_signatures", "have relation types as keys", shown(name)))
        for pair in pairs if isinstance(pairs, (list, tuple)) else [pairs]:
            if not _is_pair_of(pair, entity_types):
                raise ValueError(must_be(f"relation_signatures.{shown(name)}", "pairs of entity types", shown(pair)))


def _is_pair_of(pair: Any, names: Collection[str]) -> bool:
    return (
        isinstance(pair, (list, tuple))
        and len(pair) == 2
        and all(isinstance(name, str) and name in names for name in pair)
    )


def check_choice(field: str, value: object, allowed: Collection[str]) -> None:
    """Check that a value is one of the allowed names."""
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(must_be(field, either(allowed), shown(value)))


def check_flag(field: str, value: object) -> None:
    """Check that a value is a boolean."""
    if not isinstance(value, bool):
        raise ValueError(must_be(field, "True or False", shown(value)))


def check_text(field: str, value: object) -> None:
    """Check that a value is a string."""
    if not isinstance(value, str):
        raise ValueError(must_be(field, "a string", shown(value)))


def check_integer(field: str, value: object, least: float, most: float | None = None) -> None:
    """Check that a value is an integer within bounds; `most` may be `None`."""
    if isinstance(value, bool) or not isinstance(value, int) or not _is_within(value, least, most):
        raise ValueError(must_be(field, integer(least, most), shown(value)))


def check_number(field: str, value: object, least: float, most: float | None = None) -> None:
    """Check that a value is a finite number within bounds; `most` may be `None`."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not _is_within(value, least, most):
        raise ValueError(must_be(field, number(least, most), shown(value)))


def _is_within(value: float, least: float, most: float | None) -> bool:
    return least <= value <= most if most is not None else least <= value < math.inf


def check_fraction(field: str, value: object) -> None:
    """Check that a value is a number from 0 to 1."""
    check_number(field, value, 0, 1)


def check_keywords(given: Iterable[str], known: Collection[str], of: str) -> None:
    """Refuse unknown keyword arguments, as Python does, with suggestions.

    Raises:
        TypeError: there is an unknown one.
    """
    for name in given:
        if name not in known:
            raise TypeError(
                f"{name} is not a setting of {of}{did_you_mean(name, known)}; there are {', '.join(sorted(known))}"
            )


def check_keys(given: Mapping[str, Any], known: Collection[str], needed: Sequence[str]) -> None:
    """Refuse unknown settings, and files without the required ones."""
    unknown = sorted(set(given) - set(known))
    if unknown:
        meant = did_you_mean(unknown[0], known)
        raise ValueError(f"{shown(unknown[0])} is not a setting of SpERT{meant}; there are {', '.join(sorted(known))}")
    missing = [name for name in needed if given.get(name) is None]
    if missing:
        raise ValueError(f"{missing[0]} is missing")


def check_encoder_settings(value: Any, field: str = "encoder_config") -> None:
    """Refuse settings of an encoder that would exhaust memory; their names differ between families.

    Args:
        value: a setting in JSON, checked recursively.
        field: its path in the config.

    Raises:
        ValueError: a number is too large, infinite or NaN, a list is too long, a size is not a number, or a `dtype` is
            invalid.
    """
    if field.rpartition(".")[2] in _ONE_INTEGER and isinstance(value, (str, list, tuple, dict)):
        raise ValueError(must_be(field, "an integer", shown(value)))  # transformers 5.0 would accept it
    if isinstance(value, (list, tuple, dict)):
        if len(value) > LONGEST_LIST:
            raise ValueError(must_be(field, f"at most {LONGEST_LIST} items", len(value)))
        if isinstance(value, dict):
            check_dtype(f"{field}.dtype", value.get("dtype"))
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            check_encoder_settings(item, f"{field}.{str(key)[:LONGEST_NAME]}")
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError(must_be(field, "a finite number", repr(value)))
    elif isinstance(value, int) and not isinstance(value, bool):
        name = next((part for part in reversed(field.split(".")) if not part.isdecimal()), field)
        most = MOST_MODULES if _COUNTS_MODULES.search(name) else LARGEST_SIZE
        if abs(value) > most:
            raise ValueError(must_be(field, f"an integer up to {most}", shown(value)))


def check_dtype(field: str, value: object) -> None:
    """Check a `dtype`, unless it is another setting of that name, such as a word's id in a vocabulary."""
    import torch  # a heavy import that no other check needs

    if value is not None and not isinstance(value, (str, int, dict, torch.dtype)):
        raise ValueError(must_be(field, "the name of a precision, such as 'float32'", shown(value)))


def shown(value: object) -> str:
    """Format a value for an error message, truncated if it is long."""
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}…"
