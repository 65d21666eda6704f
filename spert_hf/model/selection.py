"""What of all that a model finds is wanted: how sure it must be, and of which types."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

from .configuration_spert import SpertConfig
from .messages import did_you_mean, must_be, nearest
from .setting_checks import check_fraction, shown

Threshold = float | Mapping[str, float] | None
"""Lowest score of a relation, or of those of some types by type; for others, and where it is `None`, the config's."""

_UNREACHED = 2.0
"""A threshold above every score."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What is kept of what a model finds; `None` stands for all types.

    Args:
        entity_threshold: lowest score of an entity; relations go with their entities.
        entity_types: those of the entities that are kept, after overlaps are settled.
        relation_types: those of the relations that are kept.
    """

    entity_threshold: float = 0.0
    entity_types: tuple[str, ...] | None = None
    relation_types: tuple[str, ...] | None = None

    def relation_thresholds(self, config: SpertConfig, threshold: Threshold) -> list[float]:
        """The lowest score of each relation type, in the config's order; of one that is not kept, beyond all scores."""
        by_type = threshold if isinstance(threshold, Mapping) else {}
        default = config.relation_threshold if threshold is None or isinstance(threshold, Mapping) else threshold
        kept = config.relation_types if self.relation_types is None else self.relation_types
        return [by_type.get(name, default) if name in kept else _UNREACHED for name in config.relation_types]


ALL = Selection()
"""All that a model finds."""


def check_selection(config: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """Take what a call asks for, `relation_threshold` and the arguments of [`Selection`], without what is `None`.

    Args:
        config: the model's.
        given: as users give it: numbers may be NumPy's, types in any collection.

    Raises:
        ValueError: if a score is not a number from 0 to 1, or the model has no such type.
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
    """Refuse what is not a type of the model, with those that may be meant first."""
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
        value = float(value)  # NumPy has numbers of its own
    check_fraction(field, value)
    fraction: float = value
    return fraction
