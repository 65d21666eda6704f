"""Draws a text as SVG, with its entities highlighted and its relations as arcs above the lines.

Nothing is measured in a browser: texts are stretched to their estimated widths, so that arcs meet their words in any
font. There are no global style sheets or ids, since a notebook may have many drawings.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import Any

from ..data.type_colours import INK, LINE, TINT, colour
from ..evaluation.visible_text import visible
from .annotated import Annotated
from .arcs import Arc, Piece, arc_path, arrow_path, lay_out_arcs
from .colours import BACKGROUND, TEXT
from .lanes import assign_lanes
from .text_lines import TEXT_SIZE, Segment, break_lines, is_right_to_left
from .text_width import FONT, SEMIBOLD, text_width

ARC_LANE = 22
ARC_BASE = 14
LABEL_LANE = 17
LABEL_GAP = 3
"""Less than a space, so that neighbours stay on one lane."""

MOST_ARCS = 80
"""More would be unreadable; the table has them."""

_LABEL_SIZE = 12.0
_TEXT_HEIGHT = 20.0
_BASELINE = 15.5
_LINE_GAP = 6.0
_MARGIN = 12.0

Hues = tuple[Mapping[str, float], Mapping[str, float]]


@dataclass(slots=True)
class _Label:
    """The bar under a piece of a mention, and the name of its type, which begins at `start`."""

    piece: Piece
    name: str
    start: float
    lane: int = 0


def clean(text: str) -> str:
    """Escape a text for XML or HTML, without control characters and changes of direction."""
    return escape(visible(text).replace("\ufffe", "�").replace("\uffff", "�"))


def best_by_type(relations: Sequence[Mapping[str, Any]], most: int) -> list[int]:
    """Return the indices of the relations with the highest scores, with equal shares for all types.

    Args:
        relations: the relations.
        most: the most relations; what a type does not use of its share is left to the others.
    """
    rounds: Counter[str] = Counter()
    rank = {}
    for index in sorted(range(len(relations)), key=lambda index: -relations[index]["score"]):
        rounds[relations[index]["type"]] += 1
        rank[index] = rounds[relations[index]["type"]]
    return sorted(sorted(rank, key=lambda index: (rank[index], -relations[index]["score"]))[:most])


def draw(annotated: Annotated, hues: Hues, width: float) -> tuple[list[str], float]:
    """Draw one text.

    Args:
        annotated: the text with its entities and relations.
        hues: the hues of entity types and of relation types; see [`type_hues`].
        width: the width of the drawing in pixels.

    Returns:
        SVG elements, which begin at the upper edge, and their height.
    """
    inner = width - 2 * _MARGIN
    lines = break_lines(annotated.text, annotated.spans, inner)
    pieces = _pieces(lines, len(annotated.entities))
    labels = _lay_out_labels(pieces, annotated, inner)
    chosen = [(index, annotated.relations[index]) for index in best_by_type(annotated.relations, MOST_ARCS)]
    arcs = lay_out_arcs(chosen, pieces, inner, is_right_to_left(annotated.text), _label_width)
    above = _lanes_by_line([(arc.line, arc.lane) for arc in arcs])
    below = _lanes_by_line([(label.piece.line, label.lane) for label in labels])
    tops, y = [], _MARGIN
    for number in range(len(lines)):
        y += ARC_BASE + above[number] * ARC_LANE - 8 if above[number] else 0
        tops.append(y)
        y += _TEXT_HEIGHT + below[number] * LABEL_LANE + _LINE_GAP
    drawn = [part for line, top in zip(lines, tops, strict=True) for part in _draw_line(line, top, annotated, hues[0])]
    drawn += [_draw_label(label, tops[label.piece.line], annotated, hues[0]) for label in labels]
    drawn_arcs = [_draw_arc(arc, tops[arc.line], annotated, hues[1]) for arc in arcs]
    # Labels of arcs come last, so that they cover arcs that cross them.
    drawn += [line for line, _ in drawn_arcs] + [label for _, label in drawn_arcs]
    return [f'<g transform="translate({_MARGIN:g} 0)">', *drawn, "</g>"], y + _MARGIN - _LINE_GAP


def _lanes_by_line(items: Sequence[tuple[int, int]]) -> dict[int, int]:
    """Return the number of lanes of each line, from pairs of a line and a lane."""
    lanes: dict[int, int] = defaultdict(int)
    for line, lane in items:
        lanes[line] = max(lanes[line], lane + 1)
    return lanes


def _label_width(name: str) -> float:
    return text_width(visible(name), _LABEL_SIZE) * SEMIBOLD


def _pieces(lines: Sequence[Sequence[Segment]], entities: int) -> list[list[Piece]]:
    """Return the pieces of each entity, line by line."""
    pieces: list[list[Piece]] = [[] for _ in range(entities)]
    for number, line in enumerate(lines):
        for segment in line:
            for entity in () if segment.is_space else segment.entities:
                of_entity = pieces[entity]
                if of_entity and of_entity[-1].line == number:
                    of_entity[-1].left = min(of_entity[-1].left, segment.left)
                    of_entity[-1].right = max(of_entity[-1].right, segment.right)
                else:
                    of_entity.append(Piece(entity, number, segment.left, segment.right, not of_entity))
    return pieces


def _lay_out_labels(pieces: Sequence[Sequence[Piece]], annotated: Annotated, width: float) -> list[_Label]:
    """Return bars with the types' names; where a mention continues on a further line, its bar has no name."""
    on_line: dict[int, list[_Label]] = defaultdict(list)
    for piece in (piece for of_entity in pieces for piece in of_entity):
        name = str(annotated.entities[piece.entity]["type"]) if piece.is_first else ""
        start = max(0.0, min(piece.left, width - _label_width(name)))
        on_line[piece.line].append(_Label(piece, name, start))
    for labels in on_line.values():
        extents = [
            (min(one.piece.left, one.start), max(one.piece.right, one.start + _label_width(one.name))) for one in labels
        ]
        for label, lane in zip(labels, assign_lanes(extents, LABEL_GAP), strict=True):
            label.lane = lane
    return [label for labels in on_line.values() for label in labels]


def _draw_line(line: Sequence[Segment], top: float, annotated: Annotated, hues: Mapping[str, float]) -> Iterator[str]:
    """Yield the backgrounds of a line's mentions, and its words, joined as far as they are in the same entities."""
    texts = []
    for entities, group in groupby(line, key=lambda segment: segment.entities):
        run = list(group)
        if entities:
            innermost = min(entities, key=lambda entity: annotated.spans[entity][1] - annotated.spans[entity][0])
            ground = colour(TINT, hues[annotated.entities[innermost]["type"]])
            left, right = run[0].left, run[-1].right
            place = f'x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}"'
            yield f'<rect {place} height="{_TEXT_HEIGHT:g}" fill="{ground}"/>'
        backwards = any(is_right_to_left(segment.text) for segment in run)
        for words in [[one] for one in run] if backwards else [run]:
            texts.append(_draw_words(words, top + _BASELINE))
    yield from filter(None, texts)


def _draw_words(words: Sequence[Segment], baseline: float) -> str:
    while words and words[0].is_space:
        words = words[1:]
    while words and words[-1].is_space:
        words = words[:-1]
    if not words:
        return ""
    text = "".join(one.text for one in words)
    backwards = ' direction="rtl" text-anchor="end"' if is_right_to_left(text) else ""
    return _text(text, words[0].left, baseline, words[-1].right - words[0].left, f'fill="{TEXT}"{backwards}')


def _text(text: str, x: float, y: float, width: float, attributes: str) -> str:
    """Return a text element that is stretched to a width."""
    size = f' textLength="{width:.1f}" lengthAdjust="spacingAndGlyphs"' if width else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{size} {attributes}>{clean(text)}</text>'


def _draw_label(label: _Label, top: float, annotated: Annotated, hues: Mapping[str, float]) -> str:
    y = top + _TEXT_HEIGHT + 2 + label.lane * LABEL_LANE
    hue = hues[annotated.entities[label.piece.entity]["type"]]
    width = label.piece.right - label.piece.left
    fill = colour(LINE, hue)
    bar = f'<rect x="{label.piece.left:.1f}" y="{y:.1f}" width="{width:.1f}" height="3" rx="1.5" fill="{fill}"/>'
    style = f'fill="{colour(INK, hue)}" font-size="{_LABEL_SIZE:g}" font-weight="600"'
    return bar + (_text(label.name, label.start, y + 13, _label_width(label.name), style) if label.name else "")


def _draw_arc(arc: Arc, base: float, annotated: Annotated, hues: Mapping[str, float]) -> tuple[str, str]:
    """Return an arc, and its label with a tooltip."""
    relation = annotated.relations[arc.relation]
    top = base - ARC_BASE - arc.lane * ARC_LANE
    hue = hues[relation["type"]]
    stroke = colour(LINE, hue)
    head, tail = (" ".join(annotated.entities[relation[end]]["text"].split()) for end in ("head", "tail"))
    what = f"{relation['type']} {relation['score']:.2f}"
    title = f"<title>{clean(f'{head} – {what} → {tail}')}</title>"
    line = (
        f'<g>{title}<path d="{arc_path(arc, base - 1, top)}" fill="none" stroke="{stroke}" stroke-width="1.6"/>'
        f'<path d="{arrow_path(arc, base - 1, top)}" fill="{stroke}"/></g>'
    )
    name = str(relation["type"])
    width = _label_width(name)
    x, y = arc.label - width / 2, top + 4
    ground = f'<rect x="{x - 4:.1f}" y="{top - 8:.1f}" width="{width + 8:.1f}" height="16" rx="4" fill="{BACKGROUND}"/>'
    style = f'fill="{colour(INK, hue)}" font-size="{_LABEL_SIZE:g}" font-weight="600"'
    return line, f"<g>{title}{ground}{_text(name, x, y, width, style)}</g>"


def svg_root(parts: Sequence[str], width: float, height: float, label: str, description: str) -> str:
    """Return the content of an SVG file, with a description in words."""
    attributes = (
        f'xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:.0f}" '
        f'viewBox="0 0 {width:g} {height:.0f}" role="img" aria-label="{clean(label)}" xml:space="preserve" '
        f'style="max-width:100%;height:auto;white-space:pre" font-family="{FONT}" font-size="{TEXT_SIZE:g}"'
    )
    ground = f'<rect width="100%" height="100%" fill="{BACKGROUND}"/>'
    return "".join([f"<svg {attributes}>", f"<desc>{clean(description)}</desc>", ground, *parts, "</svg>"])
