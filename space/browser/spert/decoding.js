// Decoding of scores to entities and relations, and overlap policies, as `spert_hf/model/decoding.py` does.

import { best, groupByRow } from "./candidates.js";
import { forbiddenRelations } from "./signatures.js";

/** The probabilities of *none* and of each entity type. */
export function entityScores(logits, temperature) {
  const tempered = Array.from(logits, (logit) => logit / temperature);
  const highest = Math.max(...tempered);
  const powers = tempered.map((logit) => Math.exp(logit - highest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => Math.fround(power / sum));
}

function relationScore(logit, temperature) {
  const tempered = logit / temperature;
  const power = Math.exp(-Math.abs(tempered));
  return Math.fround((tempered < 0 ? power : 1) / (1 + power));
}

/**
 * Decode the scores of a batch.
 *
 * @param {{entities: object[], pairs: Int32Array, logits: Float32Array | null}} scores entities of `predictedEntities`,
 *   pairs of them, and the logits of these; `null` without relation types.
 * @param {object} settings the model's.
 * @param {number} rows of the batch.
 * @param {number} threshold the minimum score of a relation.
 * @param {object} limits of the tables.
 * @param {(note: string) => void} note
 * @returns {{entities: object[], relations: object[]}[]} for each row, entities with offsets in words, and relations.
 */
export function decode({ entities, pairs, logits }, settings, rows, threshold, limits, note) {
  const found = Array.from({ length: rows }, () => ({ entities: [], relations: [] }));
  const places = entities.map(({ row, start, end, type, logits: own }) => {
    const score = entityScores(own, settings.entity_temperature)[type];
    return found[row].entities.push({ start, end, type: settings.entity_types[type - 1], score }) - 1;
  });
  if (!logits) return found;
  const relations = findRelations(entities, pairs, logits, settings, Math.fround(threshold));
  for (const group of groupByRow(relations)) {
    if (group.length > limits.most_relations) {
      note(
        `more than ${limits.most_relations} relations were predicted in one sentence: only the surest are given, ` +
          "the others are left out",
      );
    }
    for (const index of best(group, (one) => relations[one].logit, limits.most_relations)) {
      const { row, head, tail, type, score } = relations[index];
      const name = settings.relation_types[type];
      found[row].relations.push({ head: places[head], tail: places[tail], type: name, score });
    }
  }
  return found;
}

function findRelations(entities, pairs, logits, settings, threshold) {
  const types = settings.relation_types;
  const symmetric = types.map((name) => settings.symmetric_relation_types.includes(name));
  const forbidden = forbiddenRelations(settings);
  const seen = new Set();
  const relations = [];
  for (let pair = 0; pair < pairs.length / 2; pair += 1) {
    const [head, tail] = [pairs[2 * pair], pairs[2 * pair + 1]];
    for (let type = 0; type < types.length; type += 1) {
      const logit = logits[pair * types.length + type];
      const score = relationScore(logit, settings.relation_temperature);
      if (score < threshold || forbidden?.(entities[head].type, entities[tail].type, type)) continue;
      const relation = { row: entities[head].row, head, tail, type, logit, score };
      if (symmetric[type]) {
        // The earlier span is the head, and what is found first is kept.
        if (entities[tail].start < entities[head].start) [relation.head, relation.tail] = [tail, head];
        const key = (relation.head * entities.length + relation.tail) * types.length + type;
        if (seen.has(key)) continue;
        seen.add(key);
      }
      relations.push(relation);
    }
  }
  return relations;
}

/** The indices of the entities that a policy keeps: "keep", "drop" or "best". */
export function keptByPolicy(entities, policy) {
  if (policy === "keep") return entities.map((_, index) => index);
  return policy === "drop" ? withoutOverlaps(entities) : bestOfOverlaps(entities);
}

function withoutOverlaps(entities) {
  const order = entities.map((_, index) => index).sort((a, b) => entities[a].start - entities[b].start);
  let reached = 0;
  return order.filter((index, place) => {
    const { start, end } = entities[index];
    const next = order[place + 1];
    const free = start >= reached && (next === undefined || entities[next].start >= end);
    reached = Math.max(reached, end);
    return free;
  });
}

function bestOfOverlaps(entities) {
  const taken = new Set();
  const order = entities.map((_, index) => index).sort((a, b) => entities[b].score - entities[a].score);
  return order.filter((index) => {
    const { start, end } = entities[index];
    for (let word = start; word < end; word += 1) if (taken.has(word)) return false;
    for (let word = start; word < end; word += 1) taken.add(word);
    return true;
  });
}

/** Keep entities, in the given order, and the relations between them. */
export function selectEntities({ entities, relations }, indices) {
  const place = new Map(indices.map((index, number) => [index, number]));
  return {
    entities: indices.map((index) => entities[index]),
    relations: relations
      .filter(({ head, tail }) => place.has(head) && place.has(tail))
      .map((relation) => ({ ...relation, head: place.get(relation.head), tail: place.get(relation.tail) })),
  };
}

/** Apply an overlap policy to a prediction. */
export function resolveOverlaps(prediction, policy) {
  return selectEntities(prediction, keptByPolicy(prediction.entities, policy).sort((a, b) => a - b));
}

/** Entities by (start, end), and relations by (head, tail, type). */
export function inTextOrder(prediction) {
  const { entities } = prediction;
  const order = entities.map((_, index) => index);
  order.sort((a, b) => entities[a].start - entities[b].start || entities[a].end - entities[b].end);
  const ordered = selectEntities(prediction, order);
  ordered.relations.sort((a, b) => a.head - b.head || a.tail - b.tail || compareTexts(a.type, b.type));
  return ordered;
}

/** As Python compares texts: by code points. */
function compareTexts(a, b) {
  const [first, second] = [[...a], [...b]];
  for (let place = 0; place < Math.min(first.length, second.length); place += 1) {
    const difference = first[place].codePointAt(0) - second[place].codePointAt(0);
    if (difference) return difference;
  }
  return first.length - second.length;
}
