"""The layers of a WebAnno TSV file, and which of them hold entities and relations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from ..faults import Location, list_names
from .options import ReadingOptions
from .report import Report

_KINDS = {"#T_SP=": "span", "#T_CH=": "chain", "#T_RL=": "relation"}
_LABELS = ("label", "value", "PosValue", "DependencyType")
"""Features that hold the label in layers that people make, and in those that come with the tools."""

_ANY = "uima.tcas.Annotation"
"""What relations connect that may have their ends in any layer."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer of annotations.

    Attributes:
        kind: `"span"`, `"chain"` or `"relation"`.
        name: The full name of its type.
        features: What its columns hold; of a layer without features one of no name.
        base: Of relations, the layer that they connect.
    """

    kind: str
    name: str
    features: tuple[str, ...]
    base: str = ""

    @property
    def label(self) -> int | None:
        """Which column holds the label; `None` if there is none."""
        plain = [place for place, name in enumerate(self.features) if name and not name.startswith(("BT_", "ROLE_"))]
        known = [place for name in _LABELS for place in plain if self.features[place] == name]
        return next(iter(known or plain), None)

    def is_named(self, name: str) -> bool:
        """Whether this is the full name or its last part."""
        return name in (self.name, self.name.rpartition(".")[2])


Counts: TypeAlias = Mapping[Layer, int]
"""How many annotations there are of each layer."""


def layer_of(line: str) -> Layer | None:
    """The layer that a line of the header declares; `None` if it declares none."""
    kind = _KINDS.get(line[:6])
    if kind is None:
        return None
    name, *features = line[6:].strip().split("|")
    base = next((each.removeprefix("BT_") for each in features if each.startswith("BT_")), "")
    return Layer(kind, name, tuple(features) or ("",), base if kind == "relation" else "")


def choose_layers(
    counts: Counts, options: ReadingOptions, where: Location, report: Report
) -> tuple[Layer | None, Layer | None] | None:
    """The layers with entities and with relations, each `None` if the file has none; `None`, and a fault, if that is
    not clear. Files have no columns for layers without annotations.

    Args:
        counts: All layers of the file.
        options: What names layers.
        where: The file.
        report: Takes the fault, and what is not read of other layers.
    """
    spans = _of_kind("span", options.entity_layer, counts, where, report)
    relations = _of_kind("relation", options.relation_layer, counts, where, report)
    if options.entity_layer is not None:
        relations = [each for each in relations if each.base in (_ANY, *(layer.name for layer in spans))]
    if not _are_clear("relation_layer", relations, counts, where, report):
        return None
    relation = _used(relations, counts)
    if relation is not None and relation.base != _ANY:
        spans = [layer for layer in spans if layer.name == relation.base]
        if not spans:
            given = f"{relation.name}, whose relations connect {relation.base or 'nothing'}, which has no columns"
            report.fault(where, "relation_layer", given, "a layer of relations that connect a layer of spans")
            return None
    if not _are_clear("entity_layer", spans, counts, where, report):
        return None
    chosen = (_used(spans, counts), relation)
    _note_others(counts, chosen, where, report)
    return chosen


def _of_kind(kind: str, name: str | None, counts: Counts, where: Location, report: Report) -> list[Layer]:
    """The layers of a kind, of this name if one is given."""
    layers = [layer for layer in counts if layer.kind == kind]
    found = [layer for layer in layers if name is None or layer.is_named(name)]
    if name is not None and not found:
        there = list_names([layer.name for layer in layers]) or "none"
        report.note(f"{where}: nothing of the {kind} layer {name}; {kind} layers in it: {there}")
    return found


def _used(layers: list[Layer], counts: Counts) -> Layer | None:
    """The layer with annotations, else the first."""
    return next((layer for layer in layers if counts[layer]), next(iter(layers), None))


def _are_clear(option: str, layers: list[Layer], counts: Counts, where: Location, report: Report) -> bool:
    """Whether at most one of the layers has annotations; if not, it is at fault that none is named."""
    used = [layer.name for layer in layers if counts[layer]]
    if len(used) > 1:
        report.fault(where, option, "nothing", f"given, as the file has several: {list_names(used)}")
    return len(used) <= 1


def _note_others(counts: Counts, chosen: tuple[Layer | None, ...], where: Location, report: Report) -> None:
    for layer, count in counts.items():
        if layer.kind == "chain" and count:
            report.note(f"{where}: not read: chains of {layer.name} (mentions in them: {count:,})")
        elif layer not in chosen and count:
            report.note(f"{where}: not read: {count:,} of {layer.name}")
        elif layer in chosen and (slots := [each for each in layer.features if each.startswith("ROLE_")]):
            report.note(f"{where}: not read: slots of {layer.name}: {list_names(slots)}")
