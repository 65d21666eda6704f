"""Filters of a model's predictions: thresholds and types."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

from .messages import did_you_mean, must_be, nearest
from .setting_checks import check_fraction, shown
from .settings import PredictionSettings

Threshold = float | Mapping[str, float] | None
"""Minimum score of a relation, or a mapping of relation types to minimum scores; by default the config's."""

_UNREACHED = 2.0
"""A threshold above every score."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The predictions to keep; `None` means all types.

    Args:
        entity_threshold: minimum score of an entity; relations of dropped entities are dropped.
        entity_types: types of the entities to keep, after overlaps are resolved.
        relation_types: types of the relations to keep.
    """

    entity_threshold: float = 0.0
    entity_types: tuple[str, ...] | None = None
    relation_types: tuple[str, ...] | None = None

    def relation_thresholds(self, config: PredictionSettings, threshold: Threshold) -> list[float]:
        """Return the minimum score of each relation type, in the config's order; above 1 for types that are dropped."""
        by_type = threshold if isinstance(threshold, Mapping) else {}
        default = config.relation_threshold if threshold is None or isinstance(threshold, Mapping) else threshold
        kept = config.relation_types if self.relation_types is None else self.relation_types
        return [by_type.get(name, default) if name in kept else _UNREACHED for name in config.relation_types]


ALL = Selection()
"""Keeps all predictions."""


def check_selection(config: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """Validate `relation_threshold` and the arguments of [`Selection`].

    Args:
        config: the model's config.
        given: the arguments of a call: numbers may be those of NumPy, types in any collection.

    Returns:
        The arguments that are not `None`, as Python's own types.

    Raises:
        ValueError: a score is not a number from 0 to 1, or the model has no such type.
    """
    checked: dict[str, Any] = {}
    known = {name: getattr(config, name, ()) for name in ("entity_types", "relation_types")}
    for name, value in given.items():
        if value is None:
            continue
        if name in known:
            checked[name] = _check_types(name, value, known[name])
        elif name == "relation_threshold" and isinstance(value, Mapping):
            for one in value:
                check_type(name, one, known["relation_types"])
            checked[name] = {one: _as_fraction(f"{name}.{one}", score) for one, score in value.items()}
        else:
            checked[name] = _as_fraction(name, value)
    return checked


def check_type(field: str, name: object, allowed: Collection[str]) -> None:
    """Raise `ValueError` for an unknown type, suggesting similar ones."""
    if isinstance(name, str) and name in allowed:
        return
    near = nearest(name, allowed)
    others = ", ".join(map(repr, sorted(set(allowed) - set(near))))
    names = ", ".join(filter(None, [", ".join(map(repr, near)), others]))
    none = "left out, as the model has no such types"
    wanted = f"one of {names[:500]}{did_you_mean(name, allowed)}" if names else none
    raise ValueError(must_be(field, wanted, shown(name)))


def _check_types(field: str, names: Any, allowed: Collection[str]) -> tuple[str, ...]:
    if isinstance(names, (str, bytes, Mapping)) or not isinstance(names, Collection) or not len(names):
        raise ValueError(must_be(field, "a list of one or more types of the model", shown(names)))
    for name in names:
        check_type(field, name, allowed)
    return tuple(names)


def _as_fraction(field: str, value: Any) -> float:
    if isinstance(value, Real) and not isinstance(value, int):
        value = float(value)  # NumPy's number types
    check_fraction(field, value)
    fraction: float = value
    return fraction
