"""Which layers of a CAS hold entities and relations, and which of their features is the label."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ...model.messages import did_you_mean
from ..faults import Location, list_names, short_repr
from .options import ReadingOptions
from .report import Report
from .uima_raw import ENDS

TOKEN = "de.tudarmstadt.ukp.dkpro.core.api.segmentation.type.Token"
SENTENCE = "de.tudarmstadt.ukp.dkpro.core.api.segmentation.type.Sentence"
META_DATA = "de.tudarmstadt.ukp.dkpro.core.api.metadata.type.DocumentMetaData"
ENTITY = "custom.Span"
RELATION = "custom.Relation"
LABEL = "label"

_STRING = "uima.cas.String"
_ANNOTATION = "uima.tcas.Annotation"
_NO_ENTITIES = (
    "uima.",
    "de.tudarmstadt.ukp.dkpro.core.api.segmentation.",
    "de.tudarmstadt.ukp.dkpro.core.api.metadata.",
)


@dataclass(frozen=True, slots=True)
class Layers:
    """The layers that are read.

    Attributes:
        entity: The name of the type of entities; `None` if there is none.
        relations: The names of those of relations.
    """

    entity: str | None
    relations: tuple[str, ...]


def choose_layers(
    types: Any, structures: Iterable[Any], options: ReadingOptions, location: Location, report: Report
) -> Layers | None:
    """Choose the layers of a document.

    Args:
        types: cassis' type system.
        structures: The annotations in the document's view.
        options: Names of layers that are wanted.
        location: The document.
        report: Takes faults, notes and relations that no entities have.

    Returns:
        The layers; `None`, and a fault, if they can't be told or there is none of a name.
    """
    by_type: dict[str, list[Any]] = {}
    for each in structures:
        by_type.setdefault(each.type.name, []).append(each)
    spans = [each.name for each in types.get_types() if _may_hold_entities(types, each)]
    ties = [each.name for each in types.get_types() if _is_relation(types, each)]
    names = {"entity_layer": spans, "relation_layer": ties}
    wanted: dict[str, str | None] = {}
    for option, candidates in names.items():
        given = getattr(options, option)
        wanted[option] = None if given is None else _named(given, candidates)
        if given is not None and wanted[option] is None:
            allowed = f"one of the file's layers {list_names(candidates)}" if candidates else "absent: there is none"
            report.fault(location, option, f"{short_repr(given)}{did_you_mean(given, candidates)}", allowed)
    if any(getattr(options, option) is not None and wanted[option] is None for option in names):
        return None
    used = [name for name in ties if by_type.get(name)]
    chosen = (
        [wanted["relation_layer"]] if wanted["relation_layer"] else _of_entities(types, used, by_type, report, location)
    )
    entity = wanted["entity_layer"]
    if entity is None:
        bases = {base for name in chosen for base in _bases(types, name, by_type)} - {TOKEN}
        if not bases:
            bases = {base for name in ties for base in _bases(types, name, {})} & {*spans} & by_type.keys()
        if not bases:
            bases = {name for name in spans if by_type.get(name) and label_feature(types.get_type(name)) is not None}
        if len(bases) > 1:
            allowed = f"given, as there are several layers: one of {list_names(sorted(bases))}"
            report.fault(location, "entity_layer", "nothing", allowed)
            return None
        entity = next(iter(bases), None)
    _note_others(types, entity, spans, by_type, report)
    return Layers(entity, tuple(name for name in chosen if name))


def label_feature(layer: Any) -> str | None:
    """The feature of a layer that holds the label: `label`, `value`, or the only one for text but `identifier`."""
    texts = [each.name for each in layer.all_features if each.rangeType.name == _STRING]
    for name in (LABEL, "value"):
        if name in texts:
            return name
    texts = [name for name in texts if name != "identifier"]
    return texts[0] if len(texts) == 1 else None


def _named(given: str, names: list[str]) -> str | None:
    """The layer of a full name, or of the last part of it."""
    if given in names:
        return given
    short = [name for name in names if name.rpartition(".")[2] == given]
    return short[0] if len(short) == 1 else None


def _features(layer: Any) -> set[str]:
    return {each.name for each in layer.all_features}


def _is_relation(types: Any, layer: Any) -> bool:
    return _features(layer).issuperset(ENDS) and types.is_instance_of(layer.name, _ANNOTATION)


def _may_hold_entities(types: Any, layer: Any) -> bool:
    if layer.name.startswith(_NO_ENTITIES) or _features(layer).intersection(ENDS):
        return False
    return bool(types.is_instance_of(layer.name, _ANNOTATION))


def _bases(types: Any, relation: str, by_type: dict[str, list[Any]]) -> set[str]:
    """The types of what a relation connects: the declared one, or where that is any annotation those that there are."""
    declared = types.get_type(relation).get_feature(ENDS[0]).rangeType.name
    if not declared.startswith("uima."):
        return {declared}
    ends = [getattr(each, end) for each in by_type.get(relation, ()) for end in ENDS]
    return {end.type.name for end in ends if hasattr(end, "type")}


def _of_entities(
    types: Any, used: list[str], by_type: dict[str, list[Any]], report: Report, location: Location
) -> list[str]:
    """The relation layers that don't connect tokens; relations of those that do are left out."""
    chosen = []
    for name in used:
        if _bases(types, name, by_type) == {TOKEN}:
            reason = f"of the layer {name}, which connects tokens, not entities"
            report.skip("relations", reason, location, name, count=len(by_type[name]))
        else:
            chosen.append(name)
    return chosen


def _note_others(
    types: Any, entity: str | None, spans: list[str], by_type: dict[str, list[Any]], report: Report
) -> None:
    for name in spans:
        if by_type.get(name) and (entity is None or not types.is_instance_of(name, entity)):
            report.note(f"the layer {name} is not read (--entity-layer {name} reads it as entities)")
