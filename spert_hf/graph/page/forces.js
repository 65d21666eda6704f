// Forces that lay out a connected graph: relations pull, entities push each other away (Barnes and Hut's approximation).

const TICKS = 300;
const FEWER_TICKS = { from: 1000, ticks: 140 }; // of many points
const COLD = 0.001;
const FRICTION = 0.6;
const PUSH = 420;
const GRAVITY = 0.06;
const WIDE = 0.81; // (size of a cell / distance)², below which the cell counts as one point

/**
 * Move points until the forces are at rest.
 *
 * @param {{x: number, y: number}[]} points changed in place.
 * @param {{from: number, to: number, length: number}[]} springs between points, by their numbers.
 * @param {number} heat how far they may move at first, of 1.
 * @yields after each tick, so that whoever asks may pause.
 */
export function* relax(points, springs, heat = 1) {
  const count = points.length;
  const x = Float64Array.from(points, (point) => point.x);
  const y = Float64Array.from(points, (point) => point.y);
  const speedX = new Float64Array(count);
  const speedY = new Float64Array(count);
  const degree = new Float64Array(count);
  for (const { from, to } of springs) {
    degree[from] += 1;
    degree[to] += 1;
  }
  const tree = new QuadTree(count);
  const kept = COLD ** (1 / (count < FEWER_TICKS.from ? TICKS : FEWER_TICKS.ticks));
  for (let alpha = heat; alpha > COLD; alpha *= kept) {
    pull(springs, degree, { x, y, speedX, speedY }, alpha);
    tree.build(x, y);
    for (let i = 0; i < count; i += 1) {
      tree.push(i, x, y, alpha * PUSH, speedX, speedY);
      speedX[i] = (speedX[i] - x[i] * GRAVITY * alpha) * FRICTION;
      speedY[i] = (speedY[i] - y[i] * GRAVITY * alpha) * FRICTION;
    }
    for (let i = 0; i < count; i += 1) {
      x[i] += speedX[i];
      y[i] += speedY[i];
    }
    yield;
  }
  points.forEach((point, i) => Object.assign(point, { x: x[i], y: y[i] }));
}

function pull(springs, degree, { x, y, speedX, speedY }, alpha) {
  for (const { from, to, length } of springs) {
    const acrossX = x[to] + speedX[to] - x[from] - speedX[from] || 1e-3;
    const acrossY = y[to] + speedY[to] - y[from] - speedY[from] || 1e-3;
    const distance = Math.hypot(acrossX, acrossY);
    const strength = ((distance - length) / distance) * (alpha / Math.min(degree[from], degree[to]));
    const share = degree[from] / (degree[from] + degree[to]); // what has many relations moves less
    speedX[to] -= acrossX * strength * share;
    speedY[to] -= acrossY * strength * share;
    speedX[from] += acrossX * strength * (1 - share);
    speedY[from] += acrossY * strength * (1 - share);
  }
}

/** Cells of points, each divided into four, with their number and centre. A leaf holds one point. */
class QuadTree {
  constructor(count) {
    const cells = 16 * count + 64;
    this.children = new Int32Array(4 * cells); // 0: none; below 0: the point -1 - child; else a cell
    this.mass = new Float64Array(cells);
    this.sumX = new Float64Array(cells);
    this.sumY = new Float64Array(cells);
    this.most = cells - 1;
    this.stack = new Int32Array(256);
    this.sizes = new Float64Array(256);
  }

  build(x, y) {
    const low = Math.min(x.reduce((a, b) => Math.min(a, b)), y.reduce((a, b) => Math.min(a, b)));
    const high = Math.max(x.reduce((a, b) => Math.max(a, b)), y.reduce((a, b) => Math.max(a, b)));
    this.size = high - low + 1;
    this.low = low;
    this.used = 1;
    this.clear(0);
    for (let i = 0; i < x.length; i += 1) this.insert(i, x, y);
  }

  clear(cell) {
    this.children.fill(0, 4 * cell, 4 * cell + 4);
    this.mass[cell] = 0;
    this.sumX[cell] = 0;
    this.sumY[cell] = 0;
  }

  insert(point, x, y) {
    let cell = 0;
    let [left, top, half] = [this.low, this.low, this.size / 2];
    for (;;) {
      this.add(cell, x[point], y[point]);
      const right = x[point] >= left + half ? 1 : 0;
      const below = y[point] >= top + half ? 1 : 0;
      const slot = 4 * cell + right + 2 * below;
      left += right * half;
      top += below * half;
      half /= 2;
      const child = this.children[slot];
      if (child === 0) {
        this.children[slot] = -1 - point;
        return;
      }
      if (child > 0) {
        cell = child;
        continue;
      }
      if (this.used > this.most || half < 1e-3) return; // two in one place: the cell has both
      const other = -1 - child;
      cell = this.used;
      this.used += 1;
      this.clear(cell);
      this.children[slot] = cell;
      this.add(cell, x[other], y[other]);
      const otherRight = x[other] >= left + half ? 1 : 0;
      const otherBelow = y[other] >= top + half ? 1 : 0;
      this.children[4 * cell + otherRight + 2 * otherBelow] = -1 - other;
    }
  }

  add(cell, x, y) {
    this.mass[cell] += 1;
    this.sumX[cell] += x;
    this.sumY[cell] += y;
  }

  /** Add to a point's speed what pushes it away from all others. */
  push(point, x, y, strength, speedX, speedY) {
    const { stack, sizes, children } = this;
    let depth = 1;
    stack[0] = 0;
    sizes[0] = this.size;
    while (depth > 0) {
      depth -= 1;
      const cell = stack[depth];
      const size = sizes[depth];
      const acrossX = this.sumX[cell] / this.mass[cell] - x[point];
      const acrossY = this.sumY[cell] / this.mass[cell] - y[point];
      const square = acrossX * acrossX + acrossY * acrossY;
      if (size * size < WIDE * square) {
        const force = (strength * this.mass[cell]) / square;
        speedX[point] -= acrossX * force;
        speedY[point] -= acrossY * force;
        continue;
      }
      for (let slot = 4 * cell; slot < 4 * cell + 4; slot += 1) {
        const child = children[slot];
        if (child > 0) {
          stack[depth] = child;
          sizes[depth] = size / 2;
          depth += 1;
        } else if (child < 0 && -1 - child !== point) {
          const other = -1 - child;
          const toX = x[other] - x[point] || 1e-3 * (point - other);
          const toY = y[other] - y[point] || 1e-3;
          const force = strength / Math.max(toX * toX + toY * toY, 100);
          speedX[point] -= toX * force;
          speedY[point] -= toY * force;
        }
      }
    }
  }
}
