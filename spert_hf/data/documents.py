"""Annotated documents: tokens with entities and relations, and checks of their JSON form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..model.messages import did_you_mean, integer
from .faults import (
    DocumentError,
    Fault,
    LocatedFault,
    Location,
    is_name,
    is_text,
    list_names,
    plain_name,
    short_repr,
)
from .schema import TypeSchema, type_among
from .white_space import count_blank, moved_offsets

SELF_RELATIONS = ("error", "drop")
"""How to treat relations of an entity to itself: as a fault, or left out."""

_TOKENS = "a list of one or more strings that are not empty"
_RECORD = "an object with tokens, entities and relations"
_DROP_HINT = "; self_relations drop leaves it out"
_SURELY_MISSPELT = 0.88
"""Similarity from which a name is a misspelt field; those of *correlations* and *titles* are lower."""
_ANNOTATION_FIELDS = {"entities": ("type", "start", "end"), "relations": ("type", "head", "tail")}


@dataclass(frozen=True, slots=True)
class Entity:
    """A typed span of tokens: ``start`` inclusive, ``end`` exclusive."""

    type: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Relation:
    """A typed, directed pair of entities: ``head`` and ``tail`` are indices of the document's entities."""

    type: str
    head: int
    tail: int


class Changes(NamedTuple):
    """What a document was built without, or with changes, of its record.

    Attributes:
        blank_tokens: Number of tokens of white space only, which are left out.
        self_relations: Number of relations of an entity to itself, which are left out.
        trimmed_entities: Number of entities in a text that began or ended at characters of no word.
        split_words: Number of words of a text that were split because an entity begins or ends inside.
    """

    blank_tokens: int = 0
    self_relations: int = 0
    trimmed_entities: int = 0
    split_words: int = 0


NO_CHANGES = Changes()


@dataclass(slots=True)
class Document:
    """A sentence or text, split into tokens, with its annotations.

    The constructor does not check its arguments; ``from_record`` does.

    Attributes:
        tokens: The words; at least one.
        entities: The entities, without duplicates; they may overlap.
        relations: The relations, without duplicates.
        id: The data set's identifier, as a string.
        extra: All other fields of the record, as they were given. This includes ``orig_id`` (or ``id``) with its
            original type, from which ``id`` is made; if only ``id`` is given, ``orig_id`` is added.
        changes: The parts of the record that were left out or changed.
    """

    tokens: list[str]
    entities: list[Entity] = field(default_factory=list)
    relations: list[Relation] = field(default_factory=list)
    id: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    changes: Changes = field(default=NO_CHANGES, compare=False)

    def __post_init__(self) -> None:
        found = _find_id(self.extra)
        if self.id is None:
            self.id = found
        elif self.id != found:
            self.extra = {**self.extra, "orig_id": self.id}

    @classmethod
    def from_record(cls, record: Mapping[str, Any], schema: TypeSchema | None = None) -> Document:
        """Make a document from a record in SpERT's JSON form.

        Duplicate entities and relations, which published data sets have, and tokens of white space only are dropped,
        and indices and offsets are adapted. Other fields of entities and relations than the three known ones (such as a
        score) are dropped, too.

        Args:
            record: The record.
            schema: The allowed types. Default: any.

        Raises:
            DocumentError: If the record is not valid (see ``check_record``); the error lists all faults.
        """
        faults = check_record(record, schema)
        if faults:
            location = Location("record")
            raise DocumentError(LocatedFault(location, fault) for fault in faults)
        return build_document(record)

    @property
    def doc_id(self) -> str | None:
        """What names the document that this sentence is of: the field `doc_id` of the record, if it is a name."""
        value = self.extra.get("doc_id")
        return str(value) if isinstance(value, str) or _is_integer(value) else None

    def to_record(self) -> dict[str, Any]:
        """Return the document in SpERT's JSON form, with ``extra`` fields last."""
        known: dict[str, Any] = {
            "tokens": list(self.tokens),
            "entities": [{"type": e.type, "start": e.start, "end": e.end} for e in self.entities],
            "relations": [{"type": r.type, "head": r.head, "tail": r.tail} for r in self.relations],
        }
        return known | {name: value for name, value in self.extra.items() if name not in known}


def build_document(record: Mapping[str, Any], changes: Changes = NO_CHANGES) -> Document:
    """Build the document of a record in which ``check_record`` found no fault.

    Args:
        record: In SpERT's JSON form.
        changes: What was changed before; the document's counts add to them.
    """
    tokens: list[str] = record["tokens"]
    moved = moved_offsets(tokens)
    entities, positions = _distinct(
        Entity(item["type"], moved[item["start"]], moved[item["end"]]) for item in record.get("entities", ())
    )
    pairs = [
        Relation(item["type"], positions[item["head"]], positions[item["tail"]]) for item in record.get("relations", ())
    ]
    between_two = [pair for pair in pairs if pair.head != pair.tail]
    relations, _ = _distinct(iter(between_two))
    extra = {name: value for name, value in record.items() if name not in ("tokens", "entities", "relations")}
    left = [token for token in tokens if not token.isspace()]
    changes = changes._replace(blank_tokens=len(tokens) - len(left), self_relations=len(pairs) - len(between_two))
    return Document(left, entities, relations, extra=extra, changes=changes)


def check_record(record: object, schema: TypeSchema | None = None, self_relations: str = "error") -> list[Fault]:
    """Return all faults of a record in SpERT's JSON form; an empty list if it is valid.

    ``entities`` and ``relations`` may be missing. Other fields are ignored, but one whose name is close to that of a
    missing field is a fault. Duplicate entities and relations are allowed, since published data sets have them, as are
    tokens of white space only, unless an entity has no others.

    Args:
        record: Any value.
        schema: The allowed types. Default: any.
        self_relations: Whether a relation of an entity to itself is a fault (``error``) or allowed (``drop``).
    """
    if not isinstance(record, Mapping):
        return [Fault("", short_repr(record), _RECORD)]
    wrong_tokens = [*check_tokens(record)]
    faults = [*wrong_tokens, *_misspelt(record)]
    tokens = record.get("tokens")
    token_count = len(tokens) if isinstance(tokens, list) and tokens else None
    moved = moved_offsets(record["tokens"]) if not wrong_tokens else None
    entities = record.get("entities", [])
    entity_names = schema.entity_names if schema else None
    for path, item in _items(record, "entities", entity_names, faults):
        faults += _check_span(path, item, token_count) or _check_words(path, item, record, moved)
    relation_names = schema.relation_names if schema else None
    for path, item in _items(record, "relations", relation_names, faults):
        faults += _check_pair(path, item, entities if isinstance(entities, list) else None)
        if self_relations == "error" and isinstance(entities, list):
            faults += _check_two(path, item, entities, moved)
    return faults


def _misspelt(record: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield a fault for each field that is likely a misspelling of missing ``entities`` or ``relations``."""
    absent = [name for name in _ANNOTATION_FIELDS if name not in record]
    for name in record:
        hint = did_you_mean(name, absent, _SURELY_MISSPELT) if isinstance(name, str) and absent else ""
        if hint:
            yield Fault(plain_name(name), "a field that would not be read", f"called {' or '.join(absent)}{hint}")


def check_tokens(record: Mapping[str, Any], *, may_be_empty: bool = False) -> Iterator[Fault]:
    """Yield the faults of a record's ``tokens``.

    They must be a list that is not empty, of strings that can be tokens, not all of which are white space.

    Args:
        record: The record.
        may_be_empty: Whether an empty list is allowed.
    """
    if "tokens" not in record:
        names = [short_repr(name) for name in record]
        yield Fault("tokens", f"nothing (the record has {list_names(names) or 'no fields'})", _TOKENS)
        return
    tokens = record["tokens"]
    if not isinstance(tokens, list) or not (tokens or may_be_empty):
        yield Fault("tokens", short_repr(tokens), _TOKENS)
        return
    wrong = [i for i, token in enumerate(tokens) if not (is_text(token) and token)]
    for i in wrong:
        yield Fault(f"tokens[{i}]", short_repr(tokens[i]), "a string of valid Unicode that is not empty")
    if not wrong and not may_be_empty and count_blank(tokens) == len(tokens):
        yield Fault("tokens", short_repr(tokens), "a list with a token that is more than white space")


def _items(
    record: Mapping[str, Any], kind: str, type_names: Sequence[str] | None, faults: list[Fault]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield path and value of each entity or relation that is an object; add faults of form and type to ``faults``."""
    fields = _ANNOTATION_FIELDS[kind]
    items = record.get(kind, [])
    if not isinstance(items, list):
        faults.append(Fault(kind, short_repr(items), f"a list of objects with {list_names(fields)}"))
        return
    for i, item in enumerate(items):
        path = f"{kind}[{i}]"
        if not isinstance(item, Mapping):
            faults.append(Fault(path, short_repr(item), f"an object with {list_names(fields)}"))
            continue
        faults += _check_type(f"{path}.type", item, type_names)
        yield path, item


def _check_type(path: str, item: Mapping[str, Any], names: Sequence[str] | None) -> Iterator[Fault]:
    given = item.get("type")
    if not is_name(given):
        allowed = "the name of a type" if names is None else type_among(names)
        yield Fault(path, short_repr(given) if "type" in item else "nothing", allowed)
    elif names is not None and given not in names:
        yield Fault(path, short_repr(given), type_among(names, str(given)))


def _check_span(path: str, item: Mapping[str, Any], token_count: int | None) -> list[Fault]:
    """Return the faults of an entity's offsets; without a token count, only those that no sentence could have."""
    sentence = f" (the sentence has {token_count} tokens)" if token_count else ""
    most = token_count or None
    start = _index(item.get("start"), token_count)
    faults = []
    if start is None:
        allowed = f"{integer(0, most and most - 1)}{sentence}"
        faults.append(Fault(f"{path}.start", _given(item, "start"), allowed))
    end: Any = item.get("end")
    if not _is_integer(end) or end < 1 or (token_count is not None and end > token_count):
        faults.append(Fault(f"{path}.end", _given(item, "end"), f"{integer(1, most)}{sentence}"))
    elif start is not None and end <= start:
        allowed = f"{integer(start + 1, most)} (the end is exclusive and lies after the start, {start})"
        faults.append(Fault(f"{path}.end", _given(item, "end"), allowed))
    return faults


def _check_words(path: str, item: Mapping[str, Any], record: Mapping[str, Any], moved: list[int] | None) -> list[Fault]:
    """Return the fault of an entity with valid offsets whose tokens are all white space; none if tokens are invalid."""
    if moved is None or moved[item["start"]] < moved[item["end"]]:
        return []
    given = f"{item['start']} to {item['end']}, the tokens {short_repr(record['tokens'][item['start'] : item['end']])}"
    return [Fault(path, given, "a span with a token that is more than white space")]


def _check_pair(path: str, item: Mapping[str, Any], entities: list[Any] | None) -> Iterator[Fault]:
    """Yield the faults of a relation's indices; without a list of entities, only those that no record could have."""
    count = None if entities is None else len(entities)
    if count == 0:
        allowed = "the index of an entity (the record has none)"
    else:
        allowed = integer(0) if count is None else f"{integer(0, count - 1)} (the record has {count} entities)"
    head, tail = (_index(item.get(side), count) for side in ("head", "tail"))
    for side, index in (("head", head), ("tail", tail)):
        if index is None:
            yield Fault(f"{path}.{side}", _given(item, side), allowed)


def _check_two(path: str, item: Mapping[str, Any], entities: list[Any], moved: list[int] | None) -> Iterator[Fault]:
    """Yield the fault of a relation with valid indices whose head and tail are the same entity."""
    head, tail = (_index(item.get(side), len(entities)) for side in ("head", "tail"))
    if head is None or tail is None:
        return
    allowed = f"another entity than the head, {head}"
    if head == tail:
        yield Fault(f"{path}.tail", f"{tail}{_DROP_HINT}", allowed)
    elif _same_entity(entities[head], entities[tail], moved):
        yield Fault(f"{path}.tail", f"{tail}, which repeats it{_DROP_HINT}", allowed)


def _same_entity(first: object, second: object, moved: list[int] | None) -> bool:
    """Return whether two items of ``entities`` have the same type and the same span, apart from white space."""
    if not isinstance(first, Mapping) or not isinstance(second, Mapping):
        return False

    def place(value: Any) -> Any:
        return moved[value] if moved is not None and _index(value, len(moved)) is not None else value

    values = [(first.get(name), second.get(name)) for name in _ANNOTATION_FIELDS["entities"]]
    same = [a is not None and type(a) is type(b) and place(a) == place(b) for a, b in values]  # True is not 1 here
    return all(same)


def _given(item: Mapping[str, Any], name: str) -> str:
    return short_repr(item[name]) if name in item else "nothing"


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _index(value: Any, count: int | None) -> int | None:
    """Return the value if it is an index below ``count`` (or any index, if the count is unknown), else None."""
    return value if _is_integer(value) and value >= 0 and (count is None or value < count) else None


def _distinct(items: Iterator[Any]) -> tuple[list[Any], list[int]]:
    """Return the distinct items in order of first occurrence, and each item's position among them."""
    positions: dict[Any, int] = {}
    where = [positions.setdefault(item, len(positions)) for item in items]
    return list(positions), where


def _find_id(extra: Mapping[str, Any]) -> str | None:
    for name in ("orig_id", "id"):
        value = extra.get(name)
        if isinstance(value, str) or _is_integer(value):
            return str(value)
    return None
