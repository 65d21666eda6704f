"""The entity and relation types of a data set."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..files.atomic import write_atomically
from ..model.messages import did_you_mean
from .faults import Fault, LocatedFault, Location, SchemaError, is_name, list_names, plain_name, short_repr
from .textfiles import parse_json, read_text

_FIELDS = {"entities": ("short", "verbose"), "relations": ("short", "verbose", "symmetric")}
_FORM = (
    'a JSON object {"entities": {NAME: {"short", "verbose"}}, "relations": {NAME: {"short", "verbose", "symmetric"}}}'
)


@dataclass(frozen=True, slots=True)
class EntityType:
    """An entity type: its identifier in the data, a short name for tables, and a readable name."""

    name: str
    short: str
    verbose: str


@dataclass(frozen=True, slots=True)
class RelationType:
    """A relation type; head and tail of a symmetric one may be exchanged."""

    name: str
    short: str
    verbose: str
    symmetric: bool = False


@dataclass(frozen=True, slots=True)
class TypeSchema:
    """All types of a data set, in the order of their indices in the model.

    The index of an entity type is its position here plus 1 (0 is *none*), that of a relation type its position.
    Use a ``from_…`` method to create a schema; these check their arguments.
    """

    entity_types: tuple[EntityType, ...]
    relation_types: tuple[RelationType, ...]

    @property
    def entity_names(self) -> tuple[str, ...]:
        """Names of the entity types, without *none*."""
        return tuple(entity_type.name for entity_type in self.entity_types)

    @property
    def relation_names(self) -> tuple[str, ...]:
        """Names of the relation types."""
        return tuple(relation_type.name for relation_type in self.relation_types)

    @property
    def symmetric_relation_names(self) -> tuple[str, ...]:
        """Names of the relation types whose head and tail may be exchanged."""
        return tuple(relation_type.name for relation_type in self.relation_types if relation_type.symmetric)

    @classmethod
    def from_file(cls, path: str | Path) -> TypeSchema:
        """Read a types file of the published SpERT (``*_types.json``).

        Raises:
            SchemaError: If it is not a valid types file; the error lists all faults.
            OSError: If the file can't be read.
        """
        location = Location(str(path))
        text = read_text(Path(path))
        if isinstance(text, Fault):
            raise SchemaError([LocatedFault(location, text)])
        repeated: list[str] = []
        types = parse_json(text, location, _FORM, lambda pairs: _keep_first(pairs, repeated))
        if isinstance(types, LocatedFault):
            raise SchemaError([types])
        faults = [Fault(short_repr(name), "it twice", "unique in its object") for name in repeated]
        return cls._from_checked(types, location, [*faults, *check_types(types)])

    @classmethod
    def from_dict(cls, types: Mapping[str, Any], source: str = "types") -> TypeSchema:
        """Make the schema from the content of a types file.

        Args:
            types: ``{"entities": {NAME: {"short", "verbose"}}, "relations": {NAME: {"short", "verbose",
                "symmetric"}}}``; ``short`` and ``verbose`` default to the name, ``symmetric`` to false.
            source: The source of the types, for error messages.

        Raises:
            SchemaError: If ``types`` is not valid; the error lists all faults.
        """
        return cls._from_checked(types, Location(source), check_types(types))

    @classmethod
    def _from_checked(cls, types: Mapping[str, Any], location: Location, faults: Sequence[Fault]) -> TypeSchema:
        if faults:
            raise SchemaError(LocatedFault(location, fault) for fault in faults)
        return cls(
            tuple(EntityType(**_with_defaults(name, fields)) for name, fields in types["entities"].items()),
            tuple(RelationType(**_with_defaults(name, fields)) for name, fields in types["relations"].items()),
        )

    @classmethod
    def from_names(
        cls,
        entity_types: Sequence[str],
        relation_types: Sequence[str],
        symmetric_relation_types: Iterable[str] = (),
    ) -> TypeSchema:
        """Make a schema whose short and verbose names are the names themselves.

        Raises:
            SchemaError: If a name is empty, a duplicate or not a string, if there is no entity type, or if a symmetric
                relation type is not among the relation types.
        """
        symmetric = (
            symmetric_relation_types if isinstance(symmetric_relation_types, str) else [*symmetric_relation_types]
        )
        faults = [
            *_check_names("entity_types", entity_types),
            *_check_names("relation_types", relation_types),
            *_check_names("symmetric_relation_types", symmetric),
        ]
        if not faults:
            faults = [
                Fault(f"symmetric_relation_types[{i}]", short_repr(name), type_among(relation_types, name))
                for i, name in enumerate(symmetric)
                if name not in relation_types
            ]
        types = {} if faults else _types_of(entity_types, relation_types, symmetric)
        return cls._from_checked(types, Location("types"), faults or check_types(types))

    @classmethod
    def from_documents(cls, records: Iterable[Any], source: str = "documents") -> TypeSchema:
        """Make the schema of the types that occur in documents, sorted by name, none of them symmetric.

        Args:
            records: ``Document`` objects or valid records in their JSON form.
            source: The name of the documents in error messages.

        Raises:
            SchemaError: If no document has an entity.
        """
        entity_names: set[str] = set()
        relation_names: set[str] = set()
        for record in records:
            entity_names.update(_types_in(record, "entities"))
            relation_names.update(_types_in(record, "relations"))
        if not entity_names:
            fault = Fault("entities", "no entity in any document", "annotated, as the entity types are taken from them")
            raise SchemaError([LocatedFault(Location(source), fault)])
        return cls.from_names(sorted(entity_names), sorted(relation_names))

    def to_dict(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Return the content of a types file with this schema."""
        return {
            "entities": {t.name: {"short": t.short, "verbose": t.verbose} for t in self.entity_types},
            "relations": {
                t.name: {"short": t.short, "verbose": t.verbose, "symmetric": t.symmetric} for t in self.relation_types
            },
        }

    def save(self, path: str | Path) -> None:
        """Write a types file for ``from_file``.

        Raises:
            OSError: If the file can't be written.
        """
        write_atomically(path, [json.dumps(self.to_dict(), ensure_ascii=False, indent=2) + "\n"])


def check_types(types: object) -> list[Fault]:
    """Return all faults of the content of a types file; an empty list if it is valid."""
    if not isinstance(types, Mapping):
        hint = "; this looks like a documents file" if _looks_like_documents(types) else ""
        return [Fault("", short_repr(types) + hint, _FORM)]
    if "tokens" in types:
        return [Fault("", "an object with tokens; this looks like a document", _FORM)]
    faults = [
        Fault(plain_name(field), "an unknown field", f"entities or relations{did_you_mean(str(field), [*_FIELDS])}")
        for field in types
        if field not in _FIELDS
    ]
    for kind in _FIELDS:
        faults += _check_kind(kind, types)
    return faults


def _check_kind(kind: str, types: Mapping[str, Any]) -> Iterator[Fault]:
    least = "an object with at least one entity type" if kind == "entities" else "an object, {} for no relation types"
    if kind not in types:
        yield Fault(kind, "nothing", least)
        return
    entries = types[kind]
    if not isinstance(entries, Mapping) or (kind == "entities" and not entries):
        yield Fault(kind, short_repr(entries), least)
        return
    for name, fields in entries.items():
        if not is_name(name):
            yield Fault(kind, short_repr(name), "a type name that is not empty")
        yield from _check_entry(f"{kind}.{plain_name(name)}", fields, _FIELDS[kind])


def _check_entry(path: str, fields: object, allowed: Sequence[str]) -> Iterator[Fault]:
    if not isinstance(fields, Mapping):
        yield Fault(path, short_repr(fields), f"an object with {list_names(allowed)}")
        return
    for field, value in fields.items():
        if field not in allowed:
            wanted = f"one of the fields {list_names(allowed)}{did_you_mean(str(field), allowed)}"
            yield Fault(f"{path}.{plain_name(field)}", "an unknown field", wanted)
        elif field == "symmetric":
            if not isinstance(value, bool):
                yield Fault(f"{path}.{field}", short_repr(value), "true or false")
        elif not is_name(value):
            yield Fault(f"{path}.{field}", short_repr(value), "a string that is not empty")


def _check_names(argument: str, names: object) -> Iterator[Fault]:
    if isinstance(names, str) or not isinstance(names, Sequence):
        yield Fault(argument, short_repr(names), "a list of names")
        return
    seen: set[str] = set()
    for i, name in enumerate(names):
        if not is_name(name):
            yield Fault(f"{argument}[{i}]", short_repr(name), "a string that is not empty")
        elif name in seen:
            yield Fault(f"{argument}[{i}]", f"{short_repr(name)} again", "a name that is not listed before")
        else:
            seen.add(name)


def _types_of(entity_names: Sequence[str], relation_names: Sequence[str], symmetric: Sequence[str]) -> dict[str, Any]:
    return {
        "entities": {name: {} for name in entity_names},
        "relations": {name: {"symmetric": name in symmetric} for name in relation_names},
    }


def _with_defaults(name: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": name, "short": name, "verbose": name, **fields}


def _types_in(record: Any, field: str) -> Iterator[str]:
    items = record.get(field, ()) if isinstance(record, Mapping) else getattr(record, field)
    for item in items:
        yield item["type"] if isinstance(item, Mapping) else item.type


def _keep_first(pairs: list[tuple[str, Any]], repeated: list[str]) -> dict[str, Any]:
    """Return the fields of a JSON object; names that occur more than once are added to ``repeated``."""
    fields: dict[str, Any] = {}
    for name, value in pairs:
        if name in fields:
            repeated.append(name)
        else:
            fields[name] = value
    return fields


def type_among(names: Sequence[str], given: str = "") -> str:
    """Return what a type must be, for a message: ``"one of Loc, Org (did you mean 'Loc'?)"``.

    Args:
        names: The names of all types of its kind; only those of relation types may be empty.
        given: A name that is not one of them.
    """
    if not names:
        return "a relation type (there are none)"
    return f"one of {list_names(names)}{did_you_mean(given, names) if given else ''}"


def _looks_like_documents(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping) and "tokens" in value[0]
