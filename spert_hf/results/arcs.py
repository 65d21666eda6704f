"""Layout of the arcs of relations above the lines of a text, as in the demo (`space/view/arcs.js`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .lanes import assign_lanes

LANE_GAP = 6
LABEL_PADDING = 8


@dataclass(slots=True, eq=False)
class Piece:
    """The part of an entity on one line; `is_first` on the first of its lines."""

    entity: int
    line: int
    left: float
    right: float
    is_first: bool

    @property
    def middle(self) -> float:
        """The x coordinate of its middle."""
        return (self.left + self.right) / 2


@dataclass(slots=True)
class Arc:
    """A relation's arc on one line, which runs to an edge if head or tail is on another line.

    Args:
        relation: index of the relation.
        line: index of the line.
        head: the piece where it starts, or None.
        tail: the piece where it ends, or None.
        start: x coordinate on the head's side.
        end: x coordinate on the tail's side.
        label: x coordinate of the label's middle.
        lane: index of the lane; 0 is the lowest.
    """

    relation: int
    line: int
    head: Piece | None
    tail: Piece | None
    start: float
    end: float
    label: float = 0.0
    lane: int = 0


def lay_out_arcs(
    relations: Sequence[tuple[int, Mapping[str, Any]]],
    pieces: Sequence[Sequence[Piece]],
    width: float,
    backwards: bool,
    label_width: Callable[[str], float],
) -> list[Arc]:
    """Lay out the arcs of relations.

    Args:
        relations: the relations with their indices.
        pieces: the pieces of each entity.
        width: the width of the text in pixels.
        backwards: whether the text runs from right to left.
        label_width: the width of a type's name in pixels.
    """
    arcs = [arc for index, one in relations for arc in _arcs_of(index, one, pieces, width, backwards)]
    _spread_ends(arcs)
    types = {index: one["type"] for index, one in relations}
    on_line: dict[int, list[Arc]] = defaultdict(list)
    for arc in arcs:
        on_line[arc.line].append(arc)
    for together in on_line.values():
        extents = []
        for arc in together:
            half = label_width(types[arc.relation]) / 2 + LABEL_PADDING
            arc.label = max(half, min(width - half, (arc.start + arc.end) / 2))
            extents.append((min(arc.start, arc.end, arc.label - half), max(arc.start, arc.end, arc.label + half)))
        for arc, lane in zip(together, assign_lanes(extents, LANE_GAP), strict=True):
            arc.lane = lane
    return arcs


def _arcs_of(
    index: int, relation: Mapping[str, Any], pieces: Sequence[Sequence[Piece]], width: float, backwards: bool
) -> list[Arc]:
    """Return one arc, or two if the mentions are on different lines: one from the head, the other to the tail."""
    head, tail = min(
        ((head, tail) for head in pieces[relation["head"]] for tail in pieces[relation["tail"]]),
        key=lambda ends: abs(ends[0].line - ends[1].line),
    )
    if head.line == tail.line:
        return [Arc(index, head.line, head, tail, 0.0, 0.0)]
    far, near = (0.0, width) if backwards else (width, 0.0)
    leaves, enters = (far, near) if head.line < tail.line else (near, far)
    return [Arc(index, head.line, head, None, leaves, leaves), Arc(index, tail.line, None, tail, enters, enters)]


def _spread_ends(arcs: Sequence[Arc]) -> None:
    """Move the ends of arcs at the same mention apart, in the order of their other ends."""
    touching: dict[Piece, list[tuple[float, Arc, str]]] = defaultdict(list)
    for arc in arcs:
        if arc.head is not None:
            touching[arc.head].append((arc.tail.middle if arc.tail else arc.end, arc, "start"))
        if arc.tail is not None:
            touching[arc.tail].append((arc.head.middle if arc.head else arc.start, arc, "end"))
    for piece, ends in touching.items():
        ends.sort(key=lambda end: end[0])
        for number, (_, arc, end) in enumerate(ends, start=1):
            setattr(arc, end, piece.left + number / (len(ends) + 1) * (piece.right - piece.left))


def arc_path(arc: Arc, base: float, top: float) -> str:
    """Return the SVG path of an arc from the mentions' upper edge, `base`, over the arc's lane, `top`."""
    direction = -1 if arc.end < arc.start else 1
    bend = min(6.0, abs(arc.end - arc.start) / 2, base - top)
    start = f"M{arc.start:.1f} {top:.1f}"
    if arc.head is not None:
        corner = f"V{top + bend:.1f}Q{arc.start:.1f} {top:.1f} {arc.start + direction * bend:.1f} {top:.1f}"
        start = f"M{arc.start:.1f} {base:.1f}{corner}"
    if arc.tail is None:
        return f"{start}H{arc.end:.1f}"
    corner = f"H{arc.end - direction * bend:.1f}Q{arc.end:.1f} {top:.1f} {arc.end:.1f} {top + bend:.1f}"
    return f"{start}{corner}V{base:.1f}"


def arrow_path(arc: Arc, base: float, top: float) -> str:
    """Return the SVG path of the arrowhead at a mention, or at the edge where the arc continues."""
    end = arc.end
    if arc.tail is not None:
        return f"M{end - 4:.1f} {base - 6:.1f}L{end + 4:.1f} {base - 6:.1f}L{end:.1f} {base:.1f}Z"
    back = end - (-1 if end < arc.start else 1) * 7
    return f"M{back:.1f} {top - 4:.1f}L{back:.1f} {top + 4:.1f}L{end:.1f} {top:.1f}Z"
