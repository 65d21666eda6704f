// Where entities stand: each connected part by forces, without overlaps, and the parts beside each other.

import { relax } from "./forces.js";

const SPRING = 58; // pixels between the rims of two entities, at zoom 1
const GAP = { x: 14, y: 10 }; // between entities with their labels
const SPREAD = { from: 6, room: 2, even: 0.45 }; // room: of what boxes take; even: how far density is evened out
const BETWEEN_PARTS = 46;
const WIDTHS = [1, 1.1, 1.2, 1.35, 1.5]; // of what all parts would need without gaps
const MOST_ROUNDS = 120;
const TURN = 2.4; // radians from one new point to the next: no two in one direction

/**
 * Lay out boxes.
 *
 * @param {{x?: number, y?: number, width: number, height: number, size: number}[]} boxes entities with their labels;
 *   `x` and `y`, their centres, are set; where they are given they are begun with.
 * @param {[number, number][]} links between boxes.
 * @param {number} shape width of the panel, of its height.
 * @yields so that whoever asks may pause.
 */
export function* place(boxes, links, shape) {
  const parts = connectedParts(boxes.length, links);
  const areas = [];
  for (const { members, links: own } of parts) {
    const chosen = members.map((member) => boxes[member]);
    yield* placePart(chosen, own, shape);
    areas.push(areaOf(chosen));
  }
  pack(areas, shape);
  parts.forEach(({ members }, number) => {
    const area = areas[number];
    for (const member of members) {
      boxes[member].x += area.toX - area.left;
      boxes[member].y += area.toY - area.top;
    }
  });
}

function connectedParts(count, links) {
  const parent = Array.from({ length: count }, (_, index) => index);
  const root = (index) => {
    while (parent[index] !== index) index = parent[index] = parent[parent[index]];
    return index;
  };
  for (const [from, to] of links) parent[root(from)] = root(to);
  const parts = new Map();
  const place = [];
  for (let index = 0; index < count; index += 1) {
    const part = parts.get(root(index)) ?? { members: [], links: [] };
    parts.set(root(index), part);
    place[index] = part.members.push(index) - 1;
  }
  for (const [from, to] of links) if (from !== to) parts.get(root(from)).links.push([place[from], place[to]]);
  return [...parts.values()];
}

function* placePart(boxes, links, shape) {
  const known = boxes.filter(({ x }) => x !== undefined).length;
  start(boxes, links);
  const springs = links.map(([from, to]) => ({ from, to, length: SPRING + (boxes[from].size + boxes[to].size) / 2 }));
  yield* relax(boxes, springs, known > boxes.length / 2 ? 0.4 : 1);
  const { width, height } = areaOf(boxes);
  if (width > height !== shape > 1) for (const box of boxes) [box.x, box.y] = [box.y, box.x];
  if (boxes.length === 2) layFlat(boxes);
  if (boxes.length >= SPREAD.from) spread(boxes, shape);
  for (let round = 0; round < MOST_ROUNDS && pushApart(boxes); round += 1) yield;
}

/** New points begin beside a neighbour that is placed, else on a spiral. */
function start(boxes, links) {
  for (const [from, to] of [...links, ...links]) {
    for (const [own, other] of [[from, to], [to, from]]) {
      if (boxes[own].x !== undefined || boxes[other].x === undefined) continue;
      boxes[own].x = boxes[other].x + SPRING * Math.cos(own * TURN);
      boxes[own].y = boxes[other].y + SPRING * Math.sin(own * TURN);
    }
  }
  boxes.forEach((box, index) => {
    box.x ??= 40 * Math.sqrt(index + 1) * Math.cos(index * TURN);
    box.y ??= 40 * Math.sqrt(index + 1) * Math.sin(index * TURN);
  });
  const middle = (axis) => boxes.reduce((sum, box) => sum + box[axis], 0) / boxes.length;
  const [x, y] = [middle("x"), middle("y")];
  for (const box of boxes) {
    box.x -= x;
    box.y -= y;
  }
}

/** Two entities stand beside each other, so that the relation's name fits between them. */
function layFlat([first, second]) {
  const apart = Math.max(Math.hypot(first.x - second.x, first.y - second.y), (first.width + second.width) / 2 + 40);
  [first.x, first.y, second.x, second.y] = [-apart / 2, 0, apart / 2, 0];
}

/** Stretch a part to the shape of the panel, so that its middle is not crowded while its rim is bare. */
function spread(boxes, shape) {
  const room = boxes.reduce((sum, { width, height }) => sum + (width + GAP.x) * (height + GAP.y), 0) * SPREAD.room;
  const extent = { x: Math.sqrt(room * shape), y: Math.sqrt(room / shape) };
  for (const axis of ["x", "y"]) {
    const order = boxes.toSorted((a, b) => a[axis] - b[axis]);
    const [low, high] = [order[0][axis], order.at(-1)[axis]];
    order.forEach((box, rank) => {
      const even = rank / (order.length - 1);
      const found = (box[axis] - low) / (high - low || 1);
      box[axis] = extent[axis] * (SPREAD.even * even + (1 - SPREAD.even) * found);
    });
  }
}

function pushApart(boxes) {
  const order = boxes.toSorted((a, b) => a.x - a.width / 2 - (b.x - b.width / 2));
  let moved = false;
  order.forEach((box, number) => {
    const reach = box.x + box.width / 2 + GAP.x;
    for (let later = number + 1; later < order.length; later += 1) {
      const other = order[later];
      if (other.x - other.width / 2 >= reach) break;
      const x = (box.width + other.width) / 2 + GAP.x - Math.abs(box.x - other.x);
      const y = (box.height + other.height) / 2 + GAP.y - Math.abs(box.y - other.y);
      if (x <= 0.5 || y <= 0.5) continue;
      const [axis, missing] = x < y ? ["x", x] : ["y", y];
      const half = ((box[axis] >= other[axis] ? 1 : -1) * missing) / 2;
      box[axis] += half;
      other[axis] -= half;
      moved = true;
    }
  });
  return moved;
}

function areaOf(boxes) {
  const [left, top] = [Infinity, Infinity];
  const area = { left, top, right: -Infinity, bottom: -Infinity };
  for (const { x, y, width, height } of boxes) {
    area.left = Math.min(area.left, x - width / 2);
    area.right = Math.max(area.right, x + width / 2);
    area.top = Math.min(area.top, y - height / 2);
    area.bottom = Math.max(area.bottom, y + height / 2);
  }
  return { ...area, width: area.right - area.left, height: area.bottom - area.top };
}

/** Put rectangles beside each other, in the width that lets all of them be largest in the panel. */
function pack(areas, shape) {
  const room = areas.map((area, number) => ({
    number,
    width: area.width + BETWEEN_PARTS,
    height: area.height + BETWEEN_PARTS,
  }));
  room.sort((a, b) => b.height - a.height);
  const total = room.reduce((sum, { width, height }) => sum + width * height, 0);
  const widest = Math.max(...room.map((one) => one.width));
  const tried = WIDTHS.map((factor) => packInto(room, Math.max(Math.sqrt(total * shape) * factor, widest)));
  const extent = ({ width, height }) => Math.max(width / shape, height);
  const best = tried.reduce((one, other) => (extent(other) < extent(one) ? other : one));
  room.forEach(({ number }, index) => Object.assign(areas[number], best.places[index]));
}

/** Each where the least room is that takes it. */
function packInto(room, most) {
  const free = [{ x: 0, y: 0, width: most, height: Infinity }];
  let [width, height] = [0, 0];
  const places = room.map((one) => {
    const at = free.findLastIndex((gap) => gap.width >= one.width && gap.height >= one.height);
    const gap = free[at];
    const beside = { x: gap.x + one.width, y: gap.y, width: gap.width - one.width, height: one.height };
    const below = { x: gap.x, y: gap.y + one.height, width: gap.width, height: gap.height - one.height };
    free.splice(at, 1, ...[below, beside].filter((rest) => rest.width > 0 && rest.height > 0));
    width = Math.max(width, gap.x + one.width);
    height = Math.max(height, gap.y + one.height);
    return { toX: gap.x, toY: gap.y };
  });
  return { places, width, height };
}
