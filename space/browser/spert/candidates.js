// Predicted entities, and the pairs of them that are scored, as `spert_hf/onnx/candidates.py` finds them.

import { entityScores } from "./decoding.js";
import { forbiddenRelations } from "./signatures.js";

/**
 * The spans whose best type is not *none*, sorted by row, size and start.
 *
 * @param {{data: Float32Array, dims: number[]}} logits of all spans, *(batch, sizes, words, 1 + entity types)*.
 * @returns {{row: number, start: number, end: number, type: number, logits: Float32Array}[]}
 */
export function predictedEntities({ data, dims }) {
  const [rows, sizes, words, types] = dims;
  const found = [];
  let place = 0;
  for (let row = 0; row < rows; row += 1) {
    for (let size = 0; size < sizes; size += 1) {
      for (let start = 0; start < words; start += 1, place += types) {
        let type = 0;
        for (let other = 1; other < types; other += 1) if (data[place + other] > data[place + type]) type = other;
        if (type) found.push({ row, start, end: start + size + 1, type, logits: data.subarray(place, place + types) });
      }
    }
  }
  return found;
}

/**
 * All ordered pairs of two entities of a sentence, or of the surest if it has too many.
 *
 * @param {object[]} entities of `predictedEntities`.
 * @param {object} limits of the tables.
 * @param {(note: string) => void} note
 * @returns {Int32Array} head and tail of each pair in turn, sorted by (head, tail).
 */
export function pairsToScore(entities, limits, note) {
  const most = limits.most_paired_entities;
  const groups = [...groupByRow(entities)].map((group) => {
    if (group.length <= most) return group;
    note(`more than ${most} entities were predicted in one sentence: relations are looked for only between the surest`);
    return best(group, (index) => entityScores(entities[index].logits, 1)[entities[index].type], most);
  });
  const count = groups.reduce((sum, { length }) => sum + length * (length - 1), 0);
  const pairs = new Int32Array(2 * count);
  let place = 0;
  for (const group of groups) {
    for (const head of group) {
      for (const tail of group) {
        if (head === tail) continue;
        pairs[place] = head;
        pairs[place + 1] = tail;
        place += 2;
      }
    }
  }
  return pairs;
}

/**
 * All pairs or, if they have too many scores to be held, the best pairs of each sentence.
 *
 * @param {object} settings the model's.
 * @param {object[]} entities
 * @param {Int32Array} pairs
 * @param {object} limits of the tables.
 * @param {(pairs: Int32Array) => Promise<Float32Array>} score gives the logits of pairs.
 * @returns {Promise<Int32Array>}
 */
export async function likeliestPairs(settings, entities, pairs, limits, score) {
  const types = settings.relation_types.length;
  const atOnce = Math.max(1, Math.floor(limits.pair_scores_at_once / Math.max(1, types)));
  if (pairs.length / 2 <= atOnce) return pairs;
  const forbidden = forbiddenRelations(settings);
  const bestOfEach = new Float32Array(pairs.length / 2);
  for (let first = 0; first < bestOfEach.length; first += atOnce) {
    const chunk = pairs.subarray(2 * first, 2 * (first + atOnce));
    const logits = await score(chunk);
    for (let pair = 0; pair < chunk.length / 2; pair += 1) {
      const [head, tail] = [entities[chunk[2 * pair]].type, entities[chunk[2 * pair + 1]].type];
      let highest = -Infinity;
      for (let type = 0; type < types; type += 1) {
        if (!forbidden?.(head, tail, type)) highest = Math.max(highest, logits[pair * types + type]);
      }
      bestOfEach[first + pair] = highest;
    }
  }
  const rows = Array.from(bestOfEach, (_, pair) => ({ row: entities[pairs[2 * pair]].row }));
  const kept = [...groupByRow(rows)].flatMap((group) =>
    best(group, (pair) => bestOfEach[pair], 2 * limits.most_relations),
  );
  return Int32Array.from(kept.flatMap((pair) => [pairs[2 * pair], pairs[2 * pair + 1]]));
}

/** Indices of the items of each row, which are sorted by row. */
export function* groupByRow(items) {
  let group = [];
  for (let index = 0; index < items.length; index += 1) {
    if (group.length && items[index].row !== items[group[0]].row) {
      yield group;
      group = [];
    }
    group.push(index);
  }
  if (group.length) yield group;
}

/** The indices with the highest scores, in their order; of equal scores, the earlier ones. */
export function best(indices, scoreOf, most) {
  if (indices.length <= most) return indices;
  const scores = new Map(indices.map((index) => [index, scoreOf(index)]));
  const order = indices.toSorted((a, b) => scores.get(b) - scores.get(a));
  return order.slice(0, most).sort((a, b) => a - b);
}
