// Which names are written: as many as there is room for, the most important first, none over another.

import { textWidth } from "./dom.js";

export const FONT = "system-ui, sans-serif";
export const FONT_SIZE = 12; // pixels at zoom 1
const SMALLEST = 11; // pixels on the screen
const LARGEST = 17;
const HALO = 0.2; // around a name, of its size
const CELL = 48; // pixels: names are compared with what is in the same cells
const LIT = 1e12; // more important than anything else
const MOST_EDGES_NAMED = 250;
const SMALLEST_DOT = 3; // pixels; larger ones are not written over
const SIDES = ["below", "above", "right", "left"];
const FAR = 0.36; // zoom, below which names have more room around them: fewer are written

/** The width of a name at zoom 1. */
export const nameWidth = (text) => textWidth(text, `${FONT_SIZE}px ${FONT}`);

/** Choose the names of a Cytoscape graph that are written at its zoom, and how large. */
export function chooseNames(graph) {
  const zoom = graph.zoom();
  const size = Math.min(LARGEST, Math.max(SMALLEST, FONT_SIZE * zoom));
  const room = zoom < FAR ? { x: 26, y: 16 } : { x: 4, y: 0 };
  const taken = new Boxes({ left: 0, top: 0, right: graph.width(), bottom: graph.height() });
  const named = [];
  const lit = graph.elements(".lit");
  const edges = lit.length ? lit.edges() : graph.edges();
  graph.batch(() => {
    const nodes = nodesInView(graph);
    for (const { node, at, radius } of nodes) {
      if (radius >= SMALLEST_DOT) taken.add(around(at, 2 * radius, 2 * radius), node.id());
    }
    for (const item of nodes) {
      const side = freeSide(item, size, room, taken);
      for (const other of SIDES) item.node.toggleClass(other, other === side);
      if (side) named.push(item.node);
    }
    if (edges.length <= MOST_EDGES_NAMED) named.push(...namedEdges(edges, zoom, size, taken));
    const wanted = new Set(named.map((element) => element.id()));
    graph.elements(".named").filter((element) => !wanted.has(element.id())).removeClass("named");
    const written = { "font-size": size / zoom, "text-outline-width": (HALO * size) / zoom };
    for (const element of named) element.addClass("named").style(written);
  });
}

/** The first side of a node on which its name has room, which is then taken. */
function freeSide({ node, at, radius }, size, room, taken) {
  const width = (node.data("nameWidth") * size) / FONT_SIZE;
  const [up, aside] = [radius + size * 0.75, radius + width / 2 + 4];
  const places = { below: [0, up], above: [0, -up], right: [aside, 0], left: [-aside, 0] };
  return SIDES.find((side) => {
    const [x, y] = places[side];
    const box = around({ x: at.x + x, y: at.y + y }, width + room.x, size * 1.2 + room.y);
    if (!taken.isFree(box, node.id())) return false;
    taken.add(box, node.id());
    return true;
  });
}

/** Nodes in the panel, what is lit and then the most important first. */
function nodesInView(graph) {
  const [width, height] = [graph.width(), graph.height()];
  const rank = (node) => node.data("importance") + (node.hasClass("lit") ? LIT : 0);
  return graph
    .nodes(".entity")
    .map((node) => ({ node, at: node.renderedPosition(), radius: node.renderedWidth() / 2, rank: rank(node) }))
    .filter(({ at }) => at.x > -40 && at.y > -20 && at.x < width + 40 && at.y < height + 20)
    .sort((a, b) => b.rank - a.rank);
}

function* namedEdges(edges, zoom, size, taken) {
  for (const edge of edges) {
    const [from, to] = [edge.renderedSourceEndpoint(), edge.renderedTargetEndpoint()];
    const width = (edge.data("nameWidth") * size) / FONT_SIZE;
    const length = Math.hypot(to.x - from.x, to.y - from.y);
    if (length < width + 14) continue;
    const middle = edge.renderedMidpoint();
    const [along, up] = [(to.x - from.x) / length, (to.y - from.y) / length];
    const points = [-0.5, -0.25, 0, 0.25, 0.5].map((part) => ({
      x: middle.x + along * width * part,
      y: middle.y + up * width * part,
    }));
    const boxes = points.map((point) => around(point, Math.max(width / 4, size), size));
    if (!boxes.every((box) => taken.isFree(box, edge.id()))) continue;
    for (const box of boxes) taken.add(box, edge.id());
    yield edge;
  }
}

function around({ x, y }, width, height) {
  return { left: x - width / 2, right: x + width / 2, top: y - height / 2, bottom: y + height / 2 };
}

/** What is written already, in an area that nothing may reach beyond. */
class Boxes {
  constructor(area) {
    this.area = area;
    this.cells = new Map();
  }

  *cellsOf({ left, right, top, bottom }) {
    for (let x = Math.floor(left / CELL); x <= right / CELL; x += 1) {
      for (let y = Math.floor(top / CELL); y <= bottom / CELL; y += 1) yield `${x},${y}`;
    }
  }

  add(box, owner) {
    for (const cell of this.cellsOf(box)) {
      if (!this.cells.has(cell)) this.cells.set(cell, []);
      this.cells.get(cell).push({ ...box, owner });
    }
  }

  isFree(box, owner) {
    const { left, top, right, bottom } = this.area;
    if (box.left < left || box.right > right || box.top < top || box.bottom > bottom) return false;
    for (const cell of this.cellsOf(box)) {
      for (const other of this.cells.get(cell) ?? []) {
        const apart =
          other.left >= box.right || other.right <= box.left || other.top >= box.bottom || other.bottom <= box.top;
        if (!apart && other.owner !== owner) return false;
      }
    }
    return true;
  }
}
