// The layout of relation arcs over the lines of a text.

import { assignLanes } from "./lanes.js";

const LANE_GAP = 6;
const LABEL_PADDING = 8;

/**
 * Lay out arcs over the lines of a text. A relation whose mentions are on two lines has two arcs: one that leaves the
 * first line at its edge, and one that enters the other line.
 *
 * @param {object[]} relations with `head` and `tail`.
 * @param {{line: number, left: number, right: number}[][]} pieces for each entity, its position on each line.
 * @param {object} page `{width, rightToLeft, labelWidth}`: the text's width and direction, and a function that returns
 *   the width of a relation type's label.
 * @returns {{relation: number, line: number, from: number, to: number, starts: boolean, ends: boolean, lane: number,
 *   label: number}[]} `from` and `to` are the x coordinates on the side of head and tail, `starts` and `ends` whether
 *   there is a mention (instead of the edge), `label` is the x coordinate of the label's centre.
 */
export function layOutArcs(relations, pieces, page) {
  const arcs = relations.flatMap((relation, index) => arcsOf(relation, index, pieces, page));
  spreadEnds(arcs);
  const lines = Map.groupBy(arcs, (arc) => arc.line);
  for (const onLine of lines.values()) {
    const lanes = assignLanes(onLine.map((arc) => extent(arc, page)), LANE_GAP);
    onLine.forEach((arc, number) => (arc.lane = lanes[number]));
  }
  return arcs;
}

function arcsOf(relation, index, pieces, page) {
  const [head, tail] = nearestPieces(pieces[relation.head], pieces[relation.tail]);
  const common = { relation: index, type: relation.type };
  if (head.line === tail.line) return [{ ...common, line: head.line, head, tail }];
  const down = head.line < tail.line;
  const farEdge = page.rightToLeft ? 0 : page.width;
  const nearEdge = page.width - farEdge;
  return [
    { ...common, line: head.line, head, edge: down ? farEdge : nearEdge },
    { ...common, line: tail.line, tail, edge: down ? nearEdge : farEdge },
  ];
}

/** The pieces of two mentions that are on the same line, or else on the closest lines. */
function nearestPieces(heads, tails) {
  let best = null;
  for (const head of heads) {
    for (const tail of tails) {
      const distance = Math.abs(head.line - tail.line);
      if (!best || distance < best.distance) best = { distance, head, tail };
    }
  }
  return [best.head, best.tail];
}

/** Give every arc a separate end point on its mention, in the order of their other ends. */
function spreadEnds(arcs) {
  const touching = new Map();
  const touch = (piece, arc, end, leadsTo) => {
    if (!touching.has(piece)) touching.set(piece, []);
    touching.get(piece).push({ arc, end, leadsTo });
  };
  for (const arc of arcs) {
    if (arc.head) touch(arc.head, arc, "from", arc.tail ? middle(arc.tail) : arc.edge);
    if (arc.tail) touch(arc.tail, arc, "to", arc.head ? middle(arc.head) : arc.edge);
    arc.starts = Boolean(arc.head);
    arc.ends = Boolean(arc.tail);
    arc.from = arc.to = arc.edge;
  }
  for (const [piece, ends] of touching) {
    ends.sort((a, b) => a.leadsTo - b.leadsTo);
    ends.forEach(({ arc, end }, number) => {
      arc[end] = piece.left + ((number + 1) / (ends.length + 1)) * (piece.right - piece.left);
    });
  }
}

/** The horizontal extent of an arc with its label; sets the position of the label. */
function extent(arc, page) {
  const half = page.labelWidth(arc.type) / 2 + LABEL_PADDING;
  const wanted = (arc.from + arc.to) / 2;
  arc.label = Math.max(half, Math.min(page.width - half, wanted));
  return {
    left: Math.min(arc.from, arc.to, arc.label - half),
    right: Math.max(arc.from, arc.to, arc.label + half),
  };
}

function middle(piece) {
  return (piece.left + piece.right) / 2;
}

/**
 * The outline of an arc.
 *
 * @param {object} arc of `layOutArcs`.
 * @param {number} base y coordinate of the mentions' upper edge.
 * @param {number} top y coordinate of the arc's lane.
 * @returns {string} an SVG path.
 */
export function arcPath(arc, base, top) {
  const direction = Math.sign(arc.to - arc.from) || 1;
  const bend = Math.min(6, Math.abs(arc.to - arc.from) / 2, base - top);
  const start = arc.starts
    ? `M ${arc.from} ${base} V ${top + bend} Q ${arc.from} ${top} ${arc.from + direction * bend} ${top}`
    : `M ${arc.from} ${top}`;
  const end = arc.ends
    ? `H ${arc.to - direction * bend} Q ${arc.to} ${top} ${arc.to} ${top + bend} V ${base}`
    : `H ${arc.to}`;
  return `${start} ${end}`;
}

/** The arrowhead at a mention, or at the edge if the arc continues on another line. */
export function arrowPath(arc, base, top) {
  if (arc.ends) return `M ${arc.to - 4} ${base - 6} L ${arc.to + 4} ${base - 6} L ${arc.to} ${base} Z`;
  const direction = Math.sign(arc.to - arc.from) || 1;
  return `M ${arc.to - direction * 7} ${top - 4} L ${arc.to - direction * 7} ${top + 4} L ${arc.to} ${top} Z`;
}
