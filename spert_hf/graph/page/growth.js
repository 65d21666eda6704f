// The order in which relations are drawn: the graph grows from one entity, best-supported relations first.

import { otherEnd } from "./network_data.js";

/**
 * Order relations so that any number of the first ones is a graph worth looking at: connected as far as it goes.
 *
 * It grows from an entity, always by the relation with the most support, and among equals by the one that leads to the
 * better-connected entity; a relation between two entities that are there comes at once. What is not connected follows.
 *
 * @param {import("./network_data.js").Relation[]} relations
 * @param {import("./network_data.js").Entity | null} start by default the entity with the most support.
 * @returns {import("./network_data.js").Relation[]}
 */
export function growthOrder(relations, start = null) {
  const around = new Map();
  for (const relation of relations) {
    for (const end of new Set([relation.head, relation.tail])) {
      if (!around.has(end)) around.set(end, []);
      around.get(end).push(relation);
    }
  }
  const strength = new Map();
  for (const [entity, own] of around) strength.set(entity, own.reduce((sum, { documents }) => sum + documents, 0));
  const starts = [...around.keys()].sort((a, b) => strength.get(b) - strength.get(a));
  if (around.has(start)) starts.unshift(start);
  const growth = new Growth(around, strength);
  for (const entity of starts) growth.from(entity);
  return growth.order;
}

class Growth {
  constructor(around, strength) {
    this.around = around;
    this.strength = strength;
    this.reached = new Set();
    this.taken = new Set();
    this.order = [];
  }

  from(entity) {
    if (this.reached.has(entity)) return;
    const frontier = new Heap((a, b) => b.relation.documents - a.relation.documents || b.strength - a.strength || a.number - b.number);
    this.reach(entity, frontier);
    for (let next = frontier.pop(); next; next = frontier.pop()) {
      if (!this.reached.has(next.to)) this.reach(next.to, frontier, next.relation);
    }
  }

  reach(entity, frontier, by = null) {
    this.reached.add(entity);
    if (by) this.take(by);
    for (const relation of this.around.get(entity)) {
      const to = otherEnd(relation, entity);
      if (this.reached.has(to)) this.take(relation);
      else frontier.push({ relation, to, strength: this.strength.get(to), number: frontier.pushed });
    }
  }

  take(relation) {
    if (this.taken.has(relation)) return;
    this.taken.add(relation);
    this.order.push(relation);
  }
}

class Heap {
  constructor(compare) {
    this.compare = compare;
    this.items = [];
    this.pushed = 0;
  }

  push(item) {
    const { items } = this;
    this.pushed += 1;
    let place = items.push(item) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (this.compare(items[parent], items[place]) <= 0) return;
      [items[parent], items[place]] = [items[place], items[parent]];
      place = parent;
    }
  }

  pop() {
    const { items } = this;
    const [first] = items;
    const last = items.pop();
    if (!items.length) return first;
    items[0] = last;
    for (let place = 0; ; ) {
      let least = place;
      for (const child of [2 * place + 1, 2 * place + 2]) {
        if (child < items.length && this.compare(items[child], items[least]) < 0) least = child;
      }
      if (least === place) return first;
      [items[least], items[place]] = [items[place], items[least]];
      place = least;
    }
  }
}
